"""Which choices the ranker learns from, and what was known when each was made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recommender.embeddings.histories import Interactions


class SlicesConfig(BaseModel):
    """Where the ranker's choices are taken from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n_folds: int = Field(
        3, ge=2, description="parts of the learners, each asked of views fitted on the others"
    )
    cuts: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.5, 0.6, 0.7, 0.8, 0.9), description="moments, each asked of views fitted on what came before it"
    )
    held_out_fraction: float = Field(
        0.2, gt=0, lt=1, description="learners of the folds whose choices decide when boosting stops"
    )
    hidden_share: float = Field(
        0.15, ge=0, lt=1, description="modules that a fold hides from its views, to learn of new ones"
    )
    max_choices: int = Field(20000, ge=1, description="choices asked for at most, drawn at random")
    max_per_learner: int = Field(
        10, ge=1, description="choices of one learner in a fold at most, the last ones"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Choices that views fitted on `known` are asked for.

    Parameters
    ----------
    source : Interactions
        Holds the choices and what came before them.
    known : Interactions
        What may be learned from: of other learners than those asked (folds), or earlier than all that is
        asked (slices of time).
    learner, n_known : int64 arrays, shape (n_choices,)
        Who chose, and how many of their first starts were known.
    module : int32 array, shape (n_choices,)
        What they started.
    held_out : bool array, shape (n_choices,)
        Whether trees do not learn from a choice, which decides when they have learned enough.
    offered : bool array, shape (n_modules,)
        What they could choose from.
    asked_at : float
        As in `History`: the moment of a slice of time, NaN in a fold.
    """

    source: Interactions
    known: Interactions
    learner: NDArray[np.int64]
    n_known: NDArray[np.int64]
    module: NDArray[np.int32]
    held_out: NDArray[np.bool_]
    offered: NDArray[np.bool_]
    asked_at: float = math.nan


def ranking_slices(
    interactions: Interactions, tellable: NDArray[np.int64], config: SlicesConfig, rng: np.random.Generator
) -> Iterator[Slice]:
    """Slice data into choices of learners the views do not know, and choices later than what they know.

    Learner folds ask for every kind of history at the full size of the data, and for new modules: each hides
    some from its views. Slices of time ask for what a model in use is asked for: learners that came later,
    popularity that has moved. Each kind gives half of the choices; without a clock there are folds only, and
    these then ask for first modules too. Held out are the choices of some learners, and all choices after the
    last moment.

    What is known of new modules is learned from those that were hidden, beside which folds also offer the
    modules that nobody starts at all: which of the two a module is like can be told from the catalogue. A
    slice of time offers what was started before its moment, for others may not have been there yet.

    Parameters
    ----------
    interactions : Interactions
    tellable : int64 array
        Positions of the modules that the catalogue tells enough of to be ranked when new, in the order of
        their ids; nothing else is hidden.
    config : SlicesConfig
    rng : numpy Generator
    """
    interactions = _shuffled_ties(interactions, rng)
    timed = _has_clock(interactions)
    share = config.max_choices // 2 if timed else config.max_choices
    held_out = (rng.random(interactions.n_learners) < config.held_out_fraction)[interactions.learners()]
    moments = _moments(interactions.at, config.cuts) if timed else np.empty(0)
    if timed:
        held_out |= interactions.at >= moments[-1]
    yield from _folds(interactions, tellable, held_out, config, share, rng, least_known=1 if timed else 0)
    yield from _times(interactions, moments, held_out, share, rng)


def _has_clock(rows: Interactions) -> bool:
    return bool(len(rows.at)) and bool(np.isfinite(rows.at).all()) and bool(rows.at.min() < rows.at.max())


def _folds(
    rows: Interactions,
    tellable: NDArray[np.int64],
    held_out: NDArray[np.bool_],
    config: SlicesConfig,
    n: int,
    rng: np.random.Generator,
    least_known: int,
) -> Iterator[Slice]:
    fold = rng.permutation(rows.n_learners) % config.n_folds
    learner, position = rows.learners().astype(np.int64), rows.positions()
    from_end = np.repeat(np.diff(rows.start), np.diff(rows.start)) - position
    asked = (position >= least_known) & (from_end <= config.max_per_learner)
    for k in range(config.n_folds):
        of_fold = fold[learner] == k
        offered = _started(rows.keep(~of_fold)) | ~_started(rows)
        drawn = _draw(np.flatnonzero(asked & of_fold & offered[rows.modules]), n // config.n_folds, rng)
        hidden = tellable[rng.random(len(tellable)) < config.hidden_share]
        if len(drawn) and not of_fold.all():
            yield Slice(
                rows,
                rows.keep(~of_fold & ~np.isin(rows.modules, hidden)),
                learner[drawn],
                position[drawn],
                rows.modules[drawn],
                held_out[drawn],
                offered,
            )


def _times(
    rows: Interactions,
    moments: NDArray[np.float64],
    held_out: NDArray[np.bool_],
    n: int,
    rng: np.random.Generator,
) -> Iterator[Slice]:
    learner, n_earlier = rows.learners().astype(np.int64), _n_earlier(rows)
    for moment in moments:
        before = rows.at < moment
        known = rows.keep(before)
        offered = _started(known)
        after = ~before & offered[rows.modules]
        if moment < moments[-1]:
            after &= ~held_out
        is_next = n_earlier == np.diff(known.start)[learner]
        share = n // len(moments)
        nexts = _draw(np.flatnonzero(after & is_next), share // 2, rng)
        later = _draw(np.flatnonzero(after & ~is_next), share - len(nexts), rng)
        drawn = np.sort(np.concatenate([nexts, later]))
        if len(drawn):
            yield Slice(
                rows,
                known,
                learner[drawn],
                n_earlier[drawn],
                rows.modules[drawn],
                held_out[drawn],
                offered,
                moment,
            )


def _moments(at: NDArray[np.float64], cuts: Sequence[float]) -> NDArray[np.float64]:
    """Moments of the cuts, ascending; of those with the same starts before them only one."""
    moments: NDArray[np.float64] = at.min() + np.unique(cuts) * (at.max() - at.min())
    _, kept = np.unique(np.searchsorted(np.sort(at), moments), return_index=True)
    return moments[kept]


def _started(rows: Interactions) -> NDArray[np.bool_]:
    return np.bincount(rows.modules, minlength=rows.n_modules) > 0


def _n_earlier(rows: Interactions) -> NDArray[np.int64]:
    """How many first starts of its learner are earlier than each row: of equal times none is."""
    place = np.arange(len(rows.modules))
    earliest = np.maximum.accumulate(np.where(rows.at_new_time(), place, 0))
    return rows.positions() - (place - earliest)


def _shuffled_ties(rows: Interactions, rng: np.random.Generator) -> Interactions:
    """Deal starts of equal time out anew: their order tells nothing that holds for others."""
    order = np.lexsort((rng.random(len(rows.modules)), np.cumsum(rows.at_new_time())))
    return replace(rows, modules=rows.modules[order])


def _draw(rows: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= n else np.sort(rng.choice(rows, n, replace=False))

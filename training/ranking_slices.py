"""Which choices the ranker learns from, and what was known when each was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
    max_choices: int = Field(20000, ge=1, description="choices learned from at most, drawn at random")
    max_per_learner: int = Field(
        10, ge=1, description="choices of one learner in a fold at most, the last ones"
    )


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Choices that views fitted on `known` are asked for.

    Parameters
    ----------
    known : Interactions
        What may be learned from: nothing of it is later than, or of the same learner as, what is asked.
    learner, n_known : int64 arrays, shape (n_choices,)
        Who chose, and how many of their first starts came before; the start after those is the choice.
    """

    known: Interactions
    learner: NDArray[np.int64]
    n_known: NDArray[np.int64]


def ranking_slices(
    interactions: Interactions, config: SlicesConfig, rng: np.random.Generator
) -> Iterator[Slice]:
    """Slice data into choices of learners the views do not know, and choices later than what they know.

    Learner folds ask for every kind of history at the full size of the data. Slices of time ask for what a
    model in use is asked for: learners and modules that came later, popularity that has moved. Each kind
    gives half of the choices; without a clock there are folds only, and these then ask for first modules too.
    """
    timed = _has_clock(interactions)
    share = config.max_choices // 2 if timed else config.max_choices
    yield from _folds(interactions, config, share, rng, least_known=1 if timed else 0)
    if timed:
        yield from _times(interactions, config, share, rng)


def _has_clock(rows: Interactions) -> bool:
    return bool(len(rows.at)) and bool(np.isfinite(rows.at).all()) and bool(rows.at.min() < rows.at.max())


def _position(rows: Interactions) -> NDArray[np.int64]:
    """How many first starts of its learner come before each row."""
    return np.arange(len(rows.modules)) - np.repeat(rows.start[:-1], np.diff(rows.start))


def _folds(
    rows: Interactions, config: SlicesConfig, n: int, rng: np.random.Generator, least_known: int
) -> Iterator[Slice]:
    fold = rng.permutation(rows.n_learners) % config.n_folds
    learner, position = rows.learners().astype(np.int64), _position(rows)
    from_end = np.repeat(np.diff(rows.start), np.diff(rows.start)) - position
    asked = (position >= least_known) & (from_end <= config.max_per_learner)
    for k in range(config.n_folds):
        of_fold = fold[learner] == k
        drawn = _draw(np.flatnonzero(asked & of_fold), n // config.n_folds, rng)
        if len(drawn) and not of_fold.all():
            yield Slice(rows.keep(~of_fold), learner[drawn], position[drawn])


def _times(rows: Interactions, config: SlicesConfig, n: int, rng: np.random.Generator) -> Iterator[Slice]:
    learner, position = rows.learners().astype(np.int64), _position(rows)
    first, last = float(rows.at.min()), float(rows.at.max())
    for cut in config.cuts:
        before = rows.at < first + cut * (last - first)
        n_before = np.bincount(learner[before], minlength=rows.n_learners)
        is_next = ~before & (position == n_before[learner])
        share = n // len(config.cuts)
        nexts = _draw(np.flatnonzero(is_next), share // 2, rng)
        later = _draw(np.flatnonzero(~before & ~is_next), share - len(nexts), rng)
        drawn = np.sort(np.concatenate([nexts, later]))
        if before.any() and len(drawn):
            yield Slice(rows.keep(before), learner[drawn], position[drawn])


def _draw(rows: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= n else np.sort(rng.choice(rows, n, replace=False))

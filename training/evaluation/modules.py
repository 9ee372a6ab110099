"""Module models side by side: where each puts the module that the learner really started next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.view import History, Interactions
from recommender.errors import InputError
from training.evaluation.metrics import TOP_K, Floats, Ints, rank_of_target, top_modules
from training.evaluation.module_report import ModuleReport, Outcomes, unavailable_report, write_report
from training.evaluation.splits import Split, Unavailable, leave_last_out, temporal

Scorer: TypeAlias = Callable[[History], NDArray[np.floating]]
"""Scores (n_modules,) for one history; larger is better, NaN is no opinion."""
Fit: TypeAlias = Callable[[Interactions], Mapping[str, Scorer]]
"""Fits every model on the same training data."""

PROTOCOLS: Final = ("leave-last-out", "temporal")
CUTS: Final = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class TimedScorer:
    """A scorer that knows how long it took to fit.

    Parameters
    ----------
    score : Scorer
    fit_seconds : float
    """

    score: Scorer
    fit_seconds: float

    def __call__(self, history: History) -> NDArray[np.floating]:
        """Score every module for one history."""
        return self.score(history)


def evaluate_modules(
    fit: Fit,
    interactions: Interactions,
    *,
    protocol: str,
    cuts: Sequence[float] = CUTS,
    seed: int,
    max_learners: int | None = None,
    known: Mapping[str, Ints] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> ModuleReport:
    """Rank the whole catalogue for every target, without the modules that the learner has already started.

    Parameters
    ----------
    fit : callable
        Called once a split with what may be learned from; returns a scorer a model. Return `TimedScorer`
        where the time to fit is to be reported.
    interactions : Interactions
        First starts of all learners.
    protocol : {"leave-last-out", "temporal"}
        See `training.evaluation.splits`.
    cuts : sequence of float
        Fractions of the time span, for ``temporal``; their targets are pooled.
    seed : int
        Orders ties, draws the bootstrap and the learners of `max_learners`.
    max_learners : int, optional
        Test no more than so many learners, drawn at random. All are learned from.
    known : mapping of name to int array, shape (n_interactions,), optional
        Ranks that somebody else gave each row of `interactions`, 1 for the best, to stand beside the models.
        Who gave them showed no list, so there is no coverage and no time of theirs.
    clock : callable
        Seconds, for ``recommend_us_per_learner``.

    Returns
    -------
    ModuleReport
        With ``unavailable`` set and no model when the data does not allow the protocol.

    Raises
    ------
    InputError
        If the protocol is unknown.
    ValueError
        If a scorer returns something else than one number a module, or `fit` other models for one split
        than for another: then they could not be compared. Or known ranks are not one a row.
    """
    splits = _splits(interactions, protocol, cuts)
    if isinstance(splits, Unavailable):
        return unavailable_report(protocol, splits.reason, interactions)
    rng = np.random.default_rng(seed)
    tested = _drawn_learners(splits, max_learners, rng)
    outcomes: dict[str, Outcomes] = {}
    others = {name: Outcomes() for name in known or {}}
    for split in splits:
        _test_split(fit(split.train), split, tested, rng, clock, outcomes)
        for name, ranks in (known or {}).items():
            _add_known(ranks, interactions, split, tested, others[name])
    return write_report(protocol, interactions, outcomes | others, rng)


def _splits(interactions: Interactions, protocol: str, cuts: Sequence[float]) -> list[Split] | Unavailable:
    if protocol not in PROTOCOLS:
        raise InputError(f"protocol {protocol!r} is not known; use one of {', '.join(PROTOCOLS)}")
    if protocol == "leave-last-out":
        return _or_reason([leave_last_out(interactions)])
    return _or_reason(temporal(interactions, cut) for cut in cuts)


def _or_reason(splits: Iterable[Split | Unavailable]) -> list[Split] | Unavailable:
    usable: list[Split] = []
    for split in splits:
        if isinstance(split, Unavailable):
            return split
        usable.append(split)
    return usable


def _drawn_learners(splits: list[Split], max_learners: int | None, rng: np.random.Generator) -> Ints:
    learners = np.unique(np.concatenate([split.learner for split in splits]))
    if max_learners is None or len(learners) <= max_learners:
        return learners
    return np.sort(rng.choice(learners, max_learners, replace=False))


def _test_split(
    scorers: Mapping[str, Scorer],
    split: Split,
    tested: Ints,
    rng: np.random.Generator,
    clock: Callable[[], float],
    outcomes: dict[str, Outcomes],
) -> None:
    """Add where every scorer puts the targets of one split to `outcomes`."""
    if not scorers or (outcomes and outcomes.keys() != scorers.keys()):
        raise ValueError(f"fit must return the same models for every split; got {sorted(scorers)}")
    for name, scorer in scorers.items():
        outcomes.setdefault(name, Outcomes()).add_fit(getattr(scorer, "fit_seconds", None))
    for row in np.flatnonzero(np.isin(split.learner, tested)):
        learner, target = int(split.learner[row]), int(split.module[row])
        history = split.train.history(learner)
        allowed = np.ones(split.train.n_modules, np.bool_)
        allowed[history.modules] = False
        tie_keys = rng.random(split.train.n_modules)
        for name, scorer in scorers.items():
            started = clock()
            scores = _checked(scorer(history), name, split.train.n_modules)
            top = top_modules(scores, allowed, tie_keys, TOP_K)
            seconds = clock() - started
            rank = rank_of_target(scores, allowed, target, tie_keys)
            outcomes[name].add(learner, split.group[row], rank, top, seconds)


def _add_known(
    ranks: Ints, interactions: Interactions, split: Split, tested: Ints, outcome: Outcomes
) -> None:
    """Add the ranks known of the targets of one split, in the order of `_test_split`."""
    if len(ranks) != len(interactions.modules):
        raise ValueError(f"known ranks must be one a row ({len(interactions.modules)}); got {len(ranks)}")
    pairs = interactions.learners().astype(np.int64) * interactions.n_modules + interactions.modules
    in_order = np.argsort(pairs)
    targets = np.searchsorted(pairs, split.learner * interactions.n_modules + split.module, sorter=in_order)
    for row in np.flatnonzero(np.isin(split.learner, tested)):
        outcome.add(int(split.learner[row]), split.group[row], int(ranks[in_order[targets[row]]]))


def _checked(scores: NDArray[np.floating], name: str, n_modules: int) -> Floats:
    values = np.asarray(scores, np.float64)
    if values.shape != (n_modules,):
        raise ValueError(f"model {name!r} must score {n_modules} modules; got shape {values.shape}")
    return values

"""Module models side by side: where each puts the module that the learner really started next."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from recommender.embeddings.histories import History, Interactions
from training.evaluation.eligible import StartRules
from training.evaluation.list_metrics import module_content
from training.evaluation.metrics import Ints
from training.evaluation.module_exam import Exam, Scorer, add_known, lists_of
from training.evaluation.module_outcomes import Outcomes
from training.evaluation.module_report import ModuleReport, unavailable_report, write_report
from training.evaluation.protocols import CUTS, splits_of
from training.evaluation.splits import Split, Unavailable
from training.evaluation.splits_holdout import HeldOut

__all__ = ["Fit", "Scorer", "TimedScorer", "drawn_splits", "evaluate_modules"]

Fit: TypeAlias = Callable[[Interactions], Mapping[str, Scorer]]
"""Fits every model on the same training data."""


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
    held_out: HeldOut | None = None,
    seed: int,
    max_learners: int | None = None,
    known: Mapping[str, Ints] | None = None,
    catalog: Catalog | None = None,
    eligible: bool = False,
    progress: Callable[[str], AbstractContextManager[object]] = nullcontext,
    clock: Callable[[], float] = time.perf_counter,
) -> ModuleReport:
    """Rank the whole catalogue for every target, without what the learner is known to have started.

    Parameters
    ----------
    fit : callable
        Called once a split with what may be learned from; returns a scorer a model. Return `TimedScorer`
        where the time to fit is to be reported.
    interactions : Interactions
        First starts of all learners.
    protocol : str
        One of `training.evaluation.protocols.PROTOCOLS`; the targets of all its splits are pooled.
    cuts : sequence of float
        Fractions of the time span, for ``temporal``.
    held_out : HeldOut, optional
        The published test set, for ``holdout``.
    seed : int
        Of what a protocol draws, the order of ties, the bootstrap and the learners of `max_learners`.
    max_learners : int, optional
        Test no more than so many learners, drawn at random. All are learned from, but for those that a
        protocol hides.
    known : mapping of name to int array, shape (n_interactions,), optional
        Ranks that somebody else gave each row of `interactions`, 1 for the best, to stand beside the models;
        they are taken as they are, whatever the rules. Who gave them showed no list, so there is no coverage
        and no time of theirs.
    catalog : Catalog, optional
        What the modules are of: for the diversity of lists, and for the rules.
    eligible : bool
        Leave out what rules remove as well, see `StartRules`. A target that they remove is a miss of every
        model; ``n`` has their number as ``ineligible_targets``.
    progress : callable
        Given what is done next, entered while it is: each split, at most `most_splits` of them, and one more
        for the metrics.
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
        than for another: then they could not be compared. Known ranks are not one a row, or not of every
        target. `eligible` without a catalogue.
    """
    if eligible and catalog is None:
        raise ValueError("rules of eligibility are those of a catalogue; pass catalog")
    rng = np.random.default_rng(seed)
    splits = drawn_splits(interactions, protocol, cuts=cuts, held_out=held_out, seed=seed)
    if isinstance(splits, Unavailable):
        return unavailable_report(protocol, splits.reason, interactions)
    tested = _drawn_learners(splits, max_learners, rng)
    rules = StartRules.compile(catalog) if catalog is not None and eligible else None
    exam, others = Exam(rules, rng, clock), {name: Outcomes() for name in known or {}}
    for number, split in enumerate(splits, start=1):
        with progress(protocol if len(splits) == 1 else f"{protocol}, {number} of {len(splits)}"):
            lists = lists_of(split, tested)
            exam.ask(fit(split.train), split, lists)
            for name, ranks in (known or {}).items():
                add_known(ranks, interactions, split, lists, others[name])
    more = {name: sum(split.removed[name] for split in splits) for name in splits[0].removed}
    if eligible:
        more["ineligible_targets"] = exam.n_ineligible
    with progress("metrics and bootstrap"):
        content = None if catalog is None else module_content(catalog)
        return write_report(protocol, interactions, exam.outcomes | others, rng, content, more)


def drawn_splits(
    interactions: Interactions,
    protocol: str,
    *,
    cuts: Sequence[float] = CUTS,
    held_out: HeldOut | None = None,
    seed: int,
) -> list[Split] | Unavailable:
    """Return the splits that `evaluate_modules` tests with this seed, see `splits_of`."""
    rng = np.random.default_rng(seed).spawn(1)[0]
    return splits_of(interactions, protocol, cuts=cuts, held_out=held_out, rng=rng)


def _drawn_learners(splits: list[Split], max_learners: int | None, rng: np.random.Generator) -> Ints:
    learners = np.unique(np.concatenate([split.learner for split in splits]))
    if max_learners is None or len(learners) <= max_learners:
        return learners
    return np.sort(rng.choice(learners, max_learners, replace=False))

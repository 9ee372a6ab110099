"""Put every model before the same lists of targets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recommender.embeddings.histories import History, Interactions
from training.evaluation.eligible import StartRules
from training.evaluation.metrics import TOP_K, Floats, Ints, rank_of_target, top_modules
from training.evaluation.module_outcomes import Outcomes
from training.evaluation.splits import Split

Scorer: TypeAlias = Callable[[History], NDArray[np.floating]]
"""Scores (n_modules,) for one history; larger is better, NaN is no opinion."""
MISSED: Final = math.inf
"""Rank of a target that no list can hold."""


def lists_of(split: Split, tested: Ints) -> list[Ints]:
    """Gather the targets that are looked up in the same list: those of one learner with one history.

    Parameters
    ----------
    split : Split
    tested : int array
        Positions of the learners who are tested.

    Returns
    -------
    list of int array
        Positions of targets in `split`, by learner, then by length of history.
    """
    rows = np.flatnonzero(np.isin(split.learner, tested))
    rows = rows[np.lexsort((split.n_known[rows], split.learner[rows]))]
    learner, n_known = split.learner[rows], split.n_known[rows]
    begins = np.flatnonzero((np.diff(learner) != 0) | (np.diff(n_known) != 0)) + 1
    return np.split(rows, begins) if len(rows) else []


@dataclass(slots=True)
class Exam:
    """All models before the same targets.

    Parameters
    ----------
    rules : StartRules, optional
        What may be in a list at all, beside what is not started; None leaves everything in.
    rng : numpy Generator
        Orders ties, alike for all models.
    clock : callable
        Seconds.
    outcomes : dict of name to Outcomes
        What came out so far.
    n_ineligible : int
        Targets so far that rules removed.
    """

    rules: StartRules | None
    rng: np.random.Generator
    clock: Callable[[], float]
    outcomes: dict[str, Outcomes] = field(default_factory=dict)
    n_ineligible: int = 0

    def ask(self, scorers: Mapping[str, Scorer], split: Split, lists: list[Ints]) -> None:
        """Add where every scorer puts the targets of one split.

        Parameters
        ----------
        scorers : mapping of name to Scorer
        split : Split
        lists : list of int array
            From `lists_of`.

        Raises
        ------
        ValueError
            If they are not the models of earlier splits, or one does not return one number a module.
        """
        if not scorers or (self.outcomes and self.outcomes.keys() != scorers.keys()):
            raise ValueError(f"fit must return the same models for every split; got {sorted(scorers)}")
        for name, scorer in scorers.items():
            self.outcomes.setdefault(name, Outcomes()).add_fit(getattr(scorer, "fit_seconds", None))
        for rows in lists:
            self._ask_for_list(scorers, split, rows)

    def _ask_for_list(self, scorers: Mapping[str, Scorer], split: Split, rows: Ints) -> None:
        history = split.history(int(rows[0]))
        allowed = self._allowed(history, split)
        targets = split.module[rows].tolist()
        learner, groups = int(split.learner[rows[0]]), [split.group[row] for row in rows]
        self.n_ineligible += int(np.count_nonzero(~allowed[targets]))
        tie_keys = self.rng.random(len(allowed))
        for name, scorer in scorers.items():
            started = self.clock()
            scores = _checked(scorer(history), name, len(allowed))
            top = top_modules(scores, allowed, tie_keys, TOP_K)
            seconds = self.clock() - started
            ranks = [
                rank_of_target(scores, allowed, target, tie_keys) if allowed[target] else MISSED
                for target in targets
            ]
            self.outcomes[name].add(learner, groups, ranks, top, seconds)

    def _allowed(self, history: History, split: Split) -> NDArray[np.bool_]:
        if self.rules is not None:
            return self.rules.allowed(history, split.moment)
        allowed = np.ones(split.train.n_modules, np.bool_)
        allowed[history.modules] = False
        return allowed


def add_known(
    ranks: Ints, interactions: Interactions, split: Split, lists: list[Ints], outcome: Outcomes
) -> None:
    """Add the ranks known of the targets of one split, in the order of `Exam.ask`."""
    if len(ranks) != len(interactions.modules):
        raise ValueError(f"known ranks must be one a row ({len(interactions.modules)}); got {len(ranks)}")
    pairs = interactions.learners().astype(np.int64) * interactions.n_modules + interactions.modules
    wanted = split.learner * interactions.n_modules + split.module
    if not np.isin(wanted, pairs).all():
        raise ValueError("known ranks are of first starts, but some targets are no start; pass none")
    in_order = np.argsort(pairs)
    found = ranks[in_order[np.searchsorted(pairs, wanted, sorter=in_order)]]
    for rows in lists:
        groups = [split.group[row] for row in rows]
        outcome.add(int(split.learner[rows[0]]), groups, found[rows].tolist())


def _checked(scores: NDArray[np.floating], name: str, n_modules: int) -> Floats:
    values = np.asarray(scores, np.float64)
    if values.shape != (n_modules,):
        raise ValueError(f"model {name!r} must score {n_modules} modules; got shape {values.shape}")
    return values

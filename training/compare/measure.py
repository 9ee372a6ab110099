"""Let both models answer for the learners whom neither has learned from."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from training.columns import attempt_columns, interactions_of
from training.compare.candidates import Candidate, Tracer
from training.compare.figures import Difference, Floats, Ints, auc_difference, ece_difference, mean_difference
from training.datasets.dataset import Dataset
from training.evaluation.metrics import TARGET_METRICS, target_values
from training.evaluation.module_exam import Exam, Scorer, lists_of
from training.evaluation.modules import drawn_splits
from training.evaluation.off_policy.events import events_of, profiles_of
from training.evaluation.splits import Unavailable

_NDCG = TARGET_METRICS.index("ndcg@10")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Attempts, and the chance of passing each that both models told from the earlier ones of its learner.

    Parameters
    ----------
    y : float array of 0 and 1, shape (n_attempts,)
    learner : int array, shape (n_attempts,)
        Positions in the table of learners.
    p : mapping of str to float array, shape (n_attempts,)
        By candidate, the challenger first.
    """

    y: Floats
    learner: Ints
    p: Mapping[str, Floats]

    def auc(self, rng: np.random.Generator) -> Difference | None:
        """Compare how well passes are told from fails."""
        return auc_difference(self.y, self.p, self.learner, rng)

    def calibration(self, rng: np.random.Generator) -> Difference:
        """Compare expected calibration errors."""
        return ece_difference(self.y, self.p, self.learner, rng)

    def brier(self, rows: NDArray[np.bool_], rng: np.random.Generator) -> Difference:
        """Compare mean squared errors on some rows (Brier 1950)."""
        challenger, champion = ((p[rows] - self.y[rows]) ** 2 for p in self.p.values())
        return mean_difference(challenger, champion, self.learner[rows], rng)


@dataclass(frozen=True, slots=True, eq=False)
class Starts:
    """Modules that learners started next, and how far up both models had put them.

    Parameters
    ----------
    learner : int array, shape (n_targets,)
    ndcg : mapping of str to float array, shape (n_targets,)
        NDCG@10 of each target by candidate, the challenger first.
    """

    learner: Ints
    ndcg: Mapping[str, Floats]

    def difference(self, rng: np.random.Generator) -> Difference:
        """Compare means over targets."""
        challenger, champion = self.ndcg.values()
        return mean_difference(challenger, champion, self.learner, rng)


def answers_of(
    dataset: Dataset, catalog: Catalog, tracers: Mapping[str, Tracer], pass_mark: float
) -> Answers | None:
    """Let both models answer every attempt; None where there are none.

    Parameters
    ----------
    dataset : Dataset
        What the learners did whom neither has learned from.
    catalog : Catalog
        Of the dataset.
    tracers : mapping of str to callable
        By candidate, the challenger first.
    pass_mark : float
        Score from which an attempt passes.
    """
    attempts = attempt_columns(dataset, catalog, pass_mark=pass_mark)
    if attempts is None:
        return None
    p = {name: tracer(attempts) for name, tracer in tracers.items()}
    return Answers(np.asarray(attempts.passed, np.float64), attempts.learner, p)


def starts_of(
    dataset: Dataset,
    catalog: Catalog,
    scorers: Mapping[str, Scorer],
    *,
    protocol: str,
    cuts: Sequence[float],
    seed: int,
) -> Starts | str:
    """Let both models rank the catalogue before every start that a protocol asks for, or say why not.

    Both have learned from what other people did up to the end of their own data. `scorers` are by candidate,
    the challenger first.
    """
    interactions = interactions_of(dataset, catalog)
    if interactions is None:
        return "there are no completions"
    splits = drawn_splits(interactions, protocol, cuts=cuts, seed=seed)
    if isinstance(splits, Unavailable):
        return splits.reason
    exam = Exam(None, np.random.default_rng(seed), time.perf_counter)
    for split in splits:
        exam.ask(scorers, split, lists_of(split, np.unique(split.learner)))
    first = next(iter(exam.outcomes.values()))
    ndcg = {name: target_values(its.rank)[:, _NDCG] for name, its in exam.outcomes.items()}
    return Starts(np.array(first.learner, np.int64), ndcg)


def milliseconds(
    dataset: Dataset,
    candidates: Sequence[Candidate],
    *,
    now: datetime,
    n_learners: int = 100,
    turns: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Median time of a recommendation to a learner with a history, by candidate.

    Models are asked in turns, so that a busy machine slows all of them alike.
    """
    learner_ids = _active(dataset)[:n_learners]
    events, profiles = events_of(dataset, learner_ids), profiles_of(dataset, learner_ids)
    states = {one.name: [one.engine.fold(events[i]) for i in learner_ids] for one in candidates}
    found: dict[str, list[float]] = {one.name: [] for one in candidates}
    for one in candidates:
        one.engine.warm()
    for turn in range(turns):
        for place, learner_id in enumerate(learner_ids):
            # Whoever is asked first finds cold memory.
            for one in candidates if (turn + place) % 2 else reversed(candidates):
                started = clock()
                one.engine.recommend(states[one.name][place], profiles[learner_id], now=now)
                found[one.name].append(1e3 * (clock() - started))
    return {name: float(np.median(its)) for name, its in found.items() if its}


def labels_of(dataset: Dataset) -> dict[str, list[str | None]]:
    """Return how learners are told apart, each column by its name, in the order of the table."""
    learners = dataset.tables["learners"]
    columns = ["segment", *(name for name in learners if str(name).startswith("group_"))]
    return {
        str(name): [value if isinstance(value, str) else None for value in learners[name].tolist()]
        for name in columns
        if name in learners
    }


def _active(dataset: Dataset) -> list[str]:
    """Ids of the learners who did something, in the order of their ids."""
    found: set[Any] = set()
    for name in ("attempts", "completions"):
        if name in dataset.tables:
            found.update(dataset.tables[name]["learner_id"].tolist())
    return sorted(found)

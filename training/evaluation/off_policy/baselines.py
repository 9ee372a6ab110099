"""Policies to lay beside an engine: as it was logged, the most popular, and pure chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.datasets.dataset import Dataset
from training.evaluation.off_policy.log import Ints, Log, positions, seconds
from training.evaluation.off_policy.target import AS_LOGGED, Target


def as_logged(log: Log) -> Target:
    """Return the policy that made the log; of it only what was shown is known."""
    return Target(AS_LOGGED, log.start, log.module, log.propensity)


def popularity(log: Log, dataset: Dataset, eligible: Sequence[Ints]) -> Target:
    """Eligible modules that most learners had started before the moment of the answer; ties go by position.

    Parameters
    ----------
    eligible : sequence of int64 arrays, length n_answers
        Positions in the log's `module_ids`.
    """
    at, module = _first_starts(dataset, log)
    starts, done = np.zeros(len(log.module_ids), np.int64), 0
    chosen = []
    for i, candidates in enumerate(eligible):
        upto = int(np.searchsorted(at, log.at[i], "left"))
        np.add.at(starts, module[done:upto], 1)
        done = upto
        order = np.lexsort((candidates, -starts[candidates]))
        chosen.append(candidates[order[: log.n_shown[i]]])
    return Target.of("popularity", chosen)


def chance(log: Log, eligible: Sequence[Ints]) -> Target:
    """As many eligible modules as were shown, each as likely as another."""
    sizes = [min(int(k), len(candidates)) for k, candidates in zip(log.n_shown, eligible, strict=True)]
    shares = [
        np.full(len(candidates), k / max(len(candidates), 1))
        for k, candidates in zip(sizes, eligible, strict=True)
    ]
    return Target.of("random", eligible, shares)


def _first_starts(dataset: Dataset, log: Log) -> tuple[np.ndarray, Ints]:
    """Return times and modules of all first starts, in the order of time."""
    frame = dataset.tables.get("completions")
    if frame is None:
        return np.zeros(0), np.zeros(0, np.int64)
    first = frame.drop_duplicates(["learner_id", "module_id"])
    at, module = seconds(first["occurred_at"]), positions(first["module_id"], log.module_ids)
    order = np.argsort(at, kind="stable")
    return at[order], module[order]

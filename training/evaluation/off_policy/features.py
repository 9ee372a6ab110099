"""What the reward model sees of learner and module: only what was there before the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pandas as pd
from scipy import sparse

from recommender.domain.dataset_format import SEGMENTS
from training.datasets.dataset import Dataset
from training.evaluation.off_policy.log import Floats, Ints, Log, positions, rows_by_learner, seconds

OF_LEARNER: Final = ("log_attempts", "passed_share", "log_finished", "log_days_since_event")
_DAY: Final = 86_400.0
# Passes and failures that everybody is given, so that one answer is not a share of 0 or 1.
_PRIOR: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Numbers of each answer's learner before it, and of each module.

    Parameters
    ----------
    of_learner : float64 array, shape (n_answers, 4)
        `OF_LEARNER`: log(1 + attempts), share of them passed (two more counted, half passed), log(1 + modules
        finished), log(1 + days since the last of these, 0 for none).
    segment : int64 array, shape (n_answers,)
        Position in `SEGMENTS`, one more for unknown.
    difficulty : float64 array, shape (n_modules,)
        As declared, in [0, 1]; the mean of the others where nothing is.
    """

    of_learner: Floats
    segment: Ints
    difficulty: Floats

    @classmethod
    def of(cls, dataset: Dataset, log: Log) -> Self:
        """Look up everything at the moment of each answer; what happens at that moment is not yet there."""
        attempts, completions = dataset.tables.get("attempts"), dataset.tables.get("completions")
        if completions is not None:
            completions = completions[completions["status"] == "completed"]
        tried, passed, tried_at = _before(log, attempts, "passed")
        finished, _, finished_at = _before(log, completions, None)
        last = np.fmax(tried_at, finished_at)
        days = np.where(np.isnan(last), 0.0, (log.at - last) / _DAY)
        share = (passed + _PRIOR) / (tried + 2 * _PRIOR)
        of_learner = np.column_stack([np.log1p(tried), share, np.log1p(finished), np.log1p(days)])
        return cls(of_learner, _segments(dataset)[log.learner], _difficulty(dataset, log))

    def matrix(self, answer: Ints, module: Ints) -> sparse.csr_matrix:
        """Rows for pairs of answer and module, sparse, (n_pairs, n_features).

        Each module, each segment and each pair of them has a column; then follow the learner's numbers, and
        the share passed times difficulty.
        """
        n_modules, n_segments, n = len(self.difficulty), len(SEGMENTS) + 1, len(answer)
        segment = self.segment[answer]
        # three ones in each row, by where their columns begin
        columns = np.column_stack(
            [module, n_modules + segment, n_modules + n_segments + module * n_segments + segment]
        )
        width = n_modules + n_segments + n_modules * n_segments
        ones = sparse.csr_matrix(
            (np.ones(3 * n), columns.ravel(), np.arange(0, 3 * n + 1, 3)), shape=(n, width)
        )
        numbers = self.of_learner[answer]
        both = numbers[:, 1] * self.difficulty[module]
        return sparse.csr_matrix(sparse.hstack([ones, sparse.csr_matrix(np.column_stack([numbers, both]))]))


def _before(log: Log, frame: pd.DataFrame | None, summed: str | None) -> tuple[Floats, Floats, Floats]:
    """Rows of the learner before each answer: how many, the sum of a column, and the time of the last one."""
    n = len(log)
    if frame is None or frame.empty:
        return np.zeros(n), np.zeros(n), np.full(n, np.nan)
    order, start = rows_by_learner(frame, log.learner_ids)
    at = seconds(frame["occurred_at"])[order]
    values = frame[summed].to_numpy(np.float64)[order] if summed else np.zeros(len(frame))
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = start[log.learner]
    end = np.array(
        [
            a + np.searchsorted(at[a:b], moment, "left")
            for a, b, moment in zip(first, start[log.learner + 1], log.at, strict=True)
        ],
        np.int64,
    )
    last = np.where(end > first, at[np.maximum(end - 1, 0)], np.nan)
    return (end - first).astype(np.float64), total[end] - total[first], last


def _segments(dataset: Dataset) -> Ints:
    """Segment of each learner; without one, that of the role."""
    learners, roles = dataset.tables["learners"], dataset.tables.get("roles")
    segment = learners["segment"]
    if roles is not None:
        segment = segment.fillna(learners["role_id"].map(roles.set_index("role_id")["segment"]))
    found = positions(segment, SEGMENTS)
    return np.where(found < 0, len(SEGMENTS), found)


def _difficulty(dataset: Dataset, log: Log) -> Floats:
    modules = dataset.tables["modules"].set_index("module_id")["difficulty"]
    known = modules.reindex(list(log.module_ids)).to_numpy(np.float64)
    mean = float(np.nanmean(known)) if np.isfinite(known).any() else 0.5
    return np.where(np.isnan(known), mean, known)

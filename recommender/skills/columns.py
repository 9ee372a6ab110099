"""Attempts of many learners as columns: what every learner-skill model is fitted on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Ragged


@dataclass(frozen=True, slots=True, eq=False)
class AttemptColumns:
    """One row per attempt; rows of one learner stand in the order of (`occurred_at`, `event_id`).

    Parameters
    ----------
    learner : int64 array, shape (n_attempts,)
        0 to ``n_learners - 1``.
    item : int32 array, shape (n_attempts,)
        Positions in the catalogue's items.
    skills : Ragged
        Skills of each attempt, positions in the catalogue's skills; one row per attempt, perhaps empty.
    module : int32 array, shape (n_attempts,)
        Positions in the catalogue, -1 when an attempt belongs to none.
    passed, score : float64 arrays, shape (n_attempts,)
        1 or 0; share of the marks in [0, 1].
    at : float64 array, shape (n_attempts,)
        Seconds since 1970 UTC, NaN without clock.
    pass_mark : float
        Score from which an attempt counts as passed where its sender did not say.
    """

    learner: NDArray[np.int64]
    item: NDArray[np.int32]
    skills: Ragged
    module: NDArray[np.int32]
    passed: NDArray[np.float64]
    score: NDArray[np.float64]
    at: NDArray[np.float64]
    n_learners: int
    pass_mark: float = 0.5

    def __len__(self) -> int:
        return len(self.learner)

    def take(self, mask: NDArray[np.bool_]) -> AttemptColumns:
        """Only the rows where `mask` (n_attempts,) holds; learners keep their numbers."""
        counts = np.diff(self.skills.start)
        values = self.skills.values[np.repeat(mask, counts)]
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[mask])])
        rows = {
            name: getattr(self, name)[mask] for name in ("learner", "item", "module", "passed", "score", "at")
        }
        return replace(self, skills=Ragged(start, values), **rows)

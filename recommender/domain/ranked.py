"""What is recommended to many learners, as arrays: no words, no objects for each module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from recommender.domain.recommendation import ReasonCode

REASON_CODES: Final[tuple[ReasonCode, ...]] = get_args(ReasonCode)
"""What `Ranked.reasons` counts through."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The first `k` modules of each learner, best first.

    Parameters
    ----------
    modules : int32 array, shape (n_learners, k)
        Positions in the catalogue, -1 behind the last one of a learner who has fewer.
    score : float64 array, shape (n_learners, k)
        NaN where there is no module.
    success_probability : float64 array, shape (n_learners, k)
        NaN where unknown and where there is no module.
    reasons : int8 array, shape (n_learners, k, 3)
        Positions in `REASON_CODES`, the weightiest first, -1 for none.
    weights : float64 array, shape (n_learners, k, 3)
        Shares of all positive terms, 0 for none.
    adjusted_from : int32 array, shape (n_learners, k)
        The module that gave way to this variant of it; -1 for none.
    """

    modules: NDArray[np.int32]
    score: NDArray[np.float64]
    success_probability: NDArray[np.float64]
    reasons: NDArray[np.int8]
    weights: NDArray[np.float64]
    adjusted_from: NDArray[np.int32]

    @classmethod
    def empty(cls, n_learners: int, k: int, n_reasons: int) -> Ranked:
        """Nothing for anybody yet."""
        shape = (n_learners, k)
        return cls(
            np.full(shape, -1, np.int32),
            np.full(shape, np.nan),
            np.full(shape, np.nan),
            np.full((*shape, n_reasons), -1, np.int8),
            np.zeros((*shape, n_reasons)),
            np.full(shape, -1, np.int32),
        )

    def __len__(self) -> int:
        return len(self.modules)

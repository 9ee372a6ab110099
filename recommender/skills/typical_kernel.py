"""The chance of passing every module's typical item, compiled; see `recommender.skills.typical`."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, nogil=True, error_model="numpy")
def fill_success(start: Any, skill: Any, weight: Any, harder: Any, mastery_logit: Any, out: Any) -> None:
    """Fill `TypicalItems.success`; the first three are rows of its sparse matrix."""
    for m in range(len(out)):
        logit = 0.0
        for s in range(start[m], start[m + 1]):
            logit += weight[s] * mastery_logit[skill[s]]
        out[m] = 1.0 / (1.0 + np.exp(harder[m] - logit))

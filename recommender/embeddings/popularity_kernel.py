"""Popularity's one look-up, compiled; see `recommender.embeddings.popularity`."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def copy_shares(
    shares: Any, sliced: int, first_only: bool, start: Any, role: Any, segment: Any, out: Any
) -> None:
    """Fill `out` (n_histories, n_modules) with the rows of `shares` of each history's slice.

    `sliced` is 0 for all, 1 by role, 2 by segment; the last row is for those who have none. With
    `first_only` a history that is not empty, as `start` tells, gets NaN.
    """
    for h in range(len(out)):
        if first_only and start[h + 1] > start[h]:
            out[h] = np.nan
            continue
        group = role[h] if sliced == 1 else segment[h] if sliced == 2 else -1
        if group < -1 or group >= len(shares) - 1:
            raise IndexError("a history names a role or segment that popularity does not know")
        out[h] = shares[group]

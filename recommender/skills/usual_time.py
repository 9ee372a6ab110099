"""How long an answer to an item usually takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Floats

# Timed answers from which on an item has a usual time of its own.
MIN_TIMED = 5


def usual_seconds(item: NDArray[np.int32], seconds: Floats, n_items: int) -> Floats:
    """Median time of an answer to each item, (n_items,); that of all where under `MIN_TIMED` are timed.

    Parameters
    ----------
    item : int32 array, shape (n_attempts,)
    seconds : float64 array, shape (n_attempts,)
        NaN, or 0, where not told.

    Examples
    --------
    >>> usual_seconds(np.array([0] * 5 + [1]), np.array([9.0, 9, 8, 9, 9, 30]), 2).tolist()
    [9.0, 9.0]
    """
    timed = seconds > 0
    item, seconds = item[timed], seconds[timed]
    if not len(seconds):
        return np.full(n_items, np.nan)
    order = np.lexsort((seconds, item))
    count = np.bincount(item, minlength=n_items)
    first = np.cumsum(count) - count
    ranked = seconds[order]
    lower, upper = (ranked[np.minimum(first + k, len(ranked) - 1)] for k in ((count - 1) // 2, count // 2))
    return np.where(count >= MIN_TIMED, (lower + upper) / 2.0, np.median(seconds))

"""Greedy choice of good modules that are unlike each other, compiled; see `recommender.ranking.rerank`."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

# Likeness is kept in 32 bits, whose last ones depend on the order of the catalogue; so is a tie of values.
_LIKENESS_UNIT = 1e5
_TIE_UNIT = 1e9


@numba.njit(cache=True, nogil=True)
def pick_diverse(
    pool: Any, score: Any, id_rank: Any, start: Any, modules: Any, likeness: Any, weight: float, chosen: Any
) -> None:
    """Fill `chosen` (k,) from `pool` (at least k positions), best first; ties go by `id_rank`.

    Entries ``start[i]:start[i + 1]`` of `modules` and `likeness` are what module `i` is like.
    """
    place = np.full(len(score), -1, np.int64)
    for i in range(len(pool)):
        place[pool[i]] = i
    closest = np.zeros(len(pool))
    free = np.ones(len(pool), np.bool_)
    for step in range(len(chosen)):
        best, best_value = -1, 0.0
        for i in range(len(pool)):
            if not free[i]:
                continue
            value = np.rint((score[pool[i]] - weight * closest[i]) * _TIE_UNIT)
            tied = best >= 0 and value == best_value
            if best < 0 or value > best_value or (tied and id_rank[pool[i]] < id_rank[pool[best]]):
                best, best_value = i, value
        free[best] = False
        chosen[step] = pool[best]
        for e in range(start[pool[best]], start[pool[best] + 1]):
            i = place[modules[e]]
            if i >= 0:
                closest[i] = max(closest[i], np.rint(likeness[e] * _LIKENESS_UNIT) / _LIKENESS_UNIT)

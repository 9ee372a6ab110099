"""From scores to the modules that are shown, compiled: the best, unlike each other, in their best variants.

Explained where it is decided: `recommender.ranking.rank`, `rerank`, `difficulty` and `explore`.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from recommender.ranking.kernel_arrays import Order
from recommender.ranking.rank import TIE_DECIMALS
from recommender.ranking.rerank_kernel import pick_diverse

_TENS = 10.0**TIE_DECIMALS


@numba.njit(cache=True, nogil=True)
def _weaker(values: Any, id_rank: Any, one: int, other: int) -> bool:
    """Whether the first module comes after the second; equal values go by id."""
    if values[one] != values[other]:
        return bool(values[one] < values[other])
    return bool(id_rank[one] > id_rank[other])


@numba.njit(cache=True, nogil=True)
def _rise(heap: Any, place: int, values: Any, id_rank: Any) -> None:
    """Move the module at a place of the heap up to where it belongs; the weakest is at the top."""
    while place > 0:
        parent = (place - 1) // 2
        if not _weaker(values, id_rank, heap[place], heap[parent]):
            break
        heap[place], heap[parent] = heap[parent], heap[place]
        place = parent


@numba.njit(cache=True, nogil=True)
def _sink(heap: Any, values: Any, id_rank: Any) -> None:
    """Move the module at the top of the heap down to where it belongs."""
    place = 0
    while 2 * place + 1 < len(heap):
        child = 2 * place + 1
        if child + 1 < len(heap) and _weaker(values, id_rank, heap[child + 1], heap[child]):
            child += 1
        if not _weaker(values, id_rank, heap[child], heap[place]):
            break
        heap[place], heap[child] = heap[child], heap[place]
        place = child


@numba.njit(cache=True, nogil=True)
def strongest(score: Any, among: Any, k: int, id_rank: Any) -> Any:
    """Return what `rank.top` does for the modules at the positions `among`."""
    if k < 1:
        return np.empty(0, np.intp)
    values, rank = np.rint(score[among] * _TENS), id_rank[among]
    heap = np.empty(min(k, len(among)), np.intp)
    size = 0
    for i in range(len(among)):
        if np.isnan(values[i]):
            continue
        if size < k:
            heap[size] = i
            _rise(heap, size, values, rank)
            size += 1
        elif _weaker(values, rank, heap[0], i):
            heap[0] = i
            _sink(heap, values, rank)
    for last in range(size - 1, 0, -1):
        heap[0], heap[last] = heap[last], heap[0]
        _sink(heap[:last], values, rank)
    return among[heap[:size]]


@numba.njit(cache=True, nogil=True)
def choose(score: Any, among: Any, k: int, order: Order) -> Any:
    """Return positions of the `k` best of those `among`, as `rerank` explains them."""
    best = strongest(score, among, k, order.id_rank)
    if order.diversity > 0.0 and len(best) > 1:
        # One unit of what counts as a tie more, for the last one is compared unrounded.
        least = score[best[-1]] - order.diversity - 1.0 / _TENS
        pool = among[score[among] >= least]
        near = (order.alike_start, order.alike, order.likeness)
        pick_diverse(pool, score, order.id_rank, *near, order.diversity, best)
    return best


@numba.njit(cache=True, nogil=True)
def _draw(free: Any, rarity: Any, by_id: Any, least: float) -> int:
    """First module that is free at which the sum of rarities, in the order of ids, is above `least`."""
    drawn, upto = -1, 0.0
    for m in by_id:
        if free[m]:
            drawn = m
            upto += rarity[m]
            if upto > least:
                break
    return drawn


@numba.njit(cache=True, nogil=True)
def explore(
    chosen: Any, allowed: Any, probability: float, rarity: Any, by_id: Any, draws: Any, propensity: Any
) -> int:
    """Do as `explore.explore` tells, in place; returns the place that was given to chance, -1 for none."""
    n = len(chosen)
    propensity[:] = 1.0
    if probability <= 0.0 or n == 0:
        return -1
    free = allowed.copy()
    for m in chosen:
        free[m] = False
    total = 0.0
    for m in by_id:
        if free[m]:
            total += rarity[m]
    if total == 0.0:
        return -1
    if draws[0] >= probability:
        propensity[n - 1] = 1.0 - probability
        return -1
    drawn = _draw(free, rarity, by_id, draws[2] * total)
    place = 1 + int(draws[1] * (n - 1)) if n > 1 else 0
    for later in range(n - 1, place, -1):
        chosen[later] = chosen[later - 1]
    chosen[place] = drawn
    propensity[place] = probability * rarity[drawn] / total
    return place

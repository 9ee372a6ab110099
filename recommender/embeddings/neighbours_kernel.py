"""Walking from modules to their neighbours, compiled; see `recommender.embeddings.neighbours`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np


class Rows(NamedTuple):
    """Arrays of `Neighbours`."""

    start: Any
    modules: Any
    weights: Any
    known: Any


@numba.njit(cache=True, nogil=True)
def score_histories(rows: Rows, start: Any, modules: Any, window: int, recency: float, out: Any) -> None:
    """Fill `out` (n_histories, n_modules) with what the last modules of each history speak for."""
    for h in range(len(out)):
        score_history(rows, modules, start[h], start[h + 1], window, recency, out[h])


@numba.njit(cache=True, nogil=True)
def score_history(
    rows: Rows, modules: Any, begin: int, end: int, window: int, recency: float, scores: Any
) -> None:
    """Fill `scores` (n_modules,) with what the last of ``modules[begin:end]`` speak for.

    Sums below 0 become 0; if none of the last modules has neighbours, all is NaN.
    """
    n_modules = len(rows.known)
    scores[:] = np.float32(0.0)
    spoken, step = False, 1.0
    for place in range(end - 1, max(begin, end - window) - 1, -1):
        module = modules[place]
        if module < 0 or module >= n_modules:
            raise IndexError("a history holds a module that is not in the catalogue")
        first, last = rows.start[module], rows.start[module + 1]
        spoken = spoken or last > first
        weight = np.float32(step)
        for e in range(first, last):
            # Unsigned, because a place that may count from the end costs a branch each.
            scores[np.uintp(rows.modules[np.uintp(e)])] += weight * rows.weights[np.uintp(e)]
        step *= recency
    if spoken:
        for j in range(n_modules):
            scores[j] = max(scores[j], np.float32(0.0)) if rows.known[j] else np.float32(np.nan)
    else:
        scores[:] = np.float32(np.nan)


@numba.njit(cache=True, nogil=True)
def share_of_source(rows: Rows, modules: Any, window: int, recency: float, source: int, target: int) -> float:
    """Share, in [0, 1], of one of the last `modules` in what speaks for `target`; 0 where nothing does."""
    total, its, step = 0.0, 0.0, 1.0
    for place in range(len(modules) - 1, max(0, len(modules) - window) - 1, -1):
        module = modules[place]
        for e in range(rows.start[module], rows.start[module + 1]):
            if rows.modules[e] == target:
                total += step * rows.weights[e]
                its += step * rows.weights[e] if module == source else 0.0
        step *= recency
    # What speaks against a module makes the part of what speaks for it more than all.
    return min(max(its / total, 0.0), 1.0) if total > 0.0 else 0.0


@numba.njit(cache=True, nogil=True)
def strongest_source(rows: Rows, modules: Any, window: int, recency: float, target: int) -> int:
    """Of the last `modules`, find the one that speaks for `target` most, the later of equals; -1 for none."""
    best, source, step = 0.0, -1, 1.0
    for place in range(len(modules) - 1, max(0, len(modules) - window) - 1, -1):
        module = modules[place]
        if module < 0 or module >= len(rows.known):
            raise IndexError("a history holds a module that is not in the catalogue")
        for e in range(rows.start[module], rows.start[module + 1]):
            if rows.modules[e] == target and step * rows.weights[e] > best:
                best, source = step * rows.weights[e], module
        step *= recency
    return source

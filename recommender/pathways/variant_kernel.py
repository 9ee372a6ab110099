"""Which variant of each group plans are made of, compiled."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from recommender.pathways.plan_kernel import EPSILON, PlanArrays, reach, total_gap

_LOST = 1e9
"""Counted for a gap where the module that must come last cannot be taken."""


@numba.njit(cache=True, nogil=True)
def choose_variants(p: PlanArrays, reached: Any, by_group: Any) -> Any:
    """Return all modules but for variants, (n,), and of these the one of each group that lets least open.

    First those that teach most, then exchanged one by one while that closes more.

    Parameters
    ----------
    p : PlanArrays
    reached : int64 array, shape (n,)
        An order in which all modules can be taken, but for variants.
    by_group : int64 array
        The variants, group by group.
    """
    wanted = _most_taught(p, by_group)
    least = _left_open(p, reached, wanted)
    for _ in range(len(by_group)):
        before = least
        for m in by_group:
            if wanted[m]:
                continue
            trial = wanted.copy()
            for other in by_group:
                if p.modules[other].group == p.modules[m].group:
                    trial[other] = other == m
            gap = _left_open(p, reached, trial)
            if gap < least - EPSILON:
                least, wanted = gap, trial
        if least == before:
            break
    return wanted


@numba.njit(cache=True, nogil=True)
def _most_taught(p: PlanArrays, by_group: Any) -> Any:
    """Return all modules, of each group only the one that teaches most, of equal ones the first."""
    wanted, worth = np.ones(len(p.modules) - 1, np.bool_), np.zeros(len(p.modules) - 1)
    for m in by_group:
        for i in range(p.modules[m].teach, p.modules[m + 1].teach):
            worth[m] += p.skills[p.teaches[i].skill].weight * p.teaches[i].gain
    if p.last >= 0:
        worth[p.last] = np.inf
    for m in by_group:
        for other in by_group:
            if other != m and p.modules[other].group == p.modules[m].group:
                wanted[m] &= worth[m] > worth[other] or (worth[m] == worth[other] and m < other)
    return wanted


@numba.njit(cache=True, nogil=True)
def _left_open(p: PlanArrays, reached: Any, wanted: Any) -> float:
    """Weighted gap that the wanted modules leave."""
    done, order = np.zeros(len(wanted), np.bool_), np.zeros(len(wanted), np.int64)
    gained = np.zeros(len(p.skills) - 1)
    reach(p, wanted, reached, done, gained, order)
    lost = p.last >= 0 and not done[p.last]
    return total_gap(p, gained) + (_LOST if lost else 0.0)

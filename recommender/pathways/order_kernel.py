"""The order of a plan, compiled: what closes most of the weighted gap per minute comes first."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from recommender.pathways.plan_kernel import EPSILON, PlanArrays, gap_of, may_start, open_minutes, take

REACH: Final = 12
"""Places that a module is moved by at most."""
N_ROUNDS: Final = 3
NEW: Final = 1 << 40
"""Rank of modules that were in no previous pathway."""


@numba.njit(cache=True, nogil=True)
def drop_of(p: PlanArrays, inside: Any, above: Any, done: Any, gained: Any, m: int, added: Any) -> float:
    """Weighted gap that a module and what it still needs close, per minute; `added` (k,) stays 0."""
    minutes, drop = EPSILON, 0.0
    for a in range(len(inside)):
        if inside[a] and not done[a] and (a == m or above[m, a]):
            minutes += p.modules[a].minutes
            take(p, a, added)
    for s in range(len(added)):
        if added[s] > 0.0:
            drop += gap_of(p, s, gained[s]) - gap_of(p, s, gained[s] + added[s])
            added[s] = 0.0
    return drop / minutes


@numba.njit(cache=True, nogil=True)
def soonest(p: PlanArrays, inside: Any, above: Any, rank: Any) -> Any:  # noqa: C901
    """Order a plan: greedily by gap closed per minute; modules with a rank below `NEW` keep their order.

    A module is judged together with what it needs. Where gains that are asked for come too late for the
    order of ranks, the ranked module that may start first goes ahead.
    """
    n, size = len(inside), inside.sum()
    order, done = np.zeros(size, np.int64), np.zeros(n, np.bool_)
    gained, added = np.zeros(len(p.skills) - 1), np.zeros(len(p.skills) - 1)
    for at in range(size):
        first = -1
        for m in range(n):
            if inside[m] and not done[m] and rank[m] < NEW and (first < 0 or rank[m] < rank[first]):
                first = m
        ready = first >= 0 and may_start(p, first, done, gained)
        goal, most = first if ready else -1, -1.0
        if ready:
            most = drop_of(p, inside, above, done, gained, first, added)
        for m in range(n):
            if not inside[m] or done[m] or rank[m] < NEW or (m == p.last and at < size - 1):
                continue
            if _waits_for_rank(inside, above, done, rank, m):
                continue
            if _next_towards(p, inside, above, done, gained, m) < 0:
                continue
            drop = drop_of(p, inside, above, done, gained, m, added)
            if first >= 0 and not ready and above[first, m]:
                drop = np.inf
            if drop > most * (1.0 + EPSILON):
                goal, most = m, drop
        chosen = -1
        if goal >= 0:
            chosen = goal if rank[goal] < NEW else _next_towards(p, inside, above, done, gained, goal)
        else:
            for m in range(n):
                if m == p.last and at < size - 1:
                    continue
                ahead = chosen < 0 or rank[m] < rank[chosen]
                if ahead and inside[m] and not done[m] and may_start(p, m, done, gained):
                    chosen = m
        if chosen < 0:
            return order[:at]
        order[at] = chosen
        done[chosen] = True
        take(p, chosen, gained)
    return order


@numba.njit(cache=True, nogil=True)
def _waits_for_rank(inside: Any, above: Any, done: Any, rank: Any, m: int) -> bool:
    """Whether a module needs one that keeps its place in the order of ranks and is still to come."""
    waits = False
    for a in range(len(inside)):
        waits = waits or (inside[a] and not done[a] and above[m, a] and rank[a] < NEW)
    return waits


@numba.njit(cache=True, nogil=True)
def _next_towards(p: PlanArrays, inside: Any, above: Any, done: Any, gained: Any, m: int) -> int:
    """Return the module to take now on the way to `m`: itself, or the first by id of what it needs."""
    if may_start(p, m, done, gained):
        return m
    for a in range(len(inside)):
        if inside[a] and not done[a] and above[m, a] and may_start(p, a, done, gained):
            return a
    return -1


@numba.njit(cache=True, nogil=True)
def is_order(p: PlanArrays, order: Any) -> bool:
    """Whether every module comes after all it needs, and the last one last."""
    done, gained = np.zeros(len(p.modules) - 1, np.bool_), np.zeros(len(p.skills) - 1)
    for at in range(len(order)):
        m = order[at]
        if not may_start(p, m, done, gained) or (m == p.last and at < len(order) - 1):
            return False
        done[m] = True
        take(p, m, gained)
    return True


@numba.njit(cache=True, nogil=True)
def improve_order(p: PlanArrays, order: Any) -> None:
    """Move single modules while that closes gaps sooner, in place."""
    best, size = open_minutes(p, order), len(order)
    for _ in range(N_ROUNDS):
        before = best
        for start in range(size):
            for end in range(max(0, start - REACH), min(size, start + REACH + 1)):
                if end == start:
                    continue
                trial = order.copy()
                m = order[start]
                if end > start:
                    trial[start:end] = order[start + 1 : end + 1]
                else:
                    trial[end + 1 : start + 1] = order[end:start]
                trial[end] = m
                area = open_minutes(p, trial)
                if area < best - EPSILON * (1.0 + best) and is_order(p, trial):
                    best = area
                    order[:] = trial
        if best >= before:
            return

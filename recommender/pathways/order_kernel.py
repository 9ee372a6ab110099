"""The order of a plan, compiled: what closes most of the weighted gap per minute comes first."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from recommender.pathways.plan_kernel import (
    EPSILON,
    PlanArrays,
    gap_of,
    has_gains,
    may_start,
    open_minutes,
    sums_along,
    take,
)

N_ROUNDS: Final = 10
"""Times that each module is moved at most."""
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
def soonest(p: PlanArrays, inside: Any, above: Any, rank: Any) -> Any:
    """Order a plan: greedily by gap closed per minute; modules with a rank below `NEW` keep their order.

    A module is judged together with what it needs. Where gains that are asked for come too late for the
    order of ranks, the ranked module that may start first goes ahead.
    """
    n, size = len(inside), inside.sum()
    order, done, gained = np.zeros(size, np.int64), np.zeros(n, np.bool_), np.zeros(len(p.skills) - 1)
    for at in range(size):
        waiting = inside & ~done
        if p.last >= 0 and at < size - 1:
            waiting[p.last] = False
        goal = _goal(p, inside, above, rank, done, gained, waiting)
        chosen = -1
        if goal >= 0:
            chosen = goal if rank[goal] < NEW else _next_towards(p, inside, above, done, gained, goal)
        else:
            for m in range(n):
                ahead = waiting[m] and (chosen < 0 or rank[m] < rank[chosen])
                if ahead and may_start(p, m, done, gained):
                    chosen = m
        if chosen < 0:
            return order[:at]
        order[at] = chosen
        done[chosen] = True
        take(p, chosen, gained)
    return order


@numba.njit(cache=True, nogil=True)
def _goal(p: PlanArrays, inside: Any, above: Any, rank: Any, done: Any, gained: Any, waiting: Any) -> int:
    """Return the waiting module that closes most per minute, of those with a rank the first; -1 for none."""
    first, added = -1, np.zeros(len(gained))
    for m in range(len(waiting)):
        if waiting[m] and rank[m] < NEW and (first < 0 or rank[m] < rank[first]):
            first = m
    ready = first >= 0 and may_start(p, first, done, gained)
    goal, most = -1, -1.0
    if ready:
        goal, most = first, drop_of(p, inside, above, done, gained, first, added)
    for m in range(len(waiting)):
        if not waiting[m] or rank[m] < NEW or _waits_for_rank(inside, above, done, rank, m):
            continue
        if _next_towards(p, inside, above, done, gained, m) < 0:
            continue
        drop = drop_of(p, inside, above, done, gained, m, added)
        if first >= 0 and not ready and above[first, m]:
            drop = np.inf
        if drop > most * (1.0 + EPSILON):
            goal, most = m, drop
    return goal


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
    """Move single modules to where that closes gaps soonest, in place, while it helps.

    When neighbours change places, gaps stay open longer by the minutes of the second times what the first
    closes, and less long the other way round (Smith 1956). A move is a row of such changes.
    """
    tolerance = EPSILON * (1.0 + open_minutes(p, order))
    before = sums_along(p, order)
    for _ in range(N_ROUNDS):
        changed = False
        for start in range(len(order)):
            end = _best_place(p, order, before, start, tolerance)
            if end != start:
                changed = True
                _move(p, order, before, start, end)
        if not changed:
            return


@numba.njit(cache=True, nogil=True)
def _best_place(p: PlanArrays, order: Any, before: Any, start: int, tolerance: float) -> int:
    """Return the place to which the module at `start` moves best; `before` are the sums along the order."""
    m, end, most, longer = order[start], start, -tolerance, 0.0
    if m == p.last:
        return start
    gained = before[start].copy()
    for at in range(start + 1, len(order)):
        if not _may_pass(p, m, order[at], gained):
            break
        longer += _longer(p, m, order[at], gained)
        take(p, order[at], gained)
        if longer < most:
            end, most = at, longer
    longer = 0.0
    for at in range(start - 1, -1, -1):
        if not _may_pass(p, order[at], m, before[at]):
            break
        longer += _longer(p, order[at], m, before[at])
        if longer < most:
            end, most = at, longer
    return end


@numba.njit(cache=True, nogil=True, forceinline=True)
def _may_pass(p: PlanArrays, m: int, other: int, gained: Any) -> bool:
    """Whether a module may start, by gains and needs, before the one that now comes just before it."""
    may = other != p.last and has_gains(p, other, gained)
    for i in range(p.modules[other].need, p.modules[other + 1].need):
        may &= p.needs[i] != m
    return may


@numba.njit(cache=True, nogil=True, forceinline=True)
def _longer(p: PlanArrays, m: int, other: int, gained: Any) -> float:
    """How much longer gaps stay open, times weight, when `other` comes not just after `m` but just before."""
    one, two = p.modules[m].minutes, p.modules[other].minutes
    return float(two * _closes(p, m, gained) - one * _closes(p, other, gained))


@numba.njit(cache=True, nogil=True, forceinline=True)
def _closes(p: PlanArrays, m: int, gained: Any) -> float:
    """Weighted gap that a module closes."""
    drop = 0.0
    for i in range(p.modules[m].teach, p.modules[m + 1].teach):
        s = p.teaches[i].skill
        drop += gap_of(p, s, gained[s]) - gap_of(p, s, gained[s] + p.teaches[i].gain)
    return drop


@numba.njit(cache=True, nogil=True)
def _move(p: PlanArrays, order: Any, before: Any, start: int, end: int) -> None:
    """Move a module to another place, and bring sums of gains up to date."""
    m, step = order[start], 1 if end > start else -1
    for at in range(start, end, step):
        order[at] = order[at + step]
    order[end] = m
    for at in range(min(start, end), max(start, end)):
        before[at + 1] = before[at]
        take(p, order[at], before[at + 1])


@numba.njit(cache=True, nogil=True)
def first_needing(p: PlanArrays, order: Any) -> Any:
    """Return of each module the first one behind it that needs it or what it teaches, -1 for none."""
    first = np.full(len(order), -1, np.int64)
    for at in range(len(order)):
        for later in range(len(order) - 1, at, -1):
            if _needs(p, order[later], order[at]):
                first[at] = order[later]
    return first


@numba.njit(cache=True, nogil=True)
def _needs(p: PlanArrays, m: int, other: int) -> bool:
    needs = False
    for i in range(p.modules[m].need, p.modules[m + 1].need):
        needs |= p.needs[i] == other
    for i in range(p.modules[m].ask, p.modules[m + 1].ask):
        for j in range(p.modules[other].teach, p.modules[other + 1].teach):
            needs |= p.asks[i].skill == p.teaches[j].skill
    return needs

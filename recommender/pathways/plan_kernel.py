"""Plans over arrays, compiled: what can be reached, and exact plans of small problems.

The problem itself is explained in `recommender.pathways.problem`. Functions of a few lines that run in inner
loops are inlined by force: handing over the arrays of a problem takes longer than they do.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np

EPSILON: Final = 1e-9
"""Sums that differ by less are the same, for they depend on the order of summing in their last bits."""


MODULE: Final = np.dtype(
    [
        ("minutes", np.float64),
        ("group", np.int64),  # modules of one group are variants; -1 for no group
        ("teach", np.int64),  # where its rows start in `teaches`, `needs` and `asks`
        ("need", np.int64),
        ("ask", np.int64),
    ]
)
SKILL: Final = np.dtype(
    [
        ("unmastered", np.float64),  # 1 - mastery
        ("required", np.float64),  # 0 where the role does not ask for the skill, and then so is the weight
        ("weight", np.float64),
        ("by", np.int64),  # where its rows start in `by`
    ]
)
TEACH: Final = np.dtype([("skill", np.int64), ("gain", np.float64)])
BY: Final = np.dtype([("module", np.int64), ("gain", np.float64)])
ASK: Final = np.dtype([("skill", np.int64), ("level", np.float64)])


class PlanArrays(NamedTuple):
    """A problem of n modules and k skills; positions are within it, modules and skills stand by id.

    Parameters
    ----------
    modules : MODULE records, shape (n + 1,)
        The last one only ends the rows of the one before.
    teaches : TEACH records
        What modules teach; gains are -log(1 - rate), above 0.
    needs : int64 array
        Modules that a module needs finished.
    asks : ASK records
        Sums of gains that must have been made before a module.
    skills : SKILL records, shape (k + 1,)
    by : BY records
        What modules teach, by skill.
    last : int
        Module that must be planned, and last; -1 for none.
    """

    modules: Any
    teaches: Any
    needs: Any
    asks: Any
    skills: Any
    by: Any
    last: int


@numba.njit(cache=True, nogil=True, forceinline=True)
def gap_of(p: PlanArrays, s: int, gained: float) -> float:
    """Weighted gap of a skill after gains of a sum `gained`."""
    if p.skills[s].weight == 0.0:
        return 0.0
    return float(
        p.skills[s].weight * max(0.0, p.skills[s].unmastered * np.exp(-gained) - (1.0 - p.skills[s].required))
    )


@numba.njit(cache=True, nogil=True)
def total_gap(p: PlanArrays, gained: Any) -> float:
    """Weighted gap of all skills, `gained` (k,)."""
    gap = 0.0
    for s in range(len(gained)):
        gap += gap_of(p, s, gained[s])
    return gap


@numba.njit(cache=True, nogil=True, forceinline=True)
def has_gains(p: PlanArrays, m: int, gained: Any) -> bool:
    """Whether the sums of gains that a module asks for have been made, (k,)."""
    has = True
    for i in range(p.modules[m].ask, p.modules[m + 1].ask):
        has &= gained[p.asks[i].skill] >= p.asks[i].level - EPSILON
    return has


@numba.njit(cache=True, nogil=True, forceinline=True)
def may_start(p: PlanArrays, m: int, done: Any, gained: Any) -> bool:
    """Whether all hard prerequisites of a module are met after `done` (n,) with its gains (k,)."""
    may = has_gains(p, m, gained)
    for i in range(p.modules[m].need, p.modules[m + 1].need):
        may &= done[p.needs[i]]
    return may


@numba.njit(cache=True, nogil=True)
def reach(p: PlanArrays, wanted: Any, tried: Any, done: Any, gained: Any, order: Any) -> int:
    """Take as many of the wanted modules as prerequisites allow, in such an order; return how many.

    Taking one never closes the way to another, so how many that are does not depend on the order in which
    they are `tried`, all modules; near the one that is found it is faster. `done` (n,), `gained` (k,) and
    `order` (n,) are filled. Variants are not looked at.
    """
    done[:] = False
    gained[:] = 0.0
    left, n_left, n_done, before = np.empty(len(tried), np.int64), 0, 0, -1
    for m in tried:
        # The last one is tried when nothing else can be taken any more.
        if wanted[m] and m != p.last:
            left[n_left] = m
            n_left += 1
    while n_done > before:
        before, n_waiting = n_done, 0
        for i in range(n_left):
            m = left[i]
            if may_start(p, m, done, gained):
                _take_next(p, m, done, gained, order, n_done)
                n_done += 1
            else:
                left[n_waiting] = m
                n_waiting += 1
        n_left = n_waiting
    if p.last >= 0 and wanted[p.last] and may_start(p, p.last, done, gained):
        _take_next(p, p.last, done, gained, order, n_done)
        n_done += 1
    return n_done


@numba.njit(cache=True, nogil=True, forceinline=True)
def _take_next(p: PlanArrays, m: int, done: Any, gained: Any, order: Any, at: int) -> None:
    take(p, m, gained)
    done[m] = True
    order[at] = m


@numba.njit(cache=True, nogil=True, forceinline=True)
def take(p: PlanArrays, m: int, gained: Any) -> None:
    """Add what a module teaches."""
    for i in range(p.modules[m].teach, p.modules[m + 1].teach):
        gained[p.teaches[i].skill] += p.teaches[i].gain


@numba.njit(cache=True, nogil=True)
def sums_along(p: PlanArrays, order: Any) -> Any:
    """Return sums of gains before each module of an order, and after the last: (len(order) + 1, k)."""
    sums = np.zeros((len(order) + 1, len(p.skills) - 1))
    for at in range(len(order)):
        sums[at + 1] = sums[at]
        take(p, order[at], sums[at + 1])
    return sums


@numba.njit(cache=True, nogil=True)
def open_minutes(p: PlanArrays, order: Any) -> float:
    """Weighted gap times the minutes it stays open while modules are taken in this order."""
    gained = np.zeros(len(p.skills) - 1)
    gap, area = total_gap(p, gained), 0.0
    for m in order:
        area += p.modules[m].minutes * gap
        for i in range(p.modules[m].teach, p.modules[m + 1].teach):
            s = p.teaches[i].skill
            if p.skills[s].weight > 0.0:
                gap -= gap_of(p, s, gained[s])
                gained[s] += p.teaches[i].gain
                gap += gap_of(p, s, gained[s])
    return area


@numba.njit(cache=True, nogil=True)
def exact(p: PlanArrays, whole: bool) -> Any:
    """Return the best plan of few modules, as an ordered array; with `whole`, the best order of all modules.

    Dynamic programming over subsets (Held and Karp 1962): the best order of a set ends in some module, and
    what comes before it is the best order of the set without it. All sets that can be ordered are looked at,
    so gap, minutes, time that gaps stay open and number of modules are compared without any bound.
    """
    n, k = len(p.modules) - 1, len(p.skills) - 1
    size = 1 << n
    gained, minutes, gap = np.zeros((size, k)), np.zeros(size), np.zeros(size)
    area, ends_in = np.full(size, np.inf), np.full(size, -1, np.int8)
    needs, apart = _masks(p)
    area[0], gap[0] = 0.0, total_gap(p, gained[0])
    for members in range(1, size):
        low = 0
        while not members >> low & 1:
            low += 1
        rest = members & (members - 1)
        gained[members] = gained[rest]
        take(p, low, gained[members])
        minutes[members] = minutes[rest] + p.modules[low].minutes
        for m in range(n):
            before = members & ~(1 << m)
            if before == members or np.isinf(area[before]) or needs[m] & ~before or apart[m] & before:
                continue
            if has_gains(p, m, gained[before]):
                value = area[before] + p.modules[m].minutes * gap[before]
                # Of equal ones the larger id comes later.
                if np.isinf(area[members]) or value <= area[members] + EPSILON * (1.0 + abs(value)):
                    area[members] = min(value, area[members])
                    ends_in[members] = m
        if not np.isinf(area[members]):
            gap[members] = total_gap(p, gained[members])
    return _ordered(_best(p, whole, gap, minutes, area), ends_in)


@numba.njit(cache=True, nogil=True)
def _masks(p: PlanArrays) -> Any:
    """Return of each module, as bits, which it needs, and which it must not come after, (n,) each."""
    n = len(p.modules) - 1
    needs, apart = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for m in range(n):
        for i in range(p.modules[m].need, p.modules[m + 1].need):
            needs[m] |= 1 << p.needs[i]
        for other in range(n):
            variant = p.modules[m].group >= 0 and p.modules[other].group == p.modules[m].group
            if other != m and (variant or other == p.last):
                apart[m] |= 1 << other
    return needs, apart


@numba.njit(cache=True, nogil=True)
def _best(p: PlanArrays, whole: bool, gap: Any, minutes: Any, area: Any) -> int:
    """Return the best set: by gap, minutes, time open, number of modules, then ids."""
    size = len(gap)
    if whole:
        return size - 1 if not np.isinf(area[size - 1]) else 0
    left = np.zeros(size, np.bool_)
    n_members = np.zeros(size)
    for members in range(size):
        left[members] = not np.isinf(area[members]) and (p.last < 0 or members >> p.last & 1 == 1)
        n_members[members] = n_members[members >> 1] + (members & 1)
    for values in (gap, minutes, area, n_members):
        least = np.inf
        for members in range(size):
            if left[members]:
                least = min(least, values[members])
        for members in range(size):
            left[members] = left[members] and values[members] <= least + EPSILON * (1.0 + abs(least))
    for members in range(size):
        if left[members]:
            return members
    return 0


@numba.njit(cache=True, nogil=True)
def _ordered(members: int, ends_in: Any) -> Any:
    order = np.zeros(64, np.int64)
    n = 0
    while members:
        order[n] = ends_in[members]
        members &= ~(1 << order[n])
        n += 1
    return order[:n][::-1].copy()

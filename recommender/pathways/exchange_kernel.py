"""Plans made shorter, compiled: what is needless is taken out, then modules are exchanged."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from recommender.pathways.cover_kernel import (
    Cover,
    complete,
    enter,
    gains_of,
    may_enter,
    minutes_of,
    orderable,
)
from recommender.pathways.plan_kernel import EPSILON

N_ROUNDS: Final = 4
"""Times that each module is tried to be exchanged, at most."""


@numba.njit(cache=True, nogil=True)
def make_plan(c: Cover, inside: Any, price: Any) -> float:
    """Make a plan of a set, in place, and return its minutes, infinity where that fails.

    Lacking modules are added greedily by what they bring at the prices (k,), needless ones taken out.
    """
    gained, banned = np.zeros(len(c.target)), np.zeros(len(inside), np.bool_)
    gains_of(c.p, inside, gained)
    for m in range(len(inside)):
        if inside[m]:
            if not may_enter(c, inside, banned, m):
                return np.inf
            enter(c, inside, gained, m)
    if not complete(c, inside, gained, price, banned):
        return np.inf
    kept = np.zeros(len(inside), np.bool_)
    keep(c, inside, gained, np.inf, kept)
    prune(c, inside, gained, kept, -1)
    return minutes_of(c.p, inside)


@numba.njit(cache=True, nogil=True)
def keep(c: Cover, inside: Any, gained: Any, limit: float, kept: Any) -> bool:
    """Fill what pruning cannot take out, (n,); False, before the end, where that takes no less than `limit`.

    What targets cannot spare is kept, with what that needs and what gains it asks for cannot spare.
    """
    p, minutes = c.p, 0.0
    waiting, n_waiting, at = np.zeros(len(inside), np.int64), 0, 0
    for m in range(len(inside)):
        kept[m] = inside[m] and (c.must[m] or _is_missed(c, gained, m))
        if kept[m]:
            waiting[n_waiting] = m
            n_waiting += 1
    while at < n_waiting and minutes < limit:
        m, at = waiting[at], at + 1
        minutes += p.modules[m].minutes
        for i in range(c.up_start[m], c.up_start[m + 1]):
            n_waiting = _add(c.up[i], kept, waiting, n_waiting)
        for i in range(p.modules[m].ask, p.modules[m + 1].ask):
            spare = EPSILON - p.asks[i].level
            for j in range(c.support_start[i], c.support_start[i + 1]):
                if inside[c.support[j].module]:
                    spare += c.support[j].gain
            for j in range(c.support_start[i], c.support_start[i + 1]):
                if inside[c.support[j].module] and c.support[j].gain > spare:
                    n_waiting = _add(c.support[j].module, kept, waiting, n_waiting)
    return minutes < limit


@numba.njit(cache=True, nogil=True, forceinline=True)
def _add(m: int, kept: Any, waiting: Any, n_waiting: int) -> int:
    if not kept[m]:
        kept[m] = True
        waiting[n_waiting] = m
        n_waiting += 1
    return n_waiting


@numba.njit(cache=True, nogil=True, forceinline=True)
def _is_missed(c: Cover, gained: Any, m: int) -> bool:
    """Whether a skill would fall short of its target without a module."""
    for i in range(c.p.modules[m].teach, c.p.modules[m + 1].teach):
        s = c.p.teaches[i].skill
        if gained[s] - c.p.teaches[i].gain < c.target[s] - EPSILON:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def prune(c: Cover, inside: Any, gained: Any, kept: Any, spared: int) -> None:
    """Take out what is not needed, in the order of `dear`, `spared` last; the set stays a plan.

    `gained` (k,) are the gains of the set, and are kept up; `kept` (n,) are not looked at.
    """
    changed = True
    while changed:
        changed = False
        for at in range(len(inside) + 1):
            m = c.dear[at] if at < len(inside) else spared
            if m < 0 or not inside[m] or kept[m] or (m == spared and at < len(inside)):
                continue
            if not _is_missed(c, gained, m) and not np.any(inside & c.above[:, m]):
                inside[m] = False
                if orderable(c, inside):
                    changed = True
                    for i in range(c.p.modules[m].teach, c.p.modules[m + 1].teach):
                        gained[c.p.teaches[i].skill] -= c.p.teaches[i].gain
                else:
                    inside[m] = True


@numba.njit(cache=True, nogil=True)
def exchange(c: Cover, inside: Any, price: Any, reduced: Any, bound: float) -> float:
    """Make a plan shorter, in place, by exchanging modules while that helps; return its minutes.

    One is taken out and what then lacks is added at the prices (k,); or one is added, see `_bring`. Those
    that cost least beyond what they are worth come first. What cannot help by reduced costs (n,) and the
    lower bound of minutes, see `reduce_costs`, is not tried.
    """
    best, idle, order = minutes_of(c.p, inside), 0, np.argsort(reduced, kind="mergesort")
    for turn in range(N_ROUNDS * len(order)):
        m, before = order[turn % len(order)], best
        if inside[m] and bound - reduced[m] < best:
            best = _swap(c, inside, m, -1, price, best)
        elif not inside[m] and bound + reduced[m] < best and _serves(c, inside, m):
            best = _bring(c, inside, m, price, reduced, bound, best)
        idle = 0 if best < before else idle + 1
        if idle == len(order):
            break
    return best


@numba.njit(cache=True, nogil=True)
def _bring(c: Cover, inside: Any, m: int, price: Any, reduced: Any, bound: float, best: float) -> float:
    """Put a module in and take out what it spares, or one after the other what teaches the same."""
    p, with_it = c.p, bound + max(reduced[m], 0.0)
    best = _swap(c, inside, -1, m, price, best)
    for i in range(p.modules[m].teach, p.modules[m + 1].teach):
        s = p.teaches[i].skill
        for j in range(p.skills[s].by, p.skills[s + 1].by):
            other = p.by[j].module
            may = inside[other] and not inside[m] and not c.above[m, other]
            if may and with_it - min(reduced[other], 0.0) < best:
                best = _swap(c, inside, other, m, price, best)
    return best


@numba.njit(cache=True, nogil=True)
def _serves(c: Cover, inside: Any, m: int) -> bool:
    """Whether a module teaches something that has a target or that a module of the set asks for."""
    p, serves = c.p, False
    for i in range(p.modules[m].teach, p.modules[m + 1].teach):
        serves |= c.target[p.teaches[i].skill] > 0.0
    for other in range(len(inside)):
        if inside[other] and not serves:
            for i in range(p.modules[other].ask, p.modules[other + 1].ask):
                for j in range(p.modules[m].teach, p.modules[m + 1].teach):
                    serves |= p.asks[i].skill == p.teaches[j].skill
    return serves


@numba.njit(cache=True, nogil=True)
def _swap(c: Cover, inside: Any, gone: int, come: int, price: Any, best: float) -> float:
    """Take one module out for good and put one in, -1 for none; return minutes, `best` where not fewer."""
    trial, banned, kept = inside.copy(), np.zeros(len(inside), np.bool_), np.zeros(len(inside), np.bool_)
    gained = np.zeros(len(c.target))
    if gone >= 0:
        banned[gone] = True
    if not _exchanged(c, trial, banned, gone, come):
        return best
    gains_of(c.p, trial, gained)
    lacks = 0.0
    for s in range(len(gained)):
        lacks = max(lacks, (c.target[s] - gained[s]) * c.by_minute[s])
    if not keep(c, trial, gained, best - lacks, kept):
        return best
    if not complete(c, trial, gained, price, banned) or not keep(c, trial, gained, best, kept):
        return best
    prune(c, trial, gained, kept, come)
    minutes = minutes_of(c.p, trial)
    if minutes < best - EPSILON * (1.0 + minutes):
        inside[:] = trial
        return minutes
    return best


@numba.njit(cache=True, nogil=True)
def _exchanged(c: Cover, inside: Any, banned: Any, gone: int, come: int) -> bool:
    """Take out a module and what needs it, and put in one and what it needs, without variants."""
    if gone >= 0 and not _leave(c, inside, gone):
        return False
    if come < 0:
        return True
    for other in range(len(inside)):
        variant = c.p.modules[come].group >= 0 and c.p.modules[other].group == c.p.modules[come].group
        if inside[other] and variant and not _leave(c, inside, other):
            return False
    if not may_enter(c, inside, banned, come):
        return False
    inside[c.up[c.up_start[come] : c.up_start[come + 1]]] = True
    return True


@numba.njit(cache=True, nogil=True)
def _leave(c: Cover, inside: Any, m: int) -> bool:
    """Take out a module and all that need it; False where one of them must stay."""
    may = True
    for other in range(len(inside)):
        if inside[other] and (other == m or c.above[other, m]):
            may &= not c.must[other]
            inside[other] = False
    return may

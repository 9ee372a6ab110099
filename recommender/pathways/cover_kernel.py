"""Sets of modules completed to plans by greedy covering, compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from recommender.pathways.plan_kernel import EPSILON, PlanArrays, reach, take


class Cover(NamedTuple):
    """A problem with what covering reads beside it.

    Parameters
    ----------
    p : PlanArrays
    above : bool array, shape (n, n)
        ``[m, needed]``, over all steps.
    up_start, up : arrays
        The same as lists, each with the module itself.
    reached : int64 array, shape (n,)
        An order in which all modules can be taken, but for variants.
    support_start, support : arrays
        What can make the gains of each of ``p.asks``, see `recommender.pathways.rows_kernel.write_support`.
    target : float64 array, shape (k,)
    must : bool array, shape (n,)
        Modules that are never taken out.
    dear : int64 array, shape (n,)
        Modules in the order in which they are tried to be taken out.
    by_minute : float64 array, shape (k,)
        Least minutes for a gain of 1 on each skill.
    """

    p: PlanArrays
    above: Any
    up_start: Any
    up: Any
    reached: Any
    support_start: Any
    support: Any
    target: Any
    must: Any
    dear: Any
    by_minute: Any


@numba.njit(cache=True, nogil=True)
def gains_of(p: PlanArrays, inside: Any, gained: Any) -> None:
    """Fill the sums of gains of a set, (k,)."""
    gained[:] = 0.0
    for m in range(len(inside)):
        if inside[m]:
            take(p, m, gained)


@numba.njit(cache=True, nogil=True)
def minutes_of(p: PlanArrays, inside: Any) -> float:
    """Minutes of a set."""
    total = 0.0
    for m in range(len(inside)):
        if inside[m]:
            total += p.modules[m].minutes
    return total


@numba.njit(cache=True, nogil=True)
def orderable(c: Cover, inside: Any) -> bool:
    """Whether a set can be taken in some order."""
    done, order = np.zeros(len(inside), np.bool_), np.zeros(len(inside), np.int64)
    gained = np.zeros(len(c.target))
    return bool(reach(c.p, inside, c.reached, done, gained, order) == inside.sum())


@numba.njit(cache=True, nogil=True, forceinline=True)
def may_enter(c: Cover, inside: Any, banned: Any, m: int) -> bool:
    """Whether a module and what it needs may be taken: none is banned or a variant of what is there."""
    for j in range(c.up_start[m], c.up_start[m + 1]):
        a = c.up[j]
        if inside[a]:
            continue
        if banned[a]:
            return False
        if c.p.modules[a].group >= 0:
            for other in range(len(inside)):
                variant = other != a and c.p.modules[other].group == c.p.modules[a].group
                if variant and (inside[other] or other == m or c.above[m, other]):
                    return False
    return True


@numba.njit(cache=True, nogil=True, forceinline=True)
def enter(c: Cover, inside: Any, gained: Any, m: int) -> None:
    """Put in a module and what it needs, and add what they teach."""
    for j in range(c.up_start[m], c.up_start[m + 1]):
        if not inside[c.up[j]]:
            inside[c.up[j]] = True
            take(c.p, c.up[j], gained)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _worth(c: Cover, inside: Any, gained: Any, price: Any, lack: Any, m: int, added: Any) -> float:
    """Value of what a module and all it needs bring, at the prices of `lack`, per minute they take.

    Gains that it asks for and that are not there yet are counted in minutes by what they cost at least.
    """
    p, minutes, value = c.p, 0.0, 0.0
    for j in range(c.up_start[m], c.up_start[m + 1]):
        if not inside[c.up[j]]:
            minutes += p.modules[c.up[j]].minutes
            take(p, c.up[j], added)
    for j in range(c.up_start[m], c.up_start[m + 1]):
        a = c.up[j]
        if not inside[a]:
            for i in range(p.modules[a].ask, p.modules[a + 1].ask):
                s = p.asks[i].skill
                minutes += max(0.0, p.asks[i].level - gained[s] - added[s]) * c.by_minute[s]
    for j in range(c.up_start[m], c.up_start[m + 1]):
        a = c.up[j]
        if not inside[a]:
            for i in range(p.modules[a].teach, p.modules[a + 1].teach):
                s = p.teaches[i].skill
                if added[s] > 0.0:
                    value += price[s] * min(max(lack[s], 0.0), added[s])
                    added[s] = 0.0
    return value / (minutes + EPSILON)


@numba.njit(cache=True, nogil=True)
def _best(c: Cover, inside: Any, gained: Any, price: Any, lack: Any, banned: Any, not_above: int) -> int:
    """Return the module whose value per minute is largest, of ties the first id; -1 where nothing helps."""
    best, most = -1, 0.0
    added, useful = np.zeros(len(lack)), np.zeros(len(inside), np.bool_)
    for s in range(len(lack)):
        if lack[s] > EPSILON:
            for i in range(c.p.skills[s].by, c.p.skills[s + 1].by):
                useful[c.p.by[i].module] = True
    for m in range(len(inside)):
        if not useful[m] or inside[m] or (not_above >= 0 and (m == not_above or c.above[m, not_above])):
            continue
        if may_enter(c, inside, banned, m):
            worth = _worth(c, inside, gained, price, lack, m, added)
            if worth > most * (1.0 + EPSILON):
                best, most = m, worth
    return best


@numba.njit(cache=True, nogil=True)
def complete(c: Cover, inside: Any, gained: Any, price: Any, banned: Any) -> bool:
    """Add modules until all targets are reached and the set can be ordered; False where that fails.

    What modules of the set need must be in it; `gained` (k,) are its gains, and are kept up.
    """
    n, k = len(inside), len(c.target)
    lack, placed_gains = np.zeros(k), np.zeros(k)
    done, order = np.zeros(n, np.bool_), np.zeros(n, np.int64)
    after = 0
    while True:
        waiting, short = -1, False
        for s in range(k):
            lack[s] = c.target[s] - gained[s]
            short = short or lack[s] > EPSILON
        if not short:
            if reach(c.p, inside, c.reached, done, placed_gains, order) == inside.sum():
                return True
            waiting = _waiting(c, inside, done, placed_gains, after, lack)
            if waiting < 0:
                return False
        best = _best(c, inside, gained, price, lack, banned, waiting)
        if best >= 0:
            enter(c, inside, gained, best)
            after = 0
        elif waiting >= 0:
            after = waiting + 1
        else:
            return False


@numba.njit(cache=True, nogil=True)
def _waiting(c: Cover, inside: Any, done: Any, gained: Any, after: int, lack: Any) -> int:
    """Return the first module from `after` on that waits for gains, and fill what it lacks; -1 for none."""
    p = c.p
    lack[:] = 0.0
    for m in range(after, len(inside)):
        if inside[m] and not done[m]:
            for i in range(p.modules[m].ask, p.modules[m + 1].ask):
                s = p.asks[i].skill
                if gained[s] < p.asks[i].level - EPSILON:
                    lack[s] = p.asks[i].level - gained[s]
                    return m
    return -1

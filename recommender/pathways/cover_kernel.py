"""Plans of any size by greedy covering, compiled: complete, repair, prune, exchange."""

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
def covers(c: Cover, gained: Any) -> bool:
    """Whether every skill reaches its target."""
    return bool(np.all(gained >= c.target - EPSILON))


@numba.njit(cache=True, nogil=True)
def orderable(c: Cover, inside: Any) -> bool:
    """Whether a set can be taken in some order."""
    done, order = np.zeros(len(inside), np.bool_), np.zeros(len(inside), np.int64)
    gained = np.zeros(len(c.target))
    return bool(reach(c.p, inside, done, gained, order) == inside.sum())


@numba.njit(cache=True, nogil=True)
def _may_enter(c: Cover, inside: Any, banned: Any, m: int) -> bool:
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


@numba.njit(cache=True, nogil=True)
def _enter(c: Cover, inside: Any, gained: Any, m: int) -> None:
    for j in range(c.up_start[m], c.up_start[m + 1]):
        if not inside[c.up[j]]:
            inside[c.up[j]] = True
            take(c.p, c.up[j], gained)


@numba.njit(cache=True, nogil=True)
def _worth(c: Cover, inside: Any, gained: Any, price: Any, lack: Any, m: int, added: Any) -> float:
    """Value of what a module and all it needs bring, at the prices of `lack`, per minute they take.

    Gains that it asks for and that are not there yet are counted in minutes by what they cost at least.
    """
    p, minutes, value = c.p, 0.0, 0.0
    up = c.up[c.up_start[m] : c.up_start[m + 1]]
    for a in up:
        if not inside[a]:
            minutes += p.modules[a].minutes
            take(p, a, added)
    for a in up:
        if not inside[a]:
            for i in range(p.modules[a].ask, p.modules[a + 1].ask):
                s = p.asks[i].skill
                minutes += max(0.0, p.asks[i].level - gained[s] - added[s]) * c.by_minute[s]
    for a in up:
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
    added = np.zeros(len(lack))
    for m in range(len(inside)):
        if inside[m] or banned[m] or (not_above >= 0 and (m == not_above or c.above[m, not_above])):
            continue
        useful = False
        for i in range(c.p.modules[m].teach, c.p.modules[m + 1].teach):
            useful = useful or lack[c.p.teaches[i].skill] > EPSILON
        if useful and _may_enter(c, inside, banned, m):
            worth = _worth(c, inside, gained, price, lack, m, added)
            if worth > most * (1.0 + EPSILON):
                best, most = m, worth
    return best


@numba.njit(cache=True, nogil=True)
def complete(c: Cover, inside: Any, price: Any, banned: Any) -> bool:
    """Add modules until all targets are reached and the set can be ordered; False where that fails."""
    n, k = len(inside), len(c.target)
    gained, lack, placed_gains = np.zeros(k), np.zeros(k), np.zeros(k)
    done, order = np.zeros(n, np.bool_), np.zeros(n, np.int64)
    gains_of(c.p, inside, gained)
    for m in range(n):
        if inside[m]:
            if not _may_enter(c, inside, banned, m):
                return False
            _enter(c, inside, gained, m)
    after = 0
    while True:
        waiting = -1
        lack[:] = c.target - gained
        if covers(c, gained):
            if reach(c.p, inside, done, placed_gains, order) == inside.sum():
                return True
            waiting = _waiting(c, inside, done, placed_gains, after, lack)
            if waiting < 0:
                return False
        best = _best(c, inside, gained, price, lack, banned, waiting)
        if best >= 0:
            _enter(c, inside, gained, best)
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


@numba.njit(cache=True, nogil=True)
def prune(c: Cover, inside: Any, spared: int) -> None:  # noqa: C901
    """Take out what is not needed, in the order of `dear`, `spared` last; the set stays a plan."""
    p, n = c.p, len(inside)
    gained = np.zeros(len(c.target))
    gains_of(p, inside, gained)
    # Skills that modules of the set ask for, and how many of the set need a module, itself included.
    asks, n_needing = np.zeros(len(c.target), np.bool_), np.zeros(n, np.int64)
    for m in range(n):
        if inside[m]:
            for j in range(c.up_start[m], c.up_start[m + 1]):
                n_needing[c.up[j]] += 1
            for i in range(p.modules[m].ask, p.modules[m + 1].ask):
                asks[p.asks[i].skill] = True
    changed = True
    while changed:
        changed = False
        for at in range(n + 1):
            m = c.dear[at] if at < n else spared
            if m < 0 or not inside[m] or c.must[m] or (m == spared and at < n):
                continue
            needed, asked = n_needing[m] > 1, False
            for i in range(p.modules[m].teach, p.modules[m + 1].teach):
                s = p.teaches[i].skill
                needed = needed or gained[s] - p.teaches[i].gain < c.target[s] - EPSILON
            if needed:
                continue
            inside[m] = False
            for i in range(p.modules[m].teach, p.modules[m + 1].teach):
                asked = asked or asks[p.teaches[i].skill]
            if asked and not orderable(c, inside):
                inside[m] = True
                continue
            for i in range(p.modules[m].teach, p.modules[m + 1].teach):
                gained[p.teaches[i].skill] -= p.teaches[i].gain
            for j in range(c.up_start[m], c.up_start[m + 1]):
                n_needing[c.up[j]] -= 1
            changed = True


@numba.njit(cache=True, nogil=True)
def improve(c: Cover, inside: Any, price: Any, tried: Any) -> float:
    """Make a plan of a set, in place, and then a shorter one; return its minutes, infinity without a plan.

    Lacking modules are added greedily, needless ones taken out. Then modules of `tried` are exchanged, each
    once and in this order: one of the plan is taken out and what then lacks is added, or one is added and
    what it spares is taken out.
    """
    p, n = c.p, len(inside)
    best = np.inf
    banned = np.zeros(n, np.bool_)
    for turn in range(-1, len(tried)):
        trial, m, out = inside.copy(), -1, False
        if turn >= 0:
            m = tried[turn]
            out = inside[m]
            if c.must[m]:
                continue
            for other in range(n):
                variant = p.modules[m].group >= 0 and p.modules[other].group == p.modules[m].group
                if (out and c.above[other, m]) or (not out and variant and not c.must[other]):
                    trial[other] = False
            trial[m] = not out
            banned[m] = out
        if complete(c, trial, price, banned):
            prune(c, trial, -1 if out else m)
            minutes = minutes_of(p, trial)
            if minutes < best - EPSILON * (1.0 + minutes):
                best = minutes
                inside[:] = trial
        elif turn < 0:
            return best
        if m >= 0:
            banned[m] = False
    return best

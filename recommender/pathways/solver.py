"""From a problem to a plan: exact where it is small, else targets, covering, bounds and an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender.domain.catalog import Floats
from recommender.pathways.arrays import Bools, Positions, only
from recommender.pathways.order_kernel import NEW, improve_order, is_order, soonest
from recommender.pathways.plan_kernel import EPSILON, PlanArrays, exact, reach, take, total_gap
from recommender.pathways.rows_kernel import ancestors_of
from recommender.pathways.search import cheapest, keeping

EXACT_MODULES: Final = 14
"""So many modules are planned, or a plan of so many is ordered, exactly: 2^14 sets are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Modules of a problem in order, and what they come to.

    Parameters
    ----------
    order : int64 array
    gap : float
        Weighted gap that stays open.
    minutes : float
    kept : bool
        It keeps the modules of a previous plan.
    """

    order: Positions
    gap: float
    minutes: float
    kept: bool = False


def solve(p: PlanArrays, previous: Sequence[int] = (), stability: float = 0.0) -> Plan:
    """Plan a problem, see `recommender.pathways.problem`.

    Parameters
    ----------
    p : PlanArrays
        Of modules that can all be reached.
    previous : sequence of int
        Modules of the previous plan that are part of the problem, in its order. They are kept unless they are
        needless, or a new plan leaves less open or saves more than `stability` of the minutes; either way
        modules of both plans keep their order as far as prerequisites allow.
    stability : float
        Share of minutes, [0, 1).
    """
    n = len(p.modules) - 1
    if n == 0:
        return _plan(p, np.zeros(0, np.int64))
    if n <= EXACT_MODULES:
        fresh, reached, target = _plan(p, exact(p, False)), None, None
    else:
        first, reached, target = targets_of(p)
        chosen = cheapest(p, reached, target, first)
        fresh = _plan(p, _in_order(p, chosen, reached))
    if not previous:
        return fresh
    if reached is None or target is None:
        _, reached, target = targets_of(p)
    rank = np.full(n, NEW, np.int64)
    rank[list(previous)] = np.arange(len(previous))
    if p.last >= 0:
        rank[p.last] = NEW
    keep = np.zeros(n, np.bool_)
    keep[list(previous)] = True
    inside = keeping(p, reached, target, keep)
    stayed = _plan(p, _in_rank(p, inside, reached, rank), kept=True)
    worse = stayed.gap > fresh.gap + EPSILON * (1.0 + fresh.gap)
    dearer = fresh.minutes < (1.0 - stability) * stayed.minutes - EPSILON
    failed = len(stayed.order) == 0 and len(fresh.order) > 0
    if failed or worse or dearer:
        return _plan(p, _in_rank(p, _set_of(n, fresh.order), reached, rank))
    return stayed


def _plan(p: PlanArrays, order: Positions, kept: bool = False) -> Plan:
    gained = np.zeros(len(p.skills) - 1)
    for m in order:
        take(p, m, gained)
    return Plan(order, float(total_gap(p, gained)), float(p.modules["minutes"][order].sum()), kept)


def _set_of(n: int, order: Positions) -> Bools:
    inside = np.zeros(n, np.bool_)
    inside[order] = True
    return inside


def targets_of(p: PlanArrays) -> tuple[Bools, Positions, Floats]:
    """Return a plan that leaves least open, all modules with needed ones first, and its gains up to the need.

    Without variants the plan is everything. Of variants one is chosen per group: those that teach most, then
    exchanged one by one while that closes more.
    """
    n, k = len(p.modules) - 1, len(p.skills) - 1
    done, gained, order = np.zeros(n, np.bool_), np.zeros(k), np.zeros(n, np.int64)
    reach(p, np.ones(n, np.bool_), done, gained, order)
    every = order.copy()
    group, skills = p.modules["group"][:-1], p.skills[:-1]
    groups = [np.flatnonzero(group == g) for g in np.unique(group[group >= 0])]
    groups = [members for members in groups if len(members) > 1]
    wanted = np.ones(n, np.bool_)
    if groups:
        by_module = np.repeat(np.arange(n), np.diff(p.modules["teach"]))
        worth = np.bincount(by_module, skills["weight"][p.teaches["skill"]] * p.teaches["gain"], n)
        if p.last >= 0:
            worth[p.last] = np.inf

        def gap(members: Positions, m: int) -> float:
            trial = wanted.copy()
            trial[members] = False
            trial[m] = True
            reach(p, trial, done, gained, order)
            lost = p.last >= 0 and not done[p.last]
            return float(total_gap(p, gained)) + (1e9 if lost else 0.0)

        for members in groups:
            wanted[members] = False
            wanted[members[np.argmax(worth[members])]] = True
        changed, rounds = True, 0
        while changed and rounds < len(groups):
            changed, rounds = False, rounds + 1
            for members in groups:
                present = int(members[wanted[members]][0])
                least = gap(members, present)
                for m in members.tolist():
                    if m != present and (now := gap(members, m)) < least - EPSILON:
                        least, changed = now, True
                        wanted[members] = False
                        wanted[m] = True
        reach(p, wanted, done, gained, order)
    need = np.zeros(k)
    left = 1.0 - skills["required"]
    asked = (skills["weight"] > 0) & (skills["unmastered"] > left + EPSILON)
    with np.errstate(divide="ignore"):
        need[asked] = np.log(skills["unmastered"][asked]) - np.log(left[asked])
    return done.copy(), every, np.minimum(need, gained)


def _in_order(p: PlanArrays, inside: Bools, reached: Positions) -> Positions:
    members = np.flatnonzero(inside)
    if len(members) <= EXACT_MODULES:
        order: Positions = members[exact(only(p, members), True)]
        return order
    order = soonest(p, inside, ancestors_of(p, reached), np.full(len(inside), NEW, np.int64))
    improve_order(p, order)
    return order


def _in_rank(p: PlanArrays, inside: Bools, reached: Positions, rank: Positions) -> Positions:
    order: Positions = soonest(p, inside, ancestors_of(p, reached), rank)
    return order if len(order) == inside.sum() and is_order(p, order) else _in_order(p, inside, reached)

"""From a problem to a plan: exact where it is small, else targets, covering, bounds and an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender.domain.catalog import Floats
from recommender.pathways.arrays import Bools, Positions, only
from recommender.pathways.order_kernel import NEW, improve_order, is_order, soonest
from recommender.pathways.plan_kernel import EPSILON, PlanArrays, exact, reach, sums_along, total_gap
from recommender.pathways.rows_kernel import ancestors_of
from recommender.pathways.search import cheapest, keeping
from recommender.pathways.variant_kernel import choose_variants

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
    gained = sums_along(p, order)[-1]
    return Plan(order, float(total_gap(p, gained)), float(p.modules["minutes"][order].sum()), kept)


def _set_of(n: int, order: Positions) -> Bools:
    inside = np.zeros(n, np.bool_)
    inside[order] = True
    return inside


def targets_of(p: PlanArrays) -> tuple[Bools, Positions, Floats]:
    """Return a plan that leaves least open, all modules with needed ones first, and its gains up to the need.

    Without variants the plan is everything.
    """
    n, k = len(p.modules) - 1, len(p.skills) - 1
    group, skills = p.modules["group"][:-1], p.skills[:-1]
    done, gained, reached = np.zeros(n, np.bool_), np.zeros(k), np.zeros(n, np.int64)
    reach(p, np.ones(n, np.bool_), np.arange(n), done, gained, reached)
    by_group = np.argsort(group, kind="stable")[np.count_nonzero(group < 0) :]
    if len(by_group):
        wanted = choose_variants(p, reached, by_group)
        reach(p, wanted, reached, done, gained, np.zeros(n, np.int64))
    need = np.zeros(k)
    left = 1.0 - skills["required"]
    asked = (skills["weight"] > 0) & (skills["unmastered"] > left + EPSILON)
    with np.errstate(divide="ignore"):
        need[asked] = np.log(skills["unmastered"][asked]) - np.log(left[asked])
    return done, reached, np.minimum(need, gained)


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

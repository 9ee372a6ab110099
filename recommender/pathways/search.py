"""Plans of many modules: prices by relaxation, greedy plans at them, exchanges, then branch and bound."""

from __future__ import annotations

from typing import Final

import numpy as np

from recommender.domain.catalog import Floats
from recommender.pathways.arrays import Bools, Positions
from recommender.pathways.branch_kernel import branch
from recommender.pathways.cover_kernel import Cover
from recommender.pathways.exchange_kernel import exchange, make_plan
from recommender.pathways.plan_kernel import BY, EPSILON, PlanArrays
from recommender.pathways.rows_kernel import (
    BY_MODULE,
    CELL,
    ROW,
    Rows,
    ancestors_of,
    ascend,
    reduce_costs,
    settle,
    write_rows,
    write_support,
)

N_GREEDY: Final = 5
"""Greedy plans, each at the prices that the ascent has come to."""
N_STARTS: Final = 3
"""Plans, the shortest, from which modules are exchanged."""


def cover_of(p: PlanArrays, reached: Positions, target: Floats) -> Cover:
    """Put beside a problem what covering reads.

    Parameters
    ----------
    p : PlanArrays
    reached : int64 array
        All modules, needed ones first.
    target : float64 array, shape (k,)
        Sum of gains each skill shall reach, 0 for none.
    """
    n, k = len(p.modules) - 1, len(target)
    above = ancestors_of(p, reached)
    start, up = np.nonzero(above | np.eye(n, dtype=np.bool_))
    by_minute = np.full(k, np.inf)
    skill = np.repeat(np.arange(k), np.diff(p.skills["by"]))
    np.minimum.at(by_minute, skill, p.modules["minutes"][p.by["module"]] / p.by["gain"])
    by_minute[np.isinf(by_minute)] = 0.0
    # The dearest first, of equally dear ones the last id.
    dear = np.argsort(p.modules["minutes"][:-1], kind="stable")[::-1].copy()
    up_start = np.searchsorted(start, np.arange(n + 1))
    n_teaching = np.diff(p.skills["by"])[p.asks["skill"]]
    support_start, support = np.zeros(len(p.asks) + 1, np.int64), np.zeros(n_teaching.sum(), BY)
    write_support(p, above, support_start, support)
    return Cover(
        p,
        above,
        up_start,
        up,
        reached,
        support_start,
        support,
        target,
        np.zeros(n, np.bool_),
        dear,
        by_minute,
    )


def rows_of(cover: Cover) -> Rows:
    """Write the rows of a problem, see `recommender.pathways.rows_kernel`."""
    p, n, k = cover.p, len(cover.must), len(cover.target)
    rows = np.zeros(k + len(p.needs) + len(p.asks) + n + 1, ROW)
    cells = np.zeros(len(p.by) + 2 * len(p.needs) + len(cover.support) + len(p.asks) + n, CELL)
    n_rows, n_cells = write_rows(p, cover.support_start, cover.support, cover.target, rows, cells)
    rows, cells = rows[: n_rows + 1], cells[:n_cells]
    order = np.argsort(cells["module"], kind="stable")
    by = np.zeros(n_cells, BY_MODULE)
    by["row"] = np.repeat(np.arange(n_rows), np.diff(rows["start"]))[order]
    by["coefficient"] = cells["coefficient"][order]
    return Rows(rows, cells, np.searchsorted(cells["module"][order], np.arange(n + 1)), by)


def cheapest(p: PlanArrays, reached: Positions, target: Floats, first: Bools) -> Bools:
    """Return a plan that reaches all targets in few minutes, as a set, shape (n,).

    Parameters
    ----------
    p, reached, target
        As in `cover_of`.
    first : bool array, shape (n,)
        A plan that reaches the targets.
    """
    cover = cover_of(p, reached, target)
    rows = rows_of(cover)
    n, k, n_rows = len(first), len(target), len(rows.rows) - 1
    value = np.full(n, -1, np.int8)
    if p.last >= 0:
        value[p.last] = 1
    if not settle(rows, value):
        return first
    cover.must[:] = value == 1
    plans, usual = [first.copy()], cover.by_minute + EPSILON
    minutes = [make_plan(cover, plans[0], usual)]
    price, reduced = np.zeros(n_rows), np.zeros(n)
    price[:k] = np.where(target > 0, cover.by_minute, 0.0)
    kept, bound, pace = price.copy(), -np.inf, 1.0
    for _ in range(N_GREEDY):
        trial = cover.must.copy()
        took = make_plan(cover, trial, price[:k] + EPSILON)
        if np.isfinite(took) and not any(np.array_equal(trial, plan) for plan in plans):
            plans.append(trial)
            minutes.append(took)
        least = min(minutes)
        bound, pace = ascend(p, rows, value, price, kept, bound, least, pace)
        if bound >= least - EPSILON * (1.0 + least):
            return plans[minutes.index(least)]
    reduce_costs(p, rows, kept, value, reduced)
    starts = [plans[i] for i in np.argsort(minutes, kind="stable")[:N_STARTS]]
    minutes = [exchange(cover, plan, usual, reduced, bound) for plan in starts]
    best: Bools = starts[int(np.argmin(minutes))]
    branch(cover, rows, kept, value, best)
    return best


def keeping(p: PlanArrays, reached: Positions, target: Floats, kept: Bools) -> Bools:
    """Return the plan that keeps modules unless they are needless, shape (n,); an empty one where that fails.

    What lacks is added greedily; what is not needed is taken out, added modules before kept ones.
    """
    cover = cover_of(p, reached, target)
    inside = kept.copy()
    if p.last >= 0:
        inside[p.last] = cover.must[p.last] = True
    kept_last = np.argsort(kept[cover.dear], kind="stable")
    cover = cover._replace(dear=cover.dear[kept_last])
    if np.isinf(make_plan(cover, inside, cover.by_minute + EPSILON)):
        return np.zeros(len(kept), np.bool_)
    return inside

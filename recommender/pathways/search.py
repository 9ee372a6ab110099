"""Plans of many modules: prices by relaxation, greedy plans at them, exchanges, then branch and bound."""

from __future__ import annotations

from typing import Final

import numpy as np

from recommender.domain.catalog import Floats
from recommender.pathways.arrays import Bools, Positions
from recommender.pathways.branch_kernel import branch
from recommender.pathways.cover_kernel import Cover, improve
from recommender.pathways.plan_kernel import EPSILON, PlanArrays
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
)

N_GREEDY: Final = 15
"""Greedy plans, each at the prices that the ascent has come to."""
N_ROUNDS: Final = 4
"""Rounds of exchanges at most, in turn by least minutes of each skill and by prices."""
N_TRIED: Final = 40
"""Modules outside the plan that are tried in each round."""
_NONE: Final = np.zeros(0, np.int64)


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
    return Cover(p, above, up_start, up, target, np.zeros(n, np.bool_), dear, by_minute)


def rows_of(p: PlanArrays, above: Bools, target: Floats) -> Rows:
    """Write the rows of a problem, see `recommender.pathways.rows_kernel`."""
    n = len(p.modules) - 1
    of_skill = np.diff(p.skills["by"])
    size = len(p.by) + 2 * len(p.needs) + n + int((1 + of_skill[p.asks["skill"]]).sum())
    rows = np.zeros(len(target) + len(p.needs) + len(p.asks) + n + 1, ROW)
    cells = np.zeros(size, CELL)
    n_rows, n_cells = write_rows(p, above, target, rows, cells)
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
    rows = rows_of(p, cover.above, target)
    n, k, n_rows = len(first), len(target), len(rows.rows) - 1
    value = np.full(n, -1, np.int8)
    if p.last >= 0:
        value[p.last] = 1
    if not settle(rows, value):
        return first
    cover.must[:] = value == 1
    best = first.copy()
    least = improve(cover, best, cover.by_minute + EPSILON, _NONE)
    price, reduced = np.zeros(n_rows), np.zeros(n)
    price[:k] = np.where(target > 0, cover.by_minute, 0.0)
    kept, bound, pace = price.copy(), -np.inf, 1.0
    for _ in range(N_GREEDY):
        trial = cover.must.copy()
        minutes = improve(cover, trial, price[:k] + EPSILON, _NONE)
        if minutes < least - EPSILON * (1.0 + minutes):
            best, least = trial, minutes
        bound, pace = ascend(p, rows, value, price, kept, bound, least, pace)
        if bound >= least - EPSILON * (1.0 + least):
            return best
    reduce_costs(p, rows, kept, value, reduced)
    # What is in the plan, and of the rest what is worth most.
    promising = np.argsort(np.where(best, -np.inf, reduced), kind="stable")[: best.sum() + N_TRIED]
    idle = 0
    for turn in range(N_ROUNDS):
        minutes = improve(cover, best, (kept[:k] if turn % 2 else cover.by_minute) + EPSILON, promising)
        idle = idle + 1 if minutes >= least - EPSILON * (1.0 + least) else 0
        least = minutes
        if idle == 2:
            break
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
    if np.isinf(improve(cover, inside, cover.by_minute + EPSILON, _NONE)):
        return np.zeros(len(kept), np.bool_)
    return inside

"""A plan as an integer linear program, and lower bounds of its minutes, compiled.

Which modules x_m in {0, 1} take least minutes while every row ``sum_m coefficient x_m >= least`` holds:

- a skill to be brought to its target: ``sum_m min(gain_ms, target_s) x_m >= target_s``;
- a module needed: ``x_needed - x_m >= 0``;
- gains asked for before a module: ``sum_j min(gain_js, level) x_j - level x_m >= 0`` over j that neither need
  m nor come last nor ask for as much of the same skill: before these others must have made the gains;
- variants: ``-sum_m x_m >= -1``.

That asked gains come *before* a module is more than the rows say: they are a relaxation, and plans are
checked by ordering them. Gains are cut off at what is asked for, which loses no plan and tightens bounds.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np

from recommender.pathways.plan_kernel import EPSILON, PlanArrays

N_STEPS: Final = 20
"""Steps of ascent between two greedy plans."""

ROW: Final = np.dtype([("start", np.int64), ("least", np.float64)])
CELL: Final = np.dtype([("module", np.int64), ("coefficient", np.float64)])
BY_MODULE: Final = np.dtype([("row", np.int64), ("coefficient", np.float64)])


class Rows(NamedTuple):
    """Sparse rows: `cells` from the start of a row to that of the next; the same by module.

    Row s of the first k is that of skill s, whether or not it has a target. The last of `rows` (n_rows + 1,)
    only ends the one before; `by` of module m is ``by[by_start[m]:by_start[m + 1]]``.
    """

    rows: Any
    cells: Any
    by_start: Any
    by: Any


@numba.njit(cache=True, nogil=True)
def ancestors_of(p: PlanArrays, order: Any) -> Any:
    """Return which modules each needs, over all steps: (n, n), ``[m, needed]``; `order` puts needed first."""
    n = len(p.modules) - 1
    above = np.zeros((n, n), np.bool_)
    for m in order:
        for i in range(p.modules[m].need, p.modules[m + 1].need):
            above[m, p.needs[i]] = True
            for a in range(n):
                above[m, a] |= above[p.needs[i], a]
    return above


@numba.njit(cache=True, nogil=True)
def write_support(p: PlanArrays, above: Any, start: Any, support: Any) -> None:
    """Write of each of `p.asks` what can make the gains, and where its rows start, (len(p.asks) + 1,)."""
    at = 0
    for m in range(len(p.modules) - 1):
        for i in range(p.modules[m].ask, p.modules[m + 1].ask):
            s, level = p.asks[i].skill, p.asks[i].level
            for j in range(p.skills[s].by, p.skills[s + 1].by):
                other = p.by[j].module
                if other != m and other != p.last and not above[other, m] and not _asks(p, other, s, level):
                    support[at].module, support[at].gain = other, p.by[j].gain
                    at += 1
            start[i + 1] = at


@numba.njit(cache=True, nogil=True)
def _asks(p: PlanArrays, m: int, s: int, level: float) -> bool:
    """Whether a module asks for no less of a skill."""
    asks = False
    for i in range(p.modules[m].ask, p.modules[m + 1].ask):
        asks |= p.asks[i].skill == s and p.asks[i].level >= level
    return asks


@numba.njit(cache=True, nogil=True)
def write_rows(p: PlanArrays, start: Any, support: Any, target: Any, rows: Any, cells: Any) -> Any:
    """Write the rows of a problem and return how many rows and cells there are.

    `target` (k,) is the sum of gains each skill shall reach, 0 for none; `start` and `support` are those of
    `write_support`; `rows` are zeros.
    """
    at = 0
    for s in range(len(target)):
        if target[s] > 0.0:
            rows[s].least = target[s]
            for i in range(p.skills[s].by, p.skills[s + 1].by):
                at = _write(cells, at, p.by[i].module, min(p.by[i].gain, target[s]))
        rows[s + 1].start = at
    r, at = _write_prerequisites(p, start, support, rows, cells, len(target), at)
    return _write_variants(p, rows, cells, r, at)


@numba.njit(cache=True, nogil=True)
def _write_prerequisites(
    p: PlanArrays, start: Any, support: Any, rows: Any, cells: Any, r: int, at: int
) -> Any:
    """Write a row for each module needed and each sum of gains asked for, from row r and cell `at` on."""
    for m in range(len(p.modules) - 1):
        for i in range(p.modules[m].need, p.modules[m + 1].need):
            at = _write(cells, _write(cells, at, p.needs[i], 1.0), m, -1.0)
            r += 1
            rows[r].start = at
        for i in range(p.modules[m].ask, p.modules[m + 1].ask):
            level = p.asks[i].level
            for j in range(start[i], start[i + 1]):
                at = _write(cells, at, support[j].module, min(support[j].gain, level))
            at = _write(cells, at, m, -level)
            r += 1
            rows[r].start = at
    return r, at


@numba.njit(cache=True, nogil=True)
def _write_variants(p: PlanArrays, rows: Any, cells: Any, r: int, at: int) -> Any:
    """Write a row for each group of variants, from row r and cell `at` on."""
    written = np.zeros(len(p.modules) - 1, np.bool_)
    for m in range(len(written)):
        if p.modules[m].group < 0 or written[m]:
            continue
        first = at
        for other in range(m, len(written)):
            if p.modules[other].group == p.modules[m].group:
                at = _write(cells, at, other, -1.0)
                written[other] = True
        # A single one is free.
        at = at if at - first > 1 else first
        if at > first:
            rows[r].least = -1.0
            r += 1
            rows[r].start = at
    return r, at


@numba.njit(cache=True, nogil=True)
def _write(cells: Any, at: int, module: int, coefficient: float) -> int:
    cells[at].module, cells[at].coefficient = module, coefficient
    return at + 1


@numba.njit(cache=True, nogil=True)
def settle(rows: Rows, value: Any) -> bool:
    """Settle what rows leave no choice about; `value` (n,) is 1, 0 or -1 for open. False: no plan is left."""
    changed = True
    while changed:
        changed = False
        for r in range(len(rows.rows) - 1):
            most = 0.0
            for i in range(rows.rows[r].start, rows.rows[r + 1].start):
                v, c = value[rows.cells[i].module], rows.cells[i].coefficient
                if v == 1 or (v < 0 and c > 0.0):
                    most += c
            spare = most - rows.rows[r].least + EPSILON
            if spare < 0.0:
                return False
            for i in range(rows.rows[r].start, rows.rows[r + 1].start):
                if value[rows.cells[i].module] < 0 and abs(rows.cells[i].coefficient) > spare:
                    value[rows.cells[i].module] = 1 if rows.cells[i].coefficient > 0.0 else 0
                    changed = True
    return True


@numba.njit(cache=True, nogil=True)
def reduce_costs(p: PlanArrays, rows: Rows, price: Any, value: Any, reduced: Any) -> float:
    """Fill what each module costs beyond what rows pay for it, (n,); return the lower bound of all minutes.

    Lagrangian relaxation of all rows at prices >= 0 (Geoffrion 1974): every module whose reduced cost is
    below 0 is taken, and rows that fall short are paid for.
    """
    bound = 0.0
    for r in range(len(rows.rows) - 1):
        bound += price[r] * rows.rows[r].least
    for m in range(len(reduced)):
        reduced[m] = p.modules[m].minutes
        for i in range(rows.by_start[m], rows.by_start[m + 1]):
            reduced[m] -= price[rows.by[i].row] * rows.by[i].coefficient
        if value[m] == 1 or (value[m] < 0 and reduced[m] < 0.0):
            bound += reduced[m]
    return bound


@numba.njit(cache=True, nogil=True)
def _raise(rows: Rows, reduced: Any, value: Any, price: Any, bound: float, known: float, pace: float) -> None:
    """Take one step of subgradient ascent (Held, Wolfe and Crowder 1974), towards the minutes `known`."""
    short = np.zeros(len(price))
    for r in range(len(price)):
        short[r] = rows.rows[r].least
    for m in range(len(reduced)):
        if value[m] == 1 or (value[m] < 0 and reduced[m] < 0.0):
            for i in range(rows.by_start[m], rows.by_start[m + 1]):
                short[rows.by[i].row] -= rows.by[i].coefficient
    norm = 0.0
    for r in range(len(short)):
        if price[r] == 0.0 and short[r] < 0.0:
            short[r] = 0.0
        norm += short[r] * short[r]
    if norm > 0.0:
        step = pace * max(known - bound, 0.01 * abs(known)) / norm
        for r in range(len(short)):
            price[r] = max(0.0, price[r] + step * short[r])


@numba.njit(cache=True, nogil=True)
def ascend(
    p: PlanArrays, rows: Rows, value: Any, price: Any, kept: Any, best: float, known: float, pace: float
) -> Any:
    """Raise prices for `N_STEPS` steps; return the best bound so far and the pace to go on with.

    `price` moves on, `kept` (both (n_rows,)) is left at the prices of the best bound. The pace is halved, and
    the ascent taken up again from there, when the bound has not risen for half of the steps.
    """
    reduced = np.zeros(len(value))
    since = 0
    for _ in range(N_STEPS):
        now, since = reduce_costs(p, rows, price, value, reduced), since + 1
        if now > best + EPSILON:
            best, since = now, 0
            kept[:] = price
        elif 2 * since > N_STEPS:
            pace, since = pace / 2.0, 0
            price[:] = kept
            now = reduce_costs(p, rows, price, value, reduced)
        _raise(rows, reduced, value, price, now, known, pace)
    return best, pace

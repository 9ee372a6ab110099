"""Branch and bound, compiled."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from recommender.pathways.cover_kernel import Cover, minutes_of, orderable
from recommender.pathways.plan_kernel import EPSILON, PlanArrays
from recommender.pathways.rows_kernel import Rows, reduce_costs, settle

N_NODES: Final = 20_000
"""Nodes of branch and bound at most."""


@numba.njit(cache=True, nogil=True)
def branch(cover: Cover, rows: Rows, price: Any, settled: Any, best: Any) -> bool:
    """Look depth first for a plan of fewer minutes than `best`, and put it there; True where none is left.

    Bounds are those of the prices given, which change by a sum when a module is settled. Modules that no
    better plan can hold, or miss, by their reduced cost are settled first.
    """
    p, reduced, value = cover.p, np.zeros(len(best)), settled.copy()
    least = minutes_of(p, best)
    tolerance = EPSILON * (1.0 + least)
    bound = reduce_costs(p, rows, price, value, reduced)
    _settle_by_cost(value, reduced, least - tolerance - bound)
    if not settle(rows, value):
        return True
    bound = reduce_costs(p, rows, price, value, reduced)
    now, most = _sums(rows, value)
    spent, n_short = minutes_of(p, value == 1), int((now < rows.rows["least"][:-1] - EPSILON).sum())
    free = _by_cost(reduced, value)
    turn, depth, nodes = np.zeros(len(free) + 1, np.int8), 0, 0
    while depth >= 0:
        if depth < len(free) and turn[depth] > 0:
            # Take back what was tried last.
            m = free[depth]
            n_short += _settle_one(rows, m, value[m], -1, now, most)
            spent, bound = _spend(p, reduced, m, value[m], -1, spent, bound)
            value[m] = -1
        if depth == len(free) or turn[depth] == 2 or nodes >= N_NODES:
            turn[depth] = 0
            depth -= 1
            continue
        m = free[depth]
        value[m] = 1 if (reduced[m] < 0.0) == (turn[depth] == 0) else 0
        turn[depth] += 1
        nodes += 1
        n_short += _settle_one(rows, m, value[m], 1, now, most)
        spent, bound = _spend(p, reduced, m, value[m], 1, spent, bound)
        if max(bound, spent) >= least - tolerance or _is_hopeless(rows, m, most):
            continue
        if n_short == 0 and orderable(cover, value == 1):
            best[:] = value == 1
            least = spent
            continue
        depth += 1
    return nodes < N_NODES


@numba.njit(cache=True, nogil=True)
def _settle_by_cost(value: Any, reduced: Any, spare: float) -> None:
    """Settle modules that cost at least the minutes to `spare` when they are otherwise."""
    for m in range(len(value)):
        if value[m] < 0 and abs(reduced[m]) >= spare:
            value[m] = 0 if reduced[m] >= 0.0 else 1


@numba.njit(cache=True, nogil=True)
def _sums(rows: Rows, value: Any) -> Any:
    """Return what each row comes to by settled modules, and at most by all, (n_rows,) each."""
    now, most = np.zeros(len(rows.rows) - 1), np.zeros(len(rows.rows) - 1)
    for m in range(len(value)):
        for i in range(rows.by_start[m], rows.by_start[m + 1]):
            r, c = rows.by[i].row, rows.by[i].coefficient
            if value[m] == 1:
                now[r] += c
                most[r] += c
            elif value[m] < 0:
                most[r] += max(c, 0.0)
    return now, most


@numba.njit(cache=True, nogil=True, forceinline=True)
def _settle_one(rows: Rows, m: int, value: int, sign: int, now: Any, most: Any) -> int:
    """Settle a module at a value, or take that back (`sign` -1); return by how many more rows fall short."""
    more = 0
    for i in range(rows.by_start[m], rows.by_start[m + 1]):
        r, c = rows.by[i].row, rows.by[i].coefficient
        if value == 1:
            more -= now[r] < rows.rows[r].least - EPSILON
            now[r] += sign * c
            more += now[r] < rows.rows[r].least - EPSILON
            most[r] += sign * min(c, 0.0)
        else:
            most[r] -= sign * max(c, 0.0)
    return more


@numba.njit(cache=True, nogil=True, forceinline=True)
def _spend(p: PlanArrays, reduced: Any, m: int, value: int, sign: int, spent: float, bound: float) -> Any:
    """Return minutes spent and bound after that."""
    if value == 1:
        return spent + sign * p.modules[m].minutes, bound + sign * max(reduced[m], 0.0)
    return spent, bound - sign * min(reduced[m], 0.0)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _is_hopeless(rows: Rows, m: int, most: Any) -> bool:
    """Whether a row that a module is part of can no longer be met."""
    for i in range(rows.by_start[m], rows.by_start[m + 1]):
        r = rows.by[i].row
        if most[r] < rows.rows[r].least - EPSILON:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def _by_cost(reduced: Any, value: Any) -> Any:
    """Open modules, those of least reduced cost first, then by id."""
    free = np.flatnonzero(value < 0)
    for i in range(1, len(free)):
        m, j = free[i], i
        while j > 0 and reduced[free[j - 1]] > reduced[m]:
            free[j] = free[j - 1]
            j -= 1
        free[j] = m
    return free

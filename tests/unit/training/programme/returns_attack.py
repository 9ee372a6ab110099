"""What follows from all figures of a report on returns for who knows what five or more units share.

Figures are sums of weighed values. Here each is a table of weights, by unit and cell, found by loops over the
rows of the table; from what is told of a report it only takes the periods and cohorts that are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np

from tests.unit.training.programme.returns_world import Floats

Known = list[list[Floats]]
"""By unit what is known of it: sums of its cells, as weights."""
Cohorts = dict[int, tuple[list[int], list[int]]]
"""By start the units that began, and those they are compared with."""


def effect(value: Floats, cohorts: Cohorts, since: int) -> tuple[Floats, Floats]:
    """Weights of the mean of the treated, and of the effect."""
    level, rise, n = np.zeros_like(value), np.zeros_like(value), 0
    for start, (its, others) in cohorts.items():
        if start + since < 0:
            continue
        its, others = (
            [u for u in side if value[u, start + since] == value[u, start + since]] for side in (its, others)
        )
        if not its or not others:
            continue
        n += len(its)
        for unit in its:
            level[unit, start + since] += 1
            rise[unit, start + since] += 1
            rise[unit, start - 1] -= 1
        for unit in others:
            rise[unit, start + since] -= len(its) / len(others)
            rise[unit, start - 1] += len(its) / len(others)
    return level / n, rise / n


def cost_so_far(cost: Floats, cohorts: Cohorts, last: int) -> list[Floats]:
    """Weights of the cost up to each period of the window."""
    judged = [(unit, start) for start, (its, _) in cohorts.items() for unit in its]
    so_far = np.zeros_like(cost)
    for unit, start in judged:
        so_far[unit, :start] = 1 / len(judged)
    found = []
    for since in range(last + 1):
        known = [(unit, start + since) for unit, start in judged if cost[unit, start + since] >= 0]
        so_far = so_far.copy()
        for unit, at in known:
            so_far[unit, at] += 1 / len(known)
        found.append(so_far)
    return found


def known_values(value: Floats, cohorts: Cohorts, told: Sequence[int]) -> Iterator[Known]:
    """All that somebody may know of values: of ours by period since the start, of others by calendar.

    Either the values that five share, or by how much they differ from those of a period that is told of.
    """
    treated = [(unit, start) for start, (its, _) in cohorts.items() for unit in its]
    others = [(unit, 0) for unit in sorted({u for _, compared in cohorts.values() for u in compared})]
    periods, calendar = range(-max(cohorts), max(told) + 1), range(value.shape[1])
    used = sorted({start + since for start in cohorts for since in told} & set(calendar))
    theirs = [_known(value, others, calendar, beside) for beside in (None, *used)]
    for beside in (None, *told):
        ours = _known(value, treated, periods, beside)
        for their in theirs:
            yield [one + other for one, other in zip(ours, their, strict=True)]


def known_costs(cost: Floats, cohorts: Cohorts, last: int) -> Iterator[Known]:
    """All that somebody may know of costs, those before the start and in its first period together."""
    treated = [(unit, start) for start, (its, _) in cohorts.items() for unit in its]
    n_known = sum(cost[unit, start] >= 0 for unit, start in treated)
    # In the first period those with a cost stand for all.
    first = (
        {
            (unit, start): np.append(np.ones(start), len(treated) / n_known if cost[unit, start] >= 0 else 0)
            for unit, start in treated
        }
        if n_known
        else {}
    )
    moved = cost.copy()
    for (unit, start), weights in first.items():
        moved[unit, start] = float(weights @ np.nan_to_num(cost[unit, : start + 1]))
    for beside in (None, *range(last + 1)):
        known = _known(moved, treated, range(last + 1), beside)
        for (unit, start), weights in first.items():
            for sums in known[unit]:
                sums[: start + 1] = sums[start] * weights
        yield known


def _known(
    value: Floats, units: Sequence[tuple[int, int]], periods: Iterable[int], beside: int | None
) -> Known:
    found: Known = [[] for _ in value]

    def at(unit: int, period: int) -> float:
        return float(value[unit, period]) if 0 <= period < value.shape[1] else np.nan

    for period in periods:
        its = {
            (u, start): round(at(u, start + period) - (0.0 if beside is None else at(u, start + beside)), 9)
            for u, start in units
        }
        count = Counter(its.values())
        for (unit, start), one in its.items():
            if one == one and count[one] >= 5 and period != beside:
                sums = np.zeros(value.shape[1])
                sums[start + period] = 1
                if beside is not None:
                    sums[start + beside] = -1
                found[unit].append(sums)
    return found


def solved(figures: Sequence[Floats], known: Known, heads: Sequence[int]) -> list[list[int]]:
    """Sets of few units, or units of few people, about whom alone figures tell something."""
    left = np.array(figures)
    for unit, sums in enumerate(known):
        if sums:
            basis = np.linalg.svd(np.array(sums))[2][: np.linalg.matrix_rank(np.array(sums))]
            left[:, unit] -= left[:, unit] @ basis.T @ basis
    left[np.abs(left) < 1e-10] = 0
    kinds: dict[bytes, list[int]] = {}
    for unit in np.flatnonzero(left.any(axis=(0, 2))).tolist():
        cells = left[:, unit][:, left[:, unit].any(axis=0)].round(9)
        kinds.setdefault(cells[:, np.lexsort(cells)].tobytes(), []).append(unit)
    few = [units for units in kinds.values() if _are_few(units, heads)]
    sets = [[unit for units in some for unit in units] for k in range(1, 5) for some in combinations(few, k)]
    everything = _rank(left)
    return [
        units
        for units in sets
        if _are_few(units, heads) and _rank(np.delete(left, units, axis=1)) < everything
    ]


def _are_few(units: Sequence[int], heads: Sequence[int]) -> bool:
    return len(units) < 5 or sum(heads[unit] for unit in units) < 5


def _rank(figures: Floats) -> int:
    return int(np.linalg.matrix_rank(figures.reshape(len(figures), -1), tol=1e-8)) if figures.size else 0

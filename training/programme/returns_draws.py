"""Differences in differences of a panel, for the units as they are and for resamples of them.

For cohort g and period t, with base period b before the start,

    ATT(g, t) = mean of Y(t) - Y(b) over the cohort - mean of the same over those not begun

(Callaway and Sant'Anna 2021, equation 2.8 without covariates). Cohorts are put together by period since the
start with their units as weights (their section 3.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.programme.returns_design import BEFORE_MONTHS, Design
from training.programme.returns_panel import Bools, Floats, Ints, Panel

_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Figures of the units, and of resamples of them.

    Parameters
    ----------
    since : int64 array, shape (n_since,)
        Periods since the start, from before the base to the end of the window.
    effect : float array, shape (1 + n_resamples, n_since)
        Row 0 is of the units themselves. NaN where there is nobody to compare.
    by_cohort : float array, shape (1 + n_resamples, n_cohorts)
        Mean effect over the window.
    cost : float array, shape (1 + n_resamples, n_window)
        Cost of a unit of the treated up to and with each period of the window, with all before it; NaN where
        no cost is known at all, or nobody of the treated was drawn.
    level : float array, shape (n_since,)
        Mean value of the treated themselves.
    """

    since: Ints
    effect: Floats
    by_cohort: Floats
    cost: Floats
    level: Floats


def periods_since(panel: Panel, design: Design) -> Ints:
    """Periods since the start that figures are of."""
    return np.arange(-max(BEFORE_MONTHS // panel.step, 1 - design.base), design.last + 1, dtype=np.int64)


def draw(panel: Panel, design: Design, rng: np.random.Generator, n_resamples: int) -> Draws:
    """Work figures out for the units and for resamples of whole units, with replacement.

    A unit is drawn with all of its periods, so whatever is alike in them is in the intervals (Bertrand, Duflo
    and Mullainathan 2004, section 4).

    Parameters
    ----------
    panel : Panel
    design : Design
    rng : Generator
    n_resamples : int
    """
    since = periods_since(panel, design)
    used = np.flatnonzero(design.treated | design.comparison)
    parts = []
    for weight in _weights(len(panel.units), used, rng, n_resamples):
        parts.append((*_effects(panel, design, since, weight), _costs(panel, design, weight)))
    effect, by_cohort, cost = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Draws(since, effect, by_cohort, cost, _level(panel, design, since))


def groups_at(panel: Panel, design: Design, since: int) -> tuple[Bools, Bools]:
    """Units that the effect at a number of periods since the start is about: treated, and comparison."""
    treated, comparison = np.zeros((2, design.n_units), np.bool_)
    for cohort in design.cohorts:
        its, others = (
            rows[~np.isnan(changes(panel, design, cohort.start, rows, np.array([since]))[:, 0])]
            for rows in (cohort.treated, cohort.comparison)
        )
        if len(its) and len(others):
            treated[its] = comparison[others] = True
    return treated, comparison


def costs_of(panel: Panel, design: Design) -> tuple[Floats, Floats]:
    """Return what each of the treated cost before the window, and in each period of it.

    Returns
    -------
    before : float array, shape (n_treated, 1)
        What is not known counts as nothing.
    inside : float array, shape (n_treated, n_window)
        NaN where no cost is known.
    """
    rows = np.flatnonzero(design.treated)
    start = panel.start[rows][:, None]
    cost = panel.cost[rows]
    is_before = np.arange(panel.n_periods) < start - design.ahead
    before = np.where(is_before & ~np.isnan(cost), cost, 0.0).sum(axis=1, keepdims=True)
    inside = cost[np.arange(len(rows))[:, None], start + np.arange(-design.ahead, design.last + 1)]
    return before, inside


def _weights(n: int, used: Ints, rng: np.random.Generator, n_resamples: int) -> Iterator[Floats]:
    """How often each unit is in: first each once, then in resamples, some at once."""
    yield np.ones((1, n))
    left, most = n_resamples, max(_AT_ONCE // n, 1)
    while left:
        drawn = min(left, most)
        weight = np.zeros((drawn, n))
        weight[:, used] = rng.multinomial(len(used), np.full(len(used), 1 / len(used)), drawn)
        yield weight
        left -= drawn


def _effects(panel: Panel, design: Design, since: Ints, weight: Floats) -> tuple[Floats, Floats]:
    shape = (len(weight), len(since))
    total, units = np.zeros(shape), np.zeros(shape)
    by_cohort = np.empty((len(weight), len(design.cohorts)))
    window = since >= -design.ahead
    for c, cohort in enumerate(design.cohorts):
        (its, n), (others, m) = (
            _mean_change(changes(panel, design, cohort.start, rows, since), weight[:, rows])
            for rows in (cohort.treated, cohort.comparison)
        )
        there = (n > 0) & (m > 0)
        difference = its - others
        total[there] += (n * difference)[there]
        units[there] += n[there]
        by_cohort[:, c] = difference[:, window].mean(axis=1)
    with np.errstate(invalid="ignore"):
        return total / units, by_cohort


def changes(panel: Panel, design: Design, start: int, rows: Ints, since: Ints) -> Floats:
    """Return values minus those of the base period; shape (n_rows, n_since), NaN where there is none."""
    period = start + since
    there = (period >= 0) & (period < panel.n_periods)
    value = panel.value[np.ix_(rows, np.where(there, period, 0))]
    base = panel.value[rows, start + design.base]
    change: Floats = np.where(there, value - base[:, None], np.nan)
    return change


def _mean_change(change: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Weighted mean of what is there, and its weight; both of shape (n_resamples, n_since)."""
    there = ~np.isnan(change)
    n = weight @ there.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (weight @ np.where(there, change, 0.0)) / n, n


def _costs(panel: Panel, design: Design, weight: Floats) -> Floats:
    rows = np.flatnonzero(design.treated)
    before, inside = costs_of(panel, design)
    if np.isnan(inside).all():
        return np.full((len(weight), design.n_window), np.nan)
    once, _ = _mean_change(before, weight[:, rows])
    each, n = _mean_change(inside, weight[:, rows])
    # A period of which no cost is known costs nothing; how many are known is told.
    cost_so_far: Floats = once + np.cumsum(np.where(n > 0, each, 0.0), axis=1)
    return cost_so_far


def _level(panel: Panel, design: Design, since: Ints) -> Floats:
    total, units = np.zeros(len(since)), np.zeros(len(since))
    for cohort in design.cohorts:
        change = changes(panel, design, cohort.start, cohort.treated, since)
        others = changes(panel, design, cohort.start, cohort.comparison, since)
        there = ~np.isnan(change) & (~np.isnan(others)).any(axis=0)
        value = change + panel.value[cohort.treated, cohort.start + design.base][:, None]
        total += np.where(there, value, 0.0).sum(axis=0)
        units += there.sum(axis=0)
    with np.errstate(invalid="ignore"):
        level: Floats = total / units
    return level

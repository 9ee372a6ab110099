"""What an effect is worth beside its cost: return, the month in which it breaks even, and at which value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.programme.returns import Interval, Returns, interval, quantile
from training.programme.returns_draws import costs_of
from training.programme.returns_panel import Floats


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Worth of one unit of the measure, for a unit and period, at which value and cost are equal.

    Parameters
    ----------
    value : float
        Negative where less of the measure is better.
    low, high : float or None
        95% interval; None where there is no bound, for it is not sure that there is an effect.
    """

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Money:
    """Cost and, if a value is given, return of a unit, by the end of each period of the window.

    Parameters
    ----------
    effect : float array, shape (n_window,)
        Sum of effects up to each period.
    cost : float array, shape (n_window,)
        Cost up to each period, with all before the window.
    cost_known : float
        Share of cells (unit and period of the window) of the treated with a cost, (0, 1].
    back, low, high : float arrays, shape (n_window,), or None
        Value minus cost and its interval.
    at_end : Interval or None
        The last of them.
    first_paid : tuple of three int or None
        Period, counted from the start, from the end of which on the return is 0 or more to the end of the
        window; for the figure, the upper and the lower end of its interval. None where there is none.
    break_even : BreakEven or None
        None where nothing was spent or there is no effect at all.
    """

    effect: Floats
    cost: Floats
    cost_known: float
    back: Floats | None
    low: Floats | None
    high: Floats | None
    at_end: Interval | None
    first_paid: tuple[int | None, int | None, int | None]
    break_even: BreakEven | None


def money(found: Returns, value_per_unit: float | None) -> Money | None:
    """Set the effect against its cost.

    Parameters
    ----------
    found : Returns
    value_per_unit : float, optional
        What one unit of the measure is worth, for one unit (team or learner) in one period. Finite.

    Returns
    -------
    Money or None
        None where no cost is known, or it may not be told.
    """
    draws, design = found.draws, found.design
    if not found.cost_told or np.isnan(draws.cost[0]).any():
        return None
    total = np.cumsum(draws.effect[:, draws.since >= -design.ahead], axis=1)
    back = low = high = None
    at_end = None
    first_paid: tuple[int | None, int | None, int | None] = (None, None, None)
    if value_per_unit is not None:
        each = [interval(column, design.fewest) for column in (value_per_unit * total - draws.cost).T]
        back, low, high = np.array([(one.value, one.low, one.high) for one in each]).T
        at_end = each[-1]
        best, mid, worst = (_first_paid(curve, design.ahead) for curve in (high, back, low))
        first_paid = (mid, best, worst)
    return Money(
        effect=total[0],
        cost=draws.cost[0],
        cost_known=_cost_known(found),
        back=back,
        low=low,
        high=high,
        at_end=at_end,
        first_paid=first_paid,
        break_even=break_even(total[:, -1], draws.cost[:, -1], design.fewest),
    )


def return_at_end(found: Returns, value_per_unit: float) -> Interval:
    """Value minus cost of a unit by the end of the window, at a worth of one unit of the measure."""
    draws, design = found.draws, found.design
    total = draws.effect[:, draws.since >= -design.ahead].sum(axis=1)
    return interval(value_per_unit * total - draws.cost[:, -1], design.fewest)


def break_even(effect: Floats, cost: Floats, n_units: int) -> BreakEven | None:
    """Return cost over effect, with its interval by Fieller (1954).

    All worths v at which an interval of v times the effect minus the cost holds 0; that is bounded only if
    the effect's own interval does not hold 0.

    Parameters
    ----------
    effect, cost : float arrays, shape (1 + n_resamples,)
        Row 0 is the figure.
    n_units : int
        Units on the smaller side.
    """
    a, k = float(effect[0]), float(cost[0])
    if a == 0 or k <= 0:
        return None
    found = ~np.isnan(effect[1:] + cost[1:])
    cov = np.cov(effect[1:][found], cost[1:][found]) * n_units / (n_units - 1) * quantile(n_units) ** 2
    square, middle, rest = a * a - cov[0, 0], a * k - cov[0, 1], k * k - cov[1, 1]
    inside = middle * middle - square * rest
    if square <= 0 or inside < 0:
        return BreakEven(k / a, None, None)
    root = np.sqrt(inside)
    return BreakEven(k / a, float((middle - root) / square), float((middle + root) / square))


def _first_paid(curve: Floats, ahead: int) -> int | None:
    """First period from which on a curve is never below 0 again."""
    below = np.flatnonzero(curve < 0)
    first = int(below[-1]) + 1 if len(below) else 0
    return first - ahead if first < len(curve) else None


def _cost_known(found: Returns) -> float:
    _, inside = costs_of(found.panel, found.design)
    return float((~np.isnan(inside)).mean())

"""Outcomes as arrays: values and costs of each unit by period, and when it began."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One measure of units of one kind.

    Parameters
    ----------
    measure : str
    kind : str
        ``team`` or ``learner``.
    units : tuple of str
        Ids, sorted.
    first : int
        Month of period 0, counted from the year 0.
    step : int
        Months in a period.
    value : float array, shape (n_units, n_periods)
        Mean of the period; NaN where nothing was measured.
    cost : float array, shape (n_units, n_periods)
        Sum of the period; NaN where none is known.
    start : int64 array, shape (n_units,)
        First period in which a unit took part, even if it stopped later; `n_periods`, the earliest that it
        can be, where it has not.
    is_clear : bool array, shape (n_units,)
        Whether every row of the unit says whether it took part.
    """

    measure: str
    kind: str
    units: tuple[str, ...]
    first: int
    step: int
    value: Floats
    cost: Floats
    start: Ints
    is_clear: Bools

    @property
    def n_periods(self) -> int:
        """Periods from the first to the last value of any unit."""
        return int(self.value.shape[1])

    @property
    def has_begun(self) -> Bools:
        """Whether each unit has taken part; shape (n_units,)."""
        begun: Bools = self.start < self.n_periods
        return begun

    def month(self, period: int) -> pd.Period:
        """Return the calendar month with which a period begins."""
        year, month = divmod(self.first + period * self.step, 12)
        return pd.Period(year=year, month=month + 1, freq="M")


def panels(outcomes: pd.DataFrame) -> list[Panel]:
    """Lay outcomes out by unit and period, for each measure and kind of unit.

    A period is a calendar month (UTC), or as many months as all months with values lie apart, so that
    quarterly values have quarters.

    Parameters
    ----------
    outcomes : DataFrame
        Table ``outcomes``. Rows without a time are not looked at.

    Returns
    -------
    list of Panel
        By measure, then kind.
    """
    rows = outcomes[outcomes["occurred_at"].notna() & outcomes["value"].notna()]
    return [_panel(str(m), str(k), its) for (m, k), its in rows.groupby(["measure", "unit_kind"], sort=True)]


def _panel(measure: str, kind: str, rows: pd.DataFrame) -> Panel:
    at = rows["occurred_at"].dt.tz_convert("UTC")
    month = (at.dt.year * 12 + at.dt.month - 1).to_numpy(np.int64)
    first = int(month.min())
    step = int(np.gcd.reduce(np.unique(month) - first)) or 1
    period = (month - first) // step
    unit, units = pd.factorize(rows["unit_id"], sort=True)
    shape = (len(units), int(period.max()) + 1)
    place = unit.astype(np.int64) * shape[1] + period
    flag = rows["treated"].astype("boolean")
    is_in = flag.fillna(False).to_numpy(np.bool_)
    takes_part = np.bincount(place[is_in], minlength=shape[0] * shape[1]).reshape(shape) > 0
    start = np.where(takes_part.any(axis=1), takes_part.argmax(axis=1), shape[1]).astype(np.int64)
    unclear = np.bincount(unit[flag.isna().to_numpy()], minlength=shape[0]) > 0
    value, count = _sums(rows["value"], place, shape)
    cost, known = _sums(rows["cost"], place, shape)
    with np.errstate(invalid="ignore"):
        value = value / count
    return Panel(
        measure=measure,
        kind=kind,
        units=tuple(str(name) for name in units),
        first=first,
        step=step,
        value=value,
        cost=np.where(known > 0, cost, np.nan),
        start=start,
        is_clear=~unclear,
    )


def _sums(column: pd.Series[float], place: Ints, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Add up what is known in each cell, and count it."""
    numbers = column.to_numpy(np.float64, na_value=np.nan)
    known = ~np.isnan(numbers)
    size = shape[0] * shape[1]
    total = np.bincount(place[known], numbers[known], size).astype(np.float64)
    count = np.bincount(place[known], minlength=size).astype(np.float64)
    return total.reshape(shape), count.reshape(shape)

"""Who is compared with whom, over which periods; chosen before any value is looked at.

Units that began in one period are a cohort. Each is compared with units that have not begun by the end of the
window, the same ones in all periods of it (Callaway and Sant'Anna 2021, section 2, the "not yet treated";
that one set stays for the whole window is the clean control of Cengiz, Dube, Lindner and Zipperer 2019). So
who is compared does not change from period to period, and no unit that has begun stands for one that has not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender.domain.disclosure import LEAST
from training.programme.returns_panel import Bools, Floats, Ints, Panel

LONGEST_MONTHS: Final = 24
"""Months after the start that are looked at, at most."""
BEFORE_MONTHS: Final = 12
"""Months before the start that are looked at, at most."""
_MOST_AHEAD: Final = 3
_SOME_COST: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Units that began in one period, and those they are compared with, as rows of the panel."""

    start: int
    treated: Ints
    comparison: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Who is compared with whom.

    Parameters
    ----------
    cohorts : tuple of Cohort
        Never empty. Of each unit there is a value in the base period and in all of the window.
    ahead : int
        Periods before the marked start in which there may be an effect already; they belong to the window.
    last : int
        Last period of the window, counted from the start, which is 0.
    n_units : int
        Of the panel.
    """

    cohorts: tuple[Cohort, ...]
    ahead: int
    last: int
    n_units: int

    @property
    def base(self) -> int:
        """The period, counted from the start, that all others are compared with."""
        return -1 - self.ahead

    @property
    def n_window(self) -> int:
        """Periods of the window."""
        return self.last + 1 + self.ahead

    @property
    def treated(self) -> Bools:
        """Units whose beginning is judged; shape (n_units,)."""
        return self._in([cohort.treated for cohort in self.cohorts])

    @property
    def comparison(self) -> Bools:
        """Units that some are compared with; shape (n_units,). May overlap with `treated`."""
        return self._in([cohort.comparison for cohort in self.cohorts])

    @property
    def fewest(self) -> int:
        """Units on the smaller side."""
        return int(min(self.treated.sum(), self.comparison.sum()))

    def _in(self, rows: list[Ints]) -> Bools:
        found = np.zeros(self.n_units, np.bool_)
        found[np.concatenate(rows)] = True
        return found


def choose_design(panel: Panel, ahead: int) -> Design | None:
    """Choose the window that tells most, from who began when and where values are.

    That is the one with the most periods times effective units: n treated and m not begun tell as much as
    n m / (n + m), one over the variance of a difference of two means.

    Parameters
    ----------
    panel : Panel
    ahead : int
        Periods of anticipation, 0 or more.

    Returns
    -------
    Design or None
        None where no window has five units on both sides.
    """
    best, most = None, 0.0
    seen = np.cumsum(np.pad(~np.isnan(panel.value), ((0, 0), (1, 0))), axis=1)
    for last in range(min(LONGEST_MONTHS // panel.step, panel.n_periods - 1)):
        design = Design(_cohorts(panel, seen, ahead, last), ahead, last, len(panel.units))
        if not design.cohorts or design.fewest < LEAST:
            continue
        pairs = [(len(cohort.treated), len(cohort.comparison)) for cohort in design.cohorts]
        tells = design.n_window * sum(n * m / (n + m) for n, m in pairs)
        if tells > most:
            best, most = design, tells
    return best


def _cohorts(panel: Panel, seen: Ints, ahead: int, last: int) -> tuple[Cohort, ...]:
    found = []
    for start in np.unique(panel.start[panel.has_begun]).tolist():
        base, end = start - 1 - ahead, start + last
        if base < 0 or end >= panel.n_periods:
            continue
        whole = panel.is_clear & (seen[:, end + 1] - seen[:, base] == end + 1 - base)
        treated = np.flatnonzero(whole & (panel.start == start))
        comparison = np.flatnonzero(whole & (panel.start > end + ahead))
        if len(treated) and len(comparison) >= LEAST:
            found.append(Cohort(start, treated, comparison))
    return tuple(found)


def periods_ahead(panel: Panel) -> int:
    """Return for how many periods before their marked start units already cost something.

    Whoever costs learns: the marked start may be late. A period counts if its mean cost is at least a tenth
    of that from the start on. Where all of the three periods before the start count, cost has nothing to do
    with the start, and none is taken to be ahead. Costs of fewer than five units tell nothing of that.
    """
    begun = panel.has_begun & panel.is_clear
    since = np.arange(panel.n_periods) - panel.start[begun][:, None]
    cost = panel.cost[begun]
    after = _mean(cost, since >= 0)
    for ahead in range(_MOST_AHEAD):
        if not (_mean(cost, since == -1 - ahead) >= _SOME_COST * after > 0):
            return ahead
    return 0


def _mean(cost: Floats, its: Bools) -> float:
    """Mean of what is known; NaN where fewer than five units (rows) spend anything."""
    known = cost[its & ~np.isnan(cost)]
    return float(known.mean()) if (its & (cost > 0)).any(axis=1).sum() >= LEAST else np.nan

"""What came of beginning: the effect on a measure, period by period, and whether trends were alike before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from recommender.domain.disclosure import LEAST
from training.programme.programme import Programme
from training.programme.returns_design import Design, choose_design, periods_ahead
from training.programme.returns_draws import Draws, draw, groups_at, periods_since
from training.programme.returns_panel import Bools, Floats, Ints, Panel
from training.programme.returns_people import People, people_of
from training.programme.returns_told import cost_is_told
from training.programme.returns_values import Values

SURE: Final = 0.95
"""How sure intervals are."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95% interval."""

    value: float
    low: float
    high: float

    @property
    def holds_zero(self) -> bool:
        """Whether chance alone could have made it."""
        return self.low <= 0.0 <= self.high


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The effect by period since the start; arrays of shape (n_since,), of periods that may be told only.

    `n_treated` and `n_comparison` are units. `level` is the mean value of the treated; `level - effect` what
    would be expected of them.
    """

    since: Ints
    effect: Floats
    low: Floats
    high: Floats
    level: Floats
    n_treated: Ints
    n_comparison: Ints


@dataclass(frozen=True, slots=True)
class Trends:
    """Whether treated and comparison units moved alike before the start.

    Parameters
    ----------
    slope : Interval
        By how much more the treated rose each period.
    p_value : float
        Smaller of two, doubled (Bonferroni): that the slope is 0, and that no period is off.
    n_periods : int
        Periods before the start that were looked at, the base not counted.
    """

    slope: Interval
    p_value: float
    n_periods: int

    @property
    def differ(self) -> bool:
        """Whether they did not move alike."""
        return self.p_value < 1 - SURE


@dataclass(frozen=True, slots=True)
class CohortEffect:
    """Mean effect over the window of those who began in one period."""

    start: int
    n_treated: int
    n_comparison: int
    effect: Interval


@dataclass(frozen=True, slots=True, eq=False)
class Returns:
    """What can be told of one measure.

    Parameters
    ----------
    panel : Panel
    design : Design
    people : People
        With the ledger of the report.
    draws : Draws
    effect : Interval
        Mean over the units and periods of the window.
    course : Course
    trends : Trends or None
        None where no period before the start can be looked at.
    cost_told : bool
        Whether cost may be told, if any is known.
    cohorts : tuple of CohortEffect
        Those of at least five units on both sides that may be told.
    """

    panel: Panel
    design: Design
    people: People
    draws: Draws
    effect: Interval
    course: Course
    trends: Trends | None
    cost_told: bool
    cohorts: tuple[CohortEffect, ...]

    @property
    def in_doubt(self) -> bool:
        """Whether trends differed before the start, so that the effect cannot be trusted."""
        return self.trends is not None and self.trends.differ


def judge(programme: Programme, panel: Panel, *, ahead: int | None = None) -> Returns | str:
    """Work out what came of beginning.

    Parameters
    ----------
    programme : Programme
    panel : Panel
    ahead : int, optional
        Periods before the marked start in which there may be an effect; by default as cost tells.

    Returns
    -------
    Returns or str
        Else why there is nothing to tell, the end of a sentence.
    """
    if not panel.has_begun.any():
        return "no unit is marked as taking part; say in column treated from when on each did"
    design = choose_design(panel, periods_ahead(panel) if ahead is None else ahead)
    if design is None:
        return (
            f"there are no {LEAST} units that were measured before and after they began beside {LEAST} that "
            "were measured at the same time and had not begun; values from before, and some who begin later, "
            "would bring it"
        )
    people = people_of(panel, programme)
    if not people.tell(design.treated, design.comparison):
        return f"fewer than {LEAST} people would stand out"
    since = periods_since(panel, design)
    values = Values(panel, design, since)
    window = since[since >= design.base].tolist()
    if not values.may(window):
        return f"values are so much alike that fewer than {LEAST} units with another one would stand out"
    values.take(window)
    rng = programme.rng(f"returns {panel.kind} {panel.measure}")
    draws = draw(panel, design, rng, programme.n_resamples)
    course = _course(panel, design, people, draws, values)
    return Returns(
        panel=panel,
        design=design,
        people=people,
        draws=draws,
        effect=interval(draws.effect[:, since >= -design.ahead].mean(axis=1), design.fewest),
        course=course,
        trends=_trends(design, draws, course),
        # Of the cohorts last: what all cost is asked for more.
        cost_told=cost_is_told(panel, design, people),
        cohorts=_by_cohort(design, people, draws, values),
    )


def interval(draws: Floats, n_units: int) -> Interval:
    """Return a figure with its interval, from row 0 and from resamples.

    The spread of resamples, made larger by n / (n - 1), for resamples of n spread as if n were n - 1 (Efron
    and Tibshirani 1993, section 5.3), times the quantile of Student's t with n - 1 degrees of freedom.

    Parameters
    ----------
    draws : float array, shape (1 + n_resamples,)
    n_units : int
        Units on the smaller side, 2 or more.
    """
    half = quantile(n_units) * spread(draws, n_units)
    return Interval(float(draws[0]), float(draws[0] - half), float(draws[0] + half))


def spread(draws: Floats, n_units: int) -> float:
    """Return the standard error from resamples, those without anybody to compare left out."""
    found = draws[1:][~np.isnan(draws[1:])]
    return float(found.std(ddof=1) * np.sqrt(n_units / (n_units - 1)))


def quantile(n_units: int) -> float:
    """Return how many standard errors an interval reaches to each side."""
    return float(special.stdtrit(n_units - 1, (1 + SURE) / 2))


def _course(panel: Panel, design: Design, people: People, draws: Draws, values: Values) -> Course:
    # The window first: it is of the groups that are told already. Then the periods next to the start.
    order = np.argsort(np.where(draws.since >= design.base, -draws.since, 1000 - draws.since))
    told: dict[int, tuple[int, int]] = {}
    for i in order.tolist():
        groups = groups_at(panel, design, int(draws.since[i]))
        n, m = (int(group.sum()) for group in groups)
        if min(n, m) < LEAST:
            continue
        period = [since for since in draws.since[[i]].tolist() if since < design.base]
        if period and not values.may(period):
            people.ledger.n_withheld += len(groups)
        elif people.tell(*groups):
            values.take(period)
            told[i] = (n, m)
    shown = np.array(sorted(told), np.int64)
    sizes = np.array([told[i] for i in shown.tolist()], np.int64)
    found = [
        interval(draws.effect[:, i], min(told[i])) if draws.since[i] != design.base else Interval(0, 0, 0)
        for i in shown.tolist()
    ]
    return Course(
        since=draws.since[shown],
        effect=np.array([one.value for one in found]),
        low=np.array([one.low for one in found]),
        high=np.array([one.high for one in found]),
        level=draws.level[shown],
        n_treated=sizes[:, 0],
        n_comparison=sizes[:, 1],
    )


def _trends(design: Design, draws: Draws, course: Course) -> Trends | None:
    """Test the periods before: on a slope up to the base, and on any period that is off.

    A slope is what matters, for it would go on after the start; the largest of all periods, against the
    largest in resamples, sees other shapes (as Callaway and Sant'Anna 2021, section 4.1, for bands).
    """
    its = course.since < design.base
    if not its.any():
        return None
    at = course.since[its]
    fewest = int(np.minimum(course.n_treated, course.n_comparison)[its].min())
    effect = draws.effect[:, np.searchsorted(draws.since, at)]
    effect = effect[~np.isnan(effect).any(axis=1)]
    slope = _slopes(effect, at - design.base, course.n_treated[its], int(design.treated.sum()))
    error = spread(slope, fewest)
    of_slope = _two_sided(slope[0], error, fewest)
    errors = np.array([spread(column, fewest) for column in effect.T])
    off = _largest(effect[0], errors)
    # Resamples do not show that errors are estimates too: few units need more, as Student's t does.
    wider = np.sqrt(fewest / (fewest - 1)) * quantile(fewest) / special.ndtri((1 + SURE) / 2)
    by_chance = _largest(wider * (effect[1:] - effect[0]), errors)
    of_any = (1 + (by_chance >= off).sum()) / (1 + len(by_chance))
    return Trends(interval(slope, fewest), min(1.0, 2 * min(of_slope, float(of_any))), len(at))


def _slopes(effect: Floats, distance: Ints, weight: Ints, n_base: int) -> Floats:
    """Slope of each row by weighted least squares, the base being a point like any other, at 0 and 0."""
    x = np.append(distance, 0).astype(np.float64)
    w = np.append(weight, n_base).astype(np.float64)
    away = w * (x - np.average(x, weights=w))
    slopes: Floats = effect @ away[:-1] / (away @ x)
    return slopes


def _two_sided(value: float, error: float, n_units: int) -> float:
    return float(2 * special.stdtr(n_units - 1, -abs(value) / error)) if error > 0 else float(value == 0)


def _largest(effect: Floats, errors: Floats) -> Floats:
    """Largest of each row in standard errors."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.nan_to_num(np.abs(effect) / errors, nan=0.0).max(axis=-1))


def _by_cohort(design: Design, people: People, draws: Draws, values: Values) -> tuple[CohortEffect, ...]:
    found: dict[int, CohortEffect] = {}
    for c, cohort in sorted(enumerate(design.cohorts), key=lambda pair: -len(pair[1].treated)):
        groups: list[Bools] = []
        for rows in (cohort.treated, cohort.comparison):
            group = np.zeros(design.n_units, np.bool_)
            group[rows] = True
            groups.append(group)
        n, m = len(cohort.treated), len(cohort.comparison)
        rest = int(design.treated.sum()) - n - sum(one.n_treated for one in found.values())
        if n < LEAST or m < LEAST:
            continue
        if 0 < rest < LEAST or not values.may(cohorts=[c]):
            people.ledger.n_withheld += len(groups)
        elif people.tell(*groups):
            values.take(cohorts=[c])
            effect = interval(draws.by_cohort[:, c], min(n, m))
            found[c] = CohortEffect(cohort.start, n, m, effect)
    return tuple(found[c] for c in sorted(found))

"""Whether a group differs from everybody else by more than chance, and by so much that it matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

Verdict: TypeAlias = Literal["same", "different", "too few"]

CHANCE: Final = 0.05
"""How likely it is at most that a report names any difference where there is none."""
LEAST_JUDGED: Final = 30
"""People in a group, and outside of it, below whom nothing is judged."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that groups are compared by.

    Parameters
    ----------
    key : tuple of str
        Names it; the first says what kind of measure it is.
    matters : float
        Difference from which it may matter, in the measure's unit.
    """

    key: tuple[str, ...]
    matters: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One group beside everybody else.

    Parameters
    ----------
    measure : Measure
    group : str
    n_learners, n_others : int
    value, low, high : float
        Of the group, with 95% interval, in the measure's unit.
    others : float
        Value of everybody else.
    difference, difference_low, difference_high : float
        `value` minus `others`, with 95% interval.
    p : float
        Chance of a difference as large where there is none; NaN where there are too few to judge.
    adjusted : float
        The same, for all comparisons of a report together.
    verdict : {"same", "different", "too few"}
        The 95% interval lies within what does not matter; it does not, and the difference is no chance;
        neither can be said.
    """

    measure: Measure
    group: str
    n_learners: int
    n_others: int
    value: float
    low: float
    high: float
    others: float
    difference: float
    difference_low: float
    difference_high: float
    p: float
    adjusted: float = np.nan
    verdict: Verdict = "too few"


def compare(
    measure: Measure,
    group: str,
    counts: tuple[int, int],
    values: tuple[float, float],
    errors: tuple[float, float],
) -> Comparison:
    """Lay a group beside everybody else, not yet judged.

    Parameters
    ----------
    measure : Measure
    group : str
    counts : (int, int)
        People in the group, and outside of it.
    values : (float, float)
        Of the group, and of everybody else.
    errors : (float, float)
        Standard errors, of the group's value and of the difference.

    Notes
    -----
    Intervals and p are by Student's t with as many degrees of freedom as the people in the group, or in the
    smaller of the two for a difference, less one: wider than by the normal curve where people are few.
    """
    (n, n_others), (value, others) = counts, values
    half = float(student.ppf(0.975, n - 1)) * errors[0]
    free = min(n, n_others) - 1
    difference = value - others
    half_difference = float(student.ppf(0.975, free)) * errors[1]
    is_judged = min(n, n_others) >= LEAST_JUDGED and np.isfinite(difference)
    return Comparison(
        measure,
        group,
        n,
        n_others,
        value,
        value - half,
        value + half,
        others,
        difference,
        difference - half_difference,
        difference + half_difference,
        _chance(difference, errors[1], free) if is_judged else np.nan,
    )


def judge(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Judge all comparisons of a report together.

    Of two groups that are each everybody else to the other, one comparison is counted.
    """
    groups_of: dict[tuple[str, ...], list[str]] = {}
    for one in comparisons:
        groups_of.setdefault(one.measure.key, []).append(one.group)

    def is_mirror(one: Comparison) -> bool:
        groups = groups_of[one.measure.key]
        return len(groups) == 2 and one.group == groups[1]

    counted = [i for i, one in enumerate(comparisons) if not np.isnan(one.p) and not is_mirror(one)]
    adjusted = holm(np.array([comparisons[i].p for i in counted]))
    by_place = dict(zip(counted, adjusted.tolist(), strict=True))
    by_measure = {comparisons[i].measure.key: its for i, its in by_place.items()}
    judged = []
    for i, one in enumerate(comparisons):
        its = by_measure.get(one.measure.key, np.nan) if is_mirror(one) else by_place.get(i, np.nan)
        judged.append(replace(one, adjusted=its, verdict=_verdict(one, its)))
    return tuple(judged)


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p values such that the chance of any false alarm among them is bounded (Holm 1979).

    Parameters
    ----------
    p : float64 array, shape (n,)

    Returns
    -------
    float64 array, shape (n,)
        The smallest times n, the next times n - 1, and so on, at most 1 and never falling.

    Examples
    --------
    >>> holm(np.array([0.04, 0.01, 0.03])).round(2).tolist()
    [0.06, 0.03, 0.06]
    """
    order = np.argsort(p)
    steps = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(p) else steps
    return adjusted


def _chance(difference: float, error: float, free: int) -> float:
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * student.sf(abs(difference) / error, free))


def _verdict(one: Comparison, adjusted: float) -> Verdict:
    if np.isnan(one.p):
        return "too few"
    matters = one.measure.matters
    if -matters < one.difference_low and one.difference_high < matters:
        return "same"
    return "different" if adjusted < CHANCE else "too few"

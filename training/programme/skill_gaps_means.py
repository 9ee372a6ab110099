"""The mean of some people, how sure it is, and which of many differences chance alone would hardly bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from scipy import stats

from recommender.domain.catalog import Floats
from recommender.domain.disclosure import LEAST

LEVEL: Final = 0.95
"""Share of intervals that hold what they are of."""
Verdict: TypeAlias = Literal["up", "down", "chance", "many", "untold"]
"""Of a change: it rose; it fell; its interval holds 0; its interval does not, but among so many groups chance
brings some such; its interval is not told."""
# Changes of less than this are rounding.
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over people.

    Parameters
    ----------
    n_people : int
    value : float
    low, high : float or None
        95% interval; None where it is not told, see `mean_of`.
    p : float
        Probability of a mean as far from 0 if the true one were 0; NaN where the interval is not told.
    """

    n_people: int
    value: float
    low: float | None
    high: float | None
    p: float


def mean_of(values: Floats) -> Mean:
    """Return the mean over people and its interval from the bootstrap over people.

    The bootstrap's standard error of a mean, that of infinitely many resamples, is known without drawing any
    (Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 5). It is too small by
    ``sqrt((n - 1) / n)``; set right and with the quantile of Student's t for small groups (Hesterberg 2015,
    "What Teachers Should Know About the Bootstrap")

    ::

        mean +- t(n - 1) sqrt(sum_i (x_i - mean)^2 / (n (n - 1)))

    Its ends are even-handed functions of everybody; those of a percentile interval of five people can be the
    value of one. Where most people have one and the same value, as none of them lacks anything, and fewer
    than five have others, mean and width together would give these away: then the interval is not told.

    Parameters
    ----------
    values : float64 array, shape (n_people,)
        At least `LEAST`, each person's own.

    Raises
    ------
    ValueError
        There are fewer people.

    Examples
    --------
    >>> mean_of(np.array([0.1, 0.2, 0.3, 0.4, 0.5])).value
    0.3
    >>> mean_of(np.array([0.0, 0.0, 0.0, 0.0, 0.5])).low is None
    True
    """
    n = len(values)
    if n < LEAST:
        raise ValueError(f"{n} people are too few to tell a mean of; give at least {LEAST}")
    value = float(values.mean())
    n_alike = int(np.unique(values, return_counts=True)[1].max())
    if 0 < n - n_alike < min(LEAST, n_alike):
        return Mean(n, value, None, None, np.nan)
    error = float(values.std(ddof=1) / np.sqrt(n))
    if error <= _NOTHING:
        return Mean(n, value, value, value, float(abs(value) <= _NOTHING))
    reach = float(stats.t.ppf(0.5 + LEVEL / 2.0, n - 1)) * error
    p = 2.0 * float(stats.t.sf(abs(value) / error, n - 1))
    return Mean(n, value, value - reach, value + reach, p)


def verdicts(changes: Sequence[Mean]) -> tuple[Verdict, ...]:
    """Say of each of several changes whether it is one.

    With many groups some intervals miss 0 by chance, so changes are told as such only where the share of
    false ones among them is expected to be 5% at most (Benjamini and Hochberg 1995).

    >>> verdicts([mean_of(np.array([0.1, 0.12, 0.11, 0.1, 0.13])), mean_of(np.linspace(-1.0, 1.0, 9))])
    ('up', 'chance')
    """
    p = np.array([change.p for change in changes])
    told = ~np.isnan(p)
    adjusted = np.ones(len(p))
    if told.any():
        adjusted[told] = stats.false_discovery_control(p[told])
    return tuple(_verdict(change, float(q)) for change, q in zip(changes, adjusted, strict=True))


def _verdict(change: Mean, adjusted: float) -> Verdict:
    if np.isnan(change.p):
        return "untold"
    if change.p > 1.0 - LEVEL:
        return "chance"
    if adjusted > 1.0 - LEVEL:
        return "many"
    return "up" if change.value > 0.0 else "down"

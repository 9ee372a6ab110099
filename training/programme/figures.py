"""The mean of some people, and how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from scipy import stats

from recommender.domain.catalog import Floats
from recommender.domain.disclosure import LEAST

LEVEL: Final = 0.95
"""Share of intervals that hold what they are of."""
# Errors of no more than this are rounding.
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over people.

    Parameters
    ----------
    n : int
        People.
    value : float
    low, high : float
        95% interval; NaN where it may not be told, see `told`.
    p : float
        Probability of a mean as far from 0 if the true one were 0; NaN where the interval is.
    """

    n: int
    value: float
    low: float
    high: float
    p: float

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Return the mean of two values or more and the interval of Student's t.

        ::

            mean +- t(n - 1) sqrt(sum_i (x_i - mean)^2 / (n (n - 1)))

        (Student 1908, "The Probable Error of a Mean"). That is also the interval of the bootstrap over
        people, whose standard error of a mean is known without drawing any resample, set right for small
        groups: the bootstrap's is too small by ``sqrt((n - 1) / n)``, and so are normal quantiles (Hesterberg
        2015, "What Teachers Should Know About the Bootstrap").

        Parameters
        ----------
        values : float64 array, shape (n_people,)
            Each person's own.

        >>> m = Mean.of(np.array([1.0, 2.0, 3.0]))
        >>> round(m.value, 3), round(m.low, 3), round(m.high, 3)
        (2.0, -0.484, 4.484)
        """
        n, value = len(values), float(values.mean())
        error = float(values.std(ddof=1)) / math.sqrt(n)
        if error <= _NOTHING:
            return cls(n, value, value, value, float(abs(value) <= _NOTHING))
        reach = float(stats.t.ppf(0.5 + LEVEL / 2.0, n - 1)) * error
        return cls(n, value, value - reach, value + reach, 2.0 * float(stats.t.sf(abs(value) / error, n - 1)))

    @classmethod
    def told(cls, values: Floats) -> Self:
        """Return the mean, with its interval only where both together give nobody's value away.

        Where most people have one and the same value, as none of them lacks anything, and fewer than five
        have others, mean and width together would give these away: then the interval is not told.

        Raises
        ------
        ValueError
            There are fewer than `LEAST` people.

        >>> Mean.told(np.array([0.0, 0.0, 0.0, 0.0, 0.5])).has_interval
        False
        """
        n = len(values)
        if n < LEAST:
            raise ValueError(f"{n} people are too few to tell a mean of; give at least {LEAST}")
        n_alike = int(np.unique(values, return_counts=True)[1].max())
        if 0 < n - n_alike < min(LEAST, n_alike):
            return cls(n, float(values.mean()), math.nan, math.nan, math.nan)
        return cls.of(values)

    @property
    def has_interval(self) -> bool:
        """Whether it is told how sure the mean is."""
        return not math.isnan(self.low)

    @property
    def holds_zero(self) -> bool:
        """Whether chance alone may be what differs from nothing."""
        return self.low <= 0.0 <= self.high

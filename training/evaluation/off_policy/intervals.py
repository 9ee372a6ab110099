"""Intervals of means over answers, by learner: two answers to one learner are not two independent facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from training.evaluation.off_policy.log import Floats, Ints

SHARE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval.

    Parameters
    ----------
    value : float
    low, high : float
        Bounds of the interval; NaN where too little varies to give one.
    standard_error : float
        NaN where there is no interval.
    """

    value: float
    low: float
    high: float
    standard_error: float

    def holds(self, truth: float) -> bool:
        """Whether the interval contains a value; never where there is none."""
        return self.low <= truth <= self.high


def mean_by_learner(values: Floats, learner: Ints, share: float = SHARE) -> Estimate:
    """Mean over answers, with an interval that takes learners for the independent units.

    The standard error is that of a ratio estimate over clusters of unequal size (Cochran 1977, "Sampling
    techniques", section 9.2), with ``C / (C - 1)`` for `C` learners. The quantile is Student's, with as many
    degrees of freedom as learners carry the variance, ``(sum e^2)^2 / sum e^4 - 1`` for the residual sums `e`
    of learners: a few heavy weights are a few observations, however long the log.

    Parameters
    ----------
    values : float64 array, shape (n_answers,)
    learner : int64 array, shape (n_answers,)
    share : float
        Of such intervals that hold the truth, in (0, 1).

    Examples
    --------
    >>> mean_by_learner(np.array([0.0, 1.0, 1.0, 0.0]), np.arange(4)).value
    0.5
    """
    value = float(values.mean())
    _, position = np.unique(learner, return_inverse=True)
    residual = np.bincount(position, values - value)
    n_learners, squares = len(residual), residual**2
    total = float(squares.sum())
    if n_learners < 2 or total <= 1e-18 * len(values):
        return Estimate(value, np.nan, np.nan, np.nan)
    error = float(np.sqrt(n_learners / (n_learners - 1) * total) / len(values))
    degrees = max(1.0, total**2 / float((squares**2).sum()) - 1.0)
    reach = float(stats.t.ppf(0.5 + share / 2, degrees)) * error
    return Estimate(value, value - reach, value + reach, error)

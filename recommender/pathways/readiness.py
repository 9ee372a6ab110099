"""Readiness for a role: the share of what it asks for that is there, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommender.domain.catalog import Floats


@dataclass(frozen=True, slots=True)
class Readiness:
    """A share in [0, 1] and its 80% interval."""

    value: float
    low: float
    high: float


def gaps(required: Floats, mastery: Floats) -> Floats:
    """``max(0, required - mastery)``; arrays that broadcast, NaN where nothing is required.

    >>> gaps(np.array([0.75, 0.75]), np.array([0.25, 0.9])).tolist()
    [0.5, 0.0]
    """
    short: Floats = np.maximum(required - mastery, 0.0)
    return short


def readiness(
    required: Floats, importance: Floats, mastery: Floats, low: Floats, high: Floats
) -> Readiness | None:
    """How far a learner is what a role asks for.

    ::

        readiness = 1 - sum_s importance_s gap_s / sum_s importance_s required_s

    The interval is put together from those of mastery by MOVER, the method of variance estimates recovery
    (Zou, Huang and Zhang 2009, "A note on confidence interval estimation for a linear function of binomial
    proportions"). With w_s = importance_s / sum importance required, and gap(m) = max(0, required - m),

    ::

        from  readiness - sqrt(sum_s (w_s (gap(low_s) - gap_s))^2)
        to    readiness + sqrt(sum_s (w_s (gap_s - gap(high_s)))^2)

    It keeps the lopsidedness of the intervals, and a skill that is surely mastered adds nothing. It takes
    errors of different skills as independent. They are not quite: what is not known of a learner's ability is
    in all of them, so the interval is rather too narrow, most so with many skills and few answers.

    Parameters
    ----------
    required, importance, mastery, low, high : float64 arrays, shape (n_required,)
        Of the skills that the role asks for; all in [0, 1], ``low <= mastery <= high``.

    Returns
    -------
    Readiness or None
        None where nothing is asked for: there is no profile, or none of it weighs anything.

    Examples
    --------
    >>> one = np.ones(1)
    >>> readiness(0.5 * one, one, 0.25 * one, 0.125 * one, 0.9 * one)
    Readiness(value=0.5, low=0.25, high=1.0)
    """
    asked = float((importance * required).sum())
    if not asked > 0.0:
        return None
    weight = importance / asked
    short = gaps(required, mastery)
    value = 1.0 - float(weight @ short)
    down, up = weight * (gaps(required, low) - short), weight * (short - gaps(required, high))
    # Rounding may carry a little past the ends.
    ends = value - np.sqrt(down @ down), value, value + np.sqrt(up @ up)
    lowest, value, highest = (float(min(max(end, 0.0), 1.0)) for end in ends)
    return Readiness(value, lowest, highest)

"""Readiness for a role: the share of what it asks for that is there, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recommender.domain.catalog import Floats

SHARED: Final = 1 / 3
"""Correlation of the errors of mastery of two skills of one learner.

Set by what simulated people truly master, for no data of real people tell: on data/reskilling, intervals with
0 held 52 to 64% of people's readiness instead of 80%, with 1/3 89%, with 1 99% or more
(`tests/benchmarks/readiness_truth.py`, 135 and 81 people).
"""


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
    (Zou and Donner 2008, "Construction of confidence limits about effect measures"; Zou, Huang and Zhang 2009
    for sums of many), with one correlation c between the errors of any two skills, `SHARED`. With
    w_s = importance_s / sum importance required, and gap(m) = max(0, required - m),

    ::

        d_s = w_s (gap(low_s) - gap_s)     from  readiness - sqrt((1 - c) sum_s d_s^2 + c (sum_s d_s)^2)
        u_s = w_s (gap_s - gap(high_s))    to    readiness + sqrt((1 - c) sum_s u_s^2 + c (sum_s u_s)^2)

    It keeps the lopsidedness of the intervals, and a skill that is surely mastered adds nothing. Errors go
    together since what is not known of a learner's ability is in all of them.

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
    if not asked > np.finfo(float).tiny * len(required):
        return None
    weight = importance / asked
    short = gaps(required, mastery)
    value = 1.0 - float(weight @ short)
    down, up = weight * (gaps(required, low) - short), weight * (short - gaps(required, high))
    # Rounding may carry a little past the ends.
    ends = value - _together(down), value, value + _together(up)
    lowest, value, highest = (float(min(max(end, 0.0), 1.0)) for end in ends)
    return Readiness(value, lowest, highest)


def _together(parts: Floats) -> float:
    """Distance to an end of the interval of a sum, from those of its parts."""
    return float(np.sqrt((1.0 - SHARED) * (parts @ parts) + SHARED * parts.sum() ** 2))

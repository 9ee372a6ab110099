"""When a skill that fades falls below what is required.

Mastery t days after a skill was last refreshed is read as

    logit(t) = lasting + speaks_for 2^(-t / half_life),

what never fades and what does (`recommender.skills.mastery`). It falls to `required` when

    t = half_life log2(speaks_for / (logit(required) - lasting)),

never where `lasting` alone suffices. A pathway takes what its modules teach for evidence that speaks for the
learner and was refreshed when the last of them ended; a review refreshes it again and is counted for no more.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from recommender.domain.catalog import Floats


def days_until_below(now: Floats, lasting: Floats, half_life_days: Floats, required: Floats) -> Floats:
    """Days until mastery falls below what is required.

    Parameters
    ----------
    now, lasting : float64 arrays, shape (n_skills,)
        Logits of mastery now, and of what never fades of it.
    half_life_days : float64 array, shape (n_skills,)
        NaN for skills that do not fade.
    required : float64 array, shape (n_skills,)
        Probabilities, NaN where nothing is required.

    Returns
    -------
    float64 array, shape (n_skills,)
        0 where mastery is below it already, infinity where it never falls below it.

    Examples
    --------
    >>> half = days_until_below(np.array([2.0]), np.array([0.0]), np.array([30.0]), np.array([0.7310586]))
    >>> half.round(3).tolist()
    [30.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = logit(required)
        days = half_life_days * np.log2((now - lasting) / (floor - lasting))
        days = np.where((floor <= lasting) | np.isnan(half_life_days), np.inf, np.maximum(days, 0.0))
        days = np.where(now < floor, 0.0, days)
    return np.where(np.isnan(required), np.inf, days)

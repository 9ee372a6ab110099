"""How much older starts count."""

from __future__ import annotations

import numpy as np

from recommender.domain.catalog import Floats

DAY_SECONDS = 86_400.0


def age_weights(at: Floats, half_life_days: float, *, unknown: float) -> Floats:
    """Halve the weight of a start with every half-life of its age.

    Age is counted to the last start in the data, so that the same data give the same weights on any day.

    Parameters
    ----------
    at : float64 array, shape (n_starts,)
        Seconds since 1970 UTC; NaN without clock.
    half_life_days : float
        Days, more than 0.
    unknown : float
        Weight of a start without a time.

    Returns
    -------
    float64 array, shape (n_starts,)
        In (0, 1] where the time is known.

    Examples
    --------
    >>> age_weights(np.array([0.0, np.nan, 5.0]) * DAY_SECONDS, 5.0, unknown=0.0).tolist()
    [0.5, 0.0, 1.0]
    """
    known = np.isfinite(at)
    age_days = (np.max(at, where=known, initial=-np.inf) - np.where(known, at, 0.0)) / DAY_SECONDS
    return np.where(known, np.exp2(-np.where(known, age_days, 0.0) / half_life_days), unknown)

"""What somebody finds out of sums who knows what most people have."""

from __future__ import annotations

import numpy as np


def known_of(values: np.ndarray) -> set[float]:
    """What may be known of people: that they have nothing, or what more than half have."""
    usual = (value for value in set(np.round(values, 9)) if np.isclose(values, value).mean() > 0.5)
    return {0.0, *usual}


def few(values: np.ndarray, everybody: np.ndarray) -> bool:
    """Whether the sum over a group is that of one to four people to who knows who has what is known.

    That is also what more people of the group have than have not.
    """
    others = [int((~np.isclose(values, value)).sum()) for value in known_of(everybody)]
    n_alike = max((int(np.isclose(values, value).sum()) for value in values), default=0)
    others += [len(values) - n_alike] if len(values) - n_alike < n_alike else []
    return any(1 <= n <= 4 for n in others)

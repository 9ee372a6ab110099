"""How far estimates of mastery are from the truth: rank correlation, coverage of intervals, error."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from tests.model.irt import Floats

BINS: Final = {"1-2": (1, 2), "3-5": (3, 5), "6-10": (6, 10), "> 10": (11, 10**9)}
"""Numbers of attempts by which coverage is told."""
_ENOUGH: Final = 20


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one estimator on some pairs of learner and skill.

    Parameters
    ----------
    n : int
    pooled, within : float
        Spearman's rank correlation of estimate and truth over all pairs, and its mean over skills with 20
        pairs or more, weighted by pairs: how hard skills are wins nothing there. NaN where the estimate does
        not vary.
    coverage, width : float
        Share of truths inside the 80% interval, and mean width; NaN without intervals.
    error, bias : float
        Mean absolute, and mean, estimate minus truth.
    """

    n: int
    pooled: float
    within: float
    coverage: float
    width: float
    error: float
    bias: float

    def as_dict(self) -> dict[str, Any]:
        """Return it with None for NaN."""
        return {name: None if value != value else value for name, value in asdict(self).items()}


def figures(pairs: pd.DataFrame, estimates: Floats) -> Figures:
    """Hold estimates (n_pairs, 3) against ``truth`` of the pairs.

    The truth is told in digits, so what counts is the share of what it may have been that lies inside.
    """
    estimate, low, high = estimates.T
    truth, half = pairs["truth"].to_numpy(), np.maximum(pairs["rounded"].to_numpy(), 1e-9)
    inside = np.clip(np.minimum(high, truth + half) - np.maximum(low, truth - half), 0, None) / (2 * half)
    off = estimate - truth
    return Figures(
        n=len(pairs),
        pooled=spearman(estimate, truth),
        within=within(pairs["skill"].to_numpy(), estimate, truth),
        coverage=_mean(inside),
        width=_mean(high - low),
        error=_mean(np.abs(off)),
        bias=_mean(off),
    )


def spearman(x: Floats, y: Floats) -> float:
    """Spearman's rank correlation, NaN where one does not vary.

    Examples
    --------
    >>> spearman(np.array([1.0, 2, 3]), np.array([2.0, 4, 9]))
    1.0
    """
    if len(x) < 2:
        return float("nan")
    a, b = rankdata(x), rankdata(y)
    a, b = a - a.mean(), b - b.mean()
    norm = np.sqrt((a @ a) * (b @ b))
    return float(np.round(a @ b / norm, 12)) if norm > 0 else float("nan")


def within(skill: Floats, x: Floats, y: Floats) -> float:
    """Mean rank correlation within skills, weighted by pairs; NaN if no skill has enough pairs."""
    total = n = 0.0
    for rows in pd.Series(np.arange(len(skill))).groupby(skill).indices.values():
        r = spearman(x[rows], y[rows]) if len(rows) >= _ENOUGH else float("nan")
        if r == r:
            total, n = total + r * len(rows), n + len(rows)
    return total / n if n else float("nan")


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")

"""What both models do on the same rows, and by how much they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluation.auc_bootstrap import bootstrap_aucs
from training.evaluation.bootstrap import bootstrap_means, draws
from training.evaluation.metrics import auc, calibration_bins

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
N_RESAMPLES = 2_000
_CHUNK = 50
_N_BINS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """A figure of both models on the same learners.

    Parameters
    ----------
    challenger, champion : float
    draws : float array, shape (n_resamples,)
        Challenger minus champion in resamples of learners, the same for both (Efron and Tibshirani 1993,
        "An Introduction to the Bootstrap", chapter 8).
    n_learners, n_rows : int
    """

    challenger: float
    champion: float
    draws: Floats
    n_learners: int
    n_rows: int

    @property
    def value(self) -> float:
        """Challenger minus champion."""
        return self.challenger - self.champion

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the percentile interval of the difference."""
        tail = (1.0 - confidence) / 2.0
        low, high = np.quantile(self.draws, [tail, 1.0 - tail])
        return float(low), float(high)

    def chance_within(self, margin: float = 0.0) -> float:
        """One-sided p-value of differing by more than a margin: share of resamples that do not.

        Counted as one more of each, so that it is never 0 (Davison and Hinkley 1997, "Bootstrap Methods and
        Their Application", section 4.2.1).
        """
        return float(((self.draws <= margin).sum() + 1) / (len(self.draws) + 1))


def mean_difference(
    challenger: Floats, champion: Floats, learner: Ints, rng: np.random.Generator
) -> Difference:
    """Compare means of two columns, one value a row."""
    means = bootstrap_means(np.column_stack([challenger, champion]), learner, rng, N_RESAMPLES)
    return Difference(
        float(challenger.mean()),
        float(champion.mean()),
        means[:, 0] - means[:, 1],
        len(np.unique(learner)),
        len(learner),
    )


def auc_difference(
    y: Floats, p: Mapping[str, Floats], learner: Ints, rng: np.random.Generator
) -> Difference | None:
    """Compare AUCs, `p` by name with the challenger first; None where all passed or all failed."""
    names = list(p)
    values = [auc(y, p[name]) for name in names]
    if values[0] is None or values[1] is None:
        return None
    aucs = bootstrap_aucs(y, p, learner, rng, N_RESAMPLES)
    differences = aucs[names[0]] - aucs[names[1]]
    return Difference(
        values[0], values[1], differences[~np.isnan(differences)], len(np.unique(learner)), len(learner)
    )


def ece_difference(y: Floats, p: Mapping[str, Floats], learner: Ints, rng: np.random.Generator) -> Difference:
    """Compare expected calibration errors, each over bins of equal mass of its own model.

    Bins stay those of all rows in every resample; see `training.evaluation.metrics.calibration_bins`.
    """
    who, position = np.unique(learner, return_inverse=True)
    count = np.bincount(position, minlength=len(who)).astype(np.float64)
    names = list(p)
    residuals = [_residuals(y, p[name], position, len(who)) for name in names]
    errors = np.empty((N_RESAMPLES, 2))
    for first in range(0, N_RESAMPLES, _CHUNK):
        drawn = draws(len(who), min(_CHUNK, N_RESAMPLES - first), rng)
        n = drawn @ count
        for column, residual in enumerate(residuals):
            errors[first : first + len(drawn), column] = np.abs(drawn @ residual).sum(axis=1) / n
    value = [float(np.abs(residual.sum(axis=0)).sum() / len(y)) for residual in residuals]
    return Difference(value[0], value[1], errors[:, 0] - errors[:, 1], len(who), len(y))


def _residuals(y: Floats, p: Floats, position: Ints, n_learners: int) -> Floats:
    """Sum probability minus outcome by learner and bin, shape (n_learners, n_bins)."""
    edges = _edges(y, p)
    place = np.searchsorted(edges, p, side="left")
    sums = np.zeros((n_learners, len(edges) + 1))
    np.add.at(sums, (position, place), p - y)
    return sums


def _edges(y: Floats, p: Floats) -> Floats:
    """Largest probability of each bin but the last."""
    count = calibration_bins(y, p, _N_BINS).count
    edges: Floats = np.sort(p)[np.cumsum(count)[:-1] - 1]
    return edges

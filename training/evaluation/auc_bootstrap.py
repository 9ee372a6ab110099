"""Area under the ROC curve in resamples of learners: predictions are sorted once, each resample is a pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from training.evaluation.bootstrap import N_FOLDS, draws, interval
from training.evaluation.metrics import Floats

_CHUNK = 50  # as in `bootstrap_means`


def bootstrap_aucs(
    y: NDArray[Any],
    predictions: Mapping[str, Floats],
    learner: NDArray[np.integer],
    rng: np.random.Generator,
    n_folds: int = N_FOLDS,
) -> dict[str, Floats]:
    """AUC of every model in each of `n_folds` resamples of learners, drawn with replacement.

    Parameters
    ----------
    y : array of 0 and 1, shape (n_responses,)
    predictions : mapping of name to float array, shape (n_responses,)
    learner : int array, shape (n_responses,)
        Whose response it is. A learner drawn twice brings all of their responses twice.
    rng : numpy Generator
    n_folds : int

    Returns
    -------
    dict of name to float array, shape (n_folds,)
        All models see the same resamples, so the difference of two is the paired difference (Efron and
        Tibshirani 1993, chapter 8). NaN where all responses of a resample are alike.

    Notes
    -----
    The AUC is the chance that a pass was given a higher probability than a fail, ties counting half
    (Hanley and McNeil 1982, equation 1), here with each response weighted by how often its learner was drawn.

    Examples
    --------
    >>> aucs = bootstrap_aucs(
    ...     np.array([0, 1]), {"model": np.array([0.1, 0.9])}, np.array([4, 4]), np.random.default_rng(0), 2
    ... )
    >>> aucs["model"].tolist()
    [1.0, 1.0]
    """
    who, position = np.unique(learner, return_inverse=True)
    sorted_models = {name: _sorted(y, p, position) for name, p in predictions.items()}
    aucs = {name: np.empty(n_folds) for name in predictions}
    for first in range(0, n_folds, _CHUNK):
        weights = draws(len(who), min(_CHUNK, n_folds - first), rng)
        for name, rows in sorted_models.items():
            _weighted_aucs(weights, *rows, aucs[name][first : first + len(weights)])
    return aucs


def auc_interval(aucs: Floats) -> tuple[float, float] | None:
    """95% percentile interval of AUCs or of their differences; None where no resample had one.

    Examples
    --------
    >>> auc_interval(np.array([0.5, np.nan]))
    (0.5, 0.5)
    """
    defined = aucs[~np.isnan(aucs)]
    if not len(defined):
        return None
    low, high = interval(defined[:, None])[0]
    return float(low), float(high)


def _sorted(
    y: NDArray[Any], p: Floats, learner: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Learner and outcome of the responses by rising probability, and where a run of equal ones ends."""
    order = np.argsort(p)
    ends = np.append(np.diff(p[order]) > 0, True)[: len(p)]
    return learner[order].astype(np.int32), np.asarray(y)[order] == 1, ends


@numba.njit(cache=True)
def _weighted_aucs(weights: Any, learner: Any, passed: Any, ends: Any, aucs: Any) -> None:
    """Write the AUC under each row of `weights` (n_folds, n_learners) into `aucs` (n_folds,)."""
    for fold in range(len(weights)):
        weight = weights[fold]
        ordered = fails = passes = tied_fails = tied_passes = 0.0
        for row in range(len(learner)):
            if passed[row]:
                tied_passes += weight[learner[row]]
            else:
                tied_fails += weight[learner[row]]
            if ends[row]:
                ordered += tied_passes * (fails + 0.5 * tied_fails)
                fails += tied_fails
                passes += tied_passes
                tied_fails = tied_passes = 0.0
        aucs[fold] = ordered / (passes * fails) if passes * fails > 0 else np.nan

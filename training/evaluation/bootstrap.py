"""Intervals by resampling learners: two responses of one learner are not two independent facts."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.evaluation.metrics import Floats

N_FOLDS: Final = 1_000
_CHUNK: Final = 50  # resamples held in memory at a time: 50 x 20,000 learners are 8 MB


def bootstrap_means(
    values: Floats,
    learner: NDArray[np.integer],
    rng: np.random.Generator,
    n_folds: int = N_FOLDS,
    weights: Floats | None = None,
) -> Floats:
    """Mean of every column in each of `n_folds` resamples of learners, drawn with replacement.

    Parameters
    ----------
    values : float array, shape (n_rows, n_columns)
    learner : int array, shape (n_rows,)
        Whose row it is. A learner drawn twice brings all of their rows twice.
    rng : numpy Generator
    n_folds : int
    weights : float array, shape (n_rows, n_columns), optional
        More than 0; how much each value counts in its mean. By default all count alike.

    Returns
    -------
    float array, shape (n_folds, n_columns)
        All columns of one resample come from the same learners, so the difference of two columns is the
        paired difference (Efron and Tibshirani 1993, chapter 8).

    Examples
    --------
    >>> means = bootstrap_means(np.array([[0.0], [1.0]]), np.array([4, 4]), np.random.default_rng(0), 3)
    >>> means.ravel().tolist()
    [0.5, 0.5, 0.5]
    """
    who, position = np.unique(learner, return_inverse=True)
    counted = np.ones((len(values), 1)) if weights is None else weights
    sums, counts = (
        np.column_stack([np.bincount(position, column, len(who)) for column in columns.T])
        for columns in (values * counted, counted)
    )
    means = np.empty((n_folds, values.shape[1]))
    for first in range(0, n_folds, _CHUNK):
        size = min(_CHUNK, n_folds - first)
        drawn = draws(len(who), size, rng)
        means[first : first + size] = (drawn @ sums) / (drawn @ counts)
    return means


def interval(means: Floats, share: float = 0.95) -> Floats:
    """Percentile interval of every column of `bootstrap_means`; shape (n_columns, 2), low before high.

    Examples
    --------
    >>> interval(np.arange(101.0)[:, None], share=0.9).round().tolist()
    [[5.0, 95.0]]
    """
    tail = 50 * (1 - share)
    return np.percentile(means, [tail, 100 - tail], axis=0).T


def draws(n_learners: int, size: int, rng: np.random.Generator) -> Floats:
    """How often each learner is in each resample, shape (size, n_learners)."""
    picks = rng.integers(0, n_learners, (size, n_learners)) + n_learners * np.arange(size)[:, None]
    counts = np.bincount(picks.ravel(), minlength=size * n_learners)
    return counts.reshape(size, n_learners).astype(np.float64)

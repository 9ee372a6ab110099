"""Weights of the mix of views, learned from choices."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_STARTED: Final = (0, 1, 3, 10)
"""Modules started from which on a learner belongs to the next stage of a history."""
_ROUNDS: Final = 100
_LEAST: Final = 1e-12


def stage_of(n_started: int) -> int:
    """Stage of a history, a row of the weights.

    >>> [stage_of(n) for n in (0, 1, 2, 9, 10, 500)]
    [0, 1, 1, 2, 3, 3]
    """
    return bisect_right(LEAST_STARTED, n_started) - 1


def mixture_weights(
    shares: NDArray[np.float32], n_started: NDArray[np.int64], declared: Floats, prior_choices: float
) -> Floats:
    r"""Weights under which the mix of views would have made the choices most likely, at each stage.

    Parameters
    ----------
    shares : float32 array, shape (n_choices, n_views)
        Share that each view gave the module that was chosen, in [0, 1].
    n_started : int64 array, shape (n_choices,)
        Length of the history.
    declared : float64 array, shape (n_views,)
        Weights of the documented mix.
    prior_choices : float
        Choices that the declared weights count for at each stage.

    Returns
    -------
    float64 array, shape (n_stages, n_views)
        At least 0; each row sums to 1.

    Notes
    -----
    Mixture proportions by expectation maximisation (Dempster, Laird and Rubin 1977, section 4.3):
    :math:`w_v \leftarrow \sum_i w_v s_{iv} / \sum_{v'} w_{v'} s_{iv'}`, with a Dirichlet prior in the form of
    `prior_choices` more choices, divided like the declared weights. A choice that no view gives a share tells
    nothing.
    """
    declared = declared / max(declared.sum(), _LEAST)
    stage = np.searchsorted(LEAST_STARTED, n_started, side="right") - 1
    weights = np.tile(declared, (len(LEAST_STARTED), 1))
    for row in range(len(LEAST_STARTED)):
        told = shares[stage == row].astype(np.float64)
        told = told[told.any(axis=1)]
        weight = np.full(len(declared), 1.0 / max(len(declared), 1))
        for _ in range(_ROUNDS if len(told) else 0):
            taken = told * weight
            taken /= np.maximum(taken.sum(axis=1, keepdims=True), _LEAST)
            weight = taken.sum(axis=0) + prior_choices * declared
            weight /= weight.sum()
        if len(told):
            weights[row] = weight
    return weights

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


N_STAGES: Final = 2 * len(LEAST_STARTED)
"""Rows of the weights: each stage asked amid the data, then each asked ahead of it."""


def stage_of(n_started: int, ahead: bool) -> int:
    """Stage of a history, a row of the weights; `ahead` when views know nothing as late as the question.

    >>> [stage_of(n, ahead=False) for n in (0, 1, 2, 9, 10, 500)]
    [0, 1, 1, 2, 3, 3]
    >>> stage_of(0, ahead=True)
    4
    """
    return bisect_right(LEAST_STARTED, n_started) - 1 + ahead * len(LEAST_STARTED)


def mixture_weights(
    shares: NDArray[np.float32], stage: NDArray[np.int64], declared: Floats, prior_choices: float
) -> Floats:
    r"""Weights under which the mix of views would have made the choices most likely, at each stage.

    Parameters
    ----------
    shares : float32 array, shape (n_choices, n_views)
        Share that each view gave the module that was chosen, in [0, 1].
    stage : int64 array, shape (n_choices,)
        From `stage_of`.
    declared : float64 array, shape (n_views,)
        Weights of the documented mix.
    prior_choices : float
        Choices that a prior counts for at each stage.

    Returns
    -------
    float64 array, shape (N_STAGES, n_views)
        At least 0; each row sums to 1.

    Notes
    -----
    Mixture proportions by expectation maximisation (Dempster, Laird and Rubin 1977, section 4.3):
    :math:`w_v \leftarrow \sum_i w_v s_{iv} / \sum_{v'} w_{v'} s_{iv'}`, with a Dirichlet prior in the form of
    `prior_choices` more choices, divided like the declared weights. A choice that no view gives a share tells
    nothing.
    """
    declared = declared / max(declared.sum(), _LEAST)
    shares = shares.astype(np.float64)
    rows = []
    for ahead in (False, True):
        for length in range(len(LEAST_STARTED)):
            own = shares[stage == length + ahead * len(LEAST_STARTED)]
            rows.append(_proportions(own, declared, prior_choices))
    return np.array(rows)


def _proportions(shares: Floats, prior: Floats, prior_choices: float) -> Floats:
    """Proportions of the views, (n_views,), that make these choices most likely; without any, the prior."""
    told = shares[shares.any(axis=1)]
    if not len(told):
        return prior
    weight = np.full(len(prior), 1.0 / max(len(prior), 1))
    for _ in range(_ROUNDS):
        taken = told * weight
        taken /= np.maximum(taken.sum(axis=1, keepdims=True), _LEAST)
        weight = taken.sum(axis=0) + prior_choices * prior
        weight /= weight.sum()
    return weight

"""Estimates of what a target policy earns: inverse propensity, self-normalised, doubly robust.

Per answer, with weight ``w = share under the target / propensity`` of each shown module:

=======  ===============================================================================================
`ips`    mean of ``sum w r`` (Horvitz and Thompson 1952)
`snips`  ``sum w r / sum w`` times the modules that the target shows (Swaminathan and Joachims 2015)
`dr`     mean of ``sum share q over the target's modules + sum w (r - q)`` (Dudik, Langford and Li 2011)
=======  ===============================================================================================

`q` is a reward that was predicted without the learner's own answers, so each is unbiased (`snips` for long
logs) wherever propensities are right, also when `q` is not.

References
----------
Horvitz, Thompson 1952, "A generalization of sampling without replacement from a finite universe", *JASA* 47.
Dudik, Langford, Li 2011, "Doubly robust policy evaluation and learning", *ICML*. Swaminathan, Joachims 2015,
"The self-normalized estimator for counterfactual learning", *NeurIPS*.
"""

from __future__ import annotations

import numpy as np

from training.evaluation.off_policy.intervals import Estimate, mean_by_learner
from training.evaluation.off_policy.log import Floats, Log
from training.evaluation.off_policy.target import Target, totals


def weights_of(log: Log, target: Target) -> Floats:
    """Weight of each shown module, (n_shown,), 0 or more."""
    return target.share_of_shown(log) / log.propensity


def ips(log: Log, target: Target, reward: Floats) -> Estimate:
    """Inverse propensity estimate of the reward per answer.

    Parameters
    ----------
    log : Log
    target : Target
        Of the same answers.
    reward : float64 array, shape (n_shown,)
    """
    return mean_by_learner(_summed(log, weights_of(log, target) * reward), log.learner)


def snips(log: Log, target: Target, reward: Floats) -> Estimate:
    """Self-normalised inverse propensity estimate; its interval is of the linearised ratio."""
    weights = weights_of(log, target)
    earned, weight, mass = _summed(log, weights * reward), _summed(log, weights), target.mass()
    if weight.sum() == 0.0:
        return Estimate(np.nan, np.nan, np.nan, np.nan)
    each, size = float(earned.sum() / weight.sum()), float(mass.mean())
    moved = size / weight.mean() * (earned - each * weight) + each * (mass - size)
    return mean_by_learner(each * size + moved, log.learner)


def doubly_robust(
    log: Log, target: Target, reward: Floats, expected: Floats, expected_of_shown: Floats
) -> Estimate:
    """Doubly robust estimate.

    Parameters
    ----------
    expected : float64 array, shape (n_chosen,)
        Predicted reward of what the target shows.
    expected_of_shown : float64 array, shape (n_shown,)
        Of what was shown.
    """
    direct = totals(target.answer, target.share * expected, len(log))
    missed = _summed(log, weights_of(log, target) * (reward - expected_of_shown))
    return mean_by_learner(direct + missed, log.learner)


def _summed(log: Log, values: Floats) -> Floats:
    return totals(log.answer, values, len(log))

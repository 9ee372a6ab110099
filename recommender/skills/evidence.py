"""Evidence of mastery: what a pass only ever raises and a failure only ever lowers.

Here from the features of attempts, in `recommender.skills.mastery_kernel` from a state's records: the same
numbers, so that what the read-out of mastery is fitted on is what it reads later.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recommender.skills.records import FEATURE, N_SKILL_RATES, PRIOR_ANSWERS, RATES

Floats = NDArray[np.float64]

FADING: Final = (
    "skill_ability",
    "skill_level",
    "log_odds",
    *(f"share_{rate}" for rate in RATES[:N_SKILL_RATES]),
    "log_passed",
    "log_failed",
    "log_taught_hours",
)
"""Columns of evidence of a skill; what is positive in them fades."""
N_FADING: Final = len(FADING)


def evidence_of_features(features: NDArray[np.float32]) -> Floats:
    """Evidence before each attempt, means over its skills, shape (n_attempts, N_FADING)."""
    pass_rate = expit(-features[:, FEATURE["skill_difficulty"]].astype(np.float64))
    n = np.expm1(features[:, FEATURE["skill_log_attempts"]].astype(np.float64))
    mean = features[:, FEATURE["skill_pass_mean"]].astype(np.float64)
    passed = np.clip(mean * (n + PRIOR_ANSWERS) - PRIOR_ANSWERS * pass_rate, 0.0, n)
    prior, prior_failed = PRIOR_ANSWERS * pass_rate, PRIOR_ANSWERS * (1.0 - pass_rate)
    first = FEATURE[f"skill_share_{RATES[0]}"]
    share = features[:, first : first + N_SKILL_RATES].astype(np.float64)
    evidence = np.empty((len(n), N_FADING))
    evidence[:, 0] = features[:, FEATURE["skill_ability"]]
    evidence[:, 1] = features[:, FEATURE["skill_level"]]
    # Odds of the share of passes, with the prior's answers, against those of the prior alone.
    evidence[:, 2] = np.log((passed + prior) * prior_failed / ((n - passed + prior_failed) * prior))
    # Without an answer there is no share; with one it jumps from what is expected to 0 or 1.
    evidence[:, 3 : 3 + N_SKILL_RATES] = np.minimum(n, 1.0)[:, None] * (share - pass_rate[:, None])
    evidence[:, -3] = np.log1p(passed)
    evidence[:, -2] = -np.log1p(n - passed)
    evidence[:, -1] = features[:, FEATURE["skill_log_taught_hours"]]
    return evidence


def fading_rate(half_life_days: Floats) -> Floats:
    """Halvings a day; 0 for a skill that is not known to fade."""
    return np.where(np.isnan(half_life_days), 0.0, 1.0 / half_life_days)


def kept(days: Floats, rate: Floats) -> Floats:
    """Share of the positive evidence still kept after `days`, in [0, 1]; 1 where the time is not known."""
    share = np.exp2(-np.maximum(days, 0.0) * rate)
    return np.where(np.isnan(share), 1.0, share)

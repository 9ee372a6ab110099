"""Evidence of mastery: what a pass only ever raises and a failure only ever lowers.

The same numbers from a state's records and from the features of attempts, so that what the read-out of
mastery is fitted on is what it reads later.
"""

from __future__ import annotations

from typing import Any, Final

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

SECONDS_A_DAY: Final = 86_400.0


def evidence_of_records(met: Any, pass_rate: Floats) -> Floats:
    """Evidence of skills met, shape (n_skills_met, len(FADING)).

    Parameters
    ----------
    met : SKILL records, shape (n_skills_met,)
    pass_rate : float64 array, shape (n_skills_met,)
        Of anybody on the skill's typical item.
    """
    n, passed = met["n_attempts"].astype(np.float64), met["n_passed"].astype(np.float64)
    return _evidence(met["ability"], met["level"], n, passed, met["share"], met["taught_hours"], pass_rate)


def evidence_of_features(features: NDArray[np.float32]) -> Floats:
    """Evidence before each attempt, means over its skills, shape (n_attempts, len(FADING))."""
    pass_rate = expit(-features[:, FEATURE["skill_difficulty"]].astype(np.float64))
    n = np.expm1(features[:, FEATURE["skill_log_attempts"]].astype(np.float64))
    mean = features[:, FEATURE["skill_pass_mean"]].astype(np.float64)
    passed = np.clip(mean * (n + PRIOR_ANSWERS) - PRIOR_ANSWERS * pass_rate, 0.0, n)
    first = FEATURE[f"skill_share_{RATES[0]}"]
    return _evidence(
        features[:, FEATURE["skill_ability"]],
        features[:, FEATURE["skill_level"]],
        n,
        passed,
        features[:, first : first + N_SKILL_RATES],
        np.expm1(features[:, FEATURE["skill_log_taught_hours"]].astype(np.float64)),
        pass_rate,
    )


def fading_rate(half_life_days: Floats) -> Floats:
    """Halvings a day; 0 for a skill that is not known to fade."""
    return np.where(np.isnan(half_life_days), 0.0, 1.0 / half_life_days)


def kept(days: Floats, rate: Floats) -> Floats:
    """Share of the positive evidence still kept after `days`, in [0, 1]; 1 where the time is not known."""
    share = np.exp2(-np.maximum(days, 0.0) * rate)
    return np.where(np.isnan(share), 1.0, share)


def _evidence(
    ability: Any, level: Any, n: Floats, passed: Floats, share: Any, hours: Any, pass_rate: Floats
) -> Floats:
    mean = (passed + PRIOR_ANSWERS * pass_rate) / (n + PRIOR_ANSWERS)
    # Without an answer there is no share; with one it jumps from what is expected to 0 or 1.
    known = np.minimum(n, 1.0)
    evidence = np.empty((len(n), len(FADING)))
    evidence[:, 0], evidence[:, 1] = ability, level
    evidence[:, 2] = np.log(mean / (1.0 - mean) * ((1.0 - pass_rate) / pass_rate))
    evidence[:, 3 : 3 + N_SKILL_RATES] = known[:, None] * (share - pass_rate[:, None])
    evidence[:, -3] = np.log1p(passed)
    evidence[:, -2] = -np.log1p(n - passed)
    evidence[:, -1] = np.log1p(hours)
    return evidence

"""Mastery: the probability that a learner passes a typical item of a skill now.

A monotone read-out of the evidence in the state. On the logit scale

    m = offset_s + w_1 theta + min(e, 0) + max(e, 0) 2^(-t / h),
    e = w_2 theta_s + w_3 log(1 + passed) - w_4 log(1 + failed) + w_5 share,

every w non-negative, so that one more pass never lowers mastery and one more failure never raises it. Theta
and theta_s are the Elo abilities, `share` the recent share of passes, t the days since the skill was last
passed and h its half-life where the catalogue tells one (exponential forgetting, Ebbinghaus 1885 as read
by Settles and Meeder 2016, equation 1; without a half-life nothing fades). Only what speaks for the learner
fades and only a pass refreshes it: otherwise time alone would mend a failure, and a failure would bring back
passes of long ago. The weights are fitted to the calibrated model's probability on a typical item of the
skill, by non-negative least squares (Lawson and Hanson 1974, chapter 23).

The interval is that of a binomial share with the attempts made plus a prior: a standard error of
1 / sqrt(prior + n m (1 - m)) on the logit scale (observed information of a logit).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.special import expit

from recommender.domain.catalog import Catalog
from recommender.errors import NotFittedError
from recommender.skills import records
from recommender.skills.columns import AttemptColumns
from recommender.skills.replay import Evidence
from recommender.skills.state import LearnerState, known_rows

Floats = NDArray[np.float64]

SECONDS_A_DAY = 86_400.0
Z_80 = 1.2815515655446004


class MasteryConfig(BaseModel):
    """How mastery is read from evidence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offset_prior_attempts: float = Field(
        20.0, gt=0, description="attempts the mean offset counts for a skill's"
    )
    interval_prior: float = Field(1.0, gt=0, description="information, logits^-2, before the first attempt")


@dataclass(frozen=True, slots=True, eq=False)
class MasteryEstimate:
    """Mastery of every skill of the catalogue, arrays of shape (n_skills,).

    `mastery`, `low` and `high` are probabilities, the latter two an 80% interval; `n_attempts` is 0 where
    mastery is a prior only; `last_at` is in seconds since 1970 UTC or NaN; `trend` is the recent minus the
    long-run share of passes; `faded` is the mastery lost since the last pass, at least 0.
    """

    mastery: Floats
    low: Floats
    high: Floats
    n_attempts: NDArray[np.int64]
    last_at: Floats
    trend: Floats
    faded: Floats

    def known(self) -> Floats:
        """Mastery where there is evidence, NaN elsewhere."""
        return np.where(self.n_attempts > 0, self.mastery, np.nan)


class MasteryReadout:
    """The read-out.

    Attributes
    ----------
    offset_ : float64 array, shape (n_skills,)
        Logits.
    weight_ : float64 array, shape (5,)
        Of theta, theta_s, log passed, minus log failed, share; all >= 0.
    """

    def __init__(self, config: MasteryConfig | None = None) -> None:
        self.config = config or MasteryConfig()

    def fit(self, attempts: AttemptColumns, evidence: Evidence, target: Floats, *, n_skills: int) -> Self:
        """Fit to `target` (n_entries,), the model's logit on a typical item of each attempt's skills."""
        from scipy.optimize import nnls

        skill = attempts.skills.values
        x = _evidence_matrix(evidence, attempts)
        counts = np.maximum(np.bincount(skill, minlength=n_skills), 1)

        def by_skill(values: Floats) -> Floats:
            means: Floats = np.bincount(skill, weights=values, minlength=n_skills) / counts
            return means

        # Offsets take up each skill's mean, so the weights are fitted to what varies within a skill.
        x_mean = np.column_stack([by_skill(column) for column in x.T])
        y_mean = by_skill(target)
        within_x, within_y = x - x_mean[skill], target - y_mean[skill]
        # The triangular factor keeps the sum of squares, bounds included, in a system of five rows.
        rotation, triangle = np.linalg.qr(within_x)
        # Without a row, nnls returns whatever the memory held.
        self.weight_ = nnls(triangle, rotation.T @ within_y)[0] if len(skill) else np.zeros(x.shape[1])
        raw = y_mean - x_mean @ self.weight_
        n = np.bincount(skill, minlength=n_skills)
        overall = float((raw * n).sum() / max(n.sum(), 1))
        strength = self.config.offset_prior_attempts
        self.offset_ = (n * raw + strength * overall) / (n + strength)
        return self

    def estimate(self, state: LearnerState | None, catalog: Catalog, *, now: float) -> MasteryEstimate:
        """Mastery of every skill at `now`, seconds since 1970 UTC."""
        if not hasattr(self, "offset_"):
            raise NotFittedError(self)
        n_skills = len(self.offset_)
        n, last_at = np.zeros(n_skills, np.int64), np.full(n_skills, np.nan)
        trend, fresh, kept = np.zeros(n_skills), np.zeros(n_skills), np.ones(n_skills)
        ability = 0.0
        if state is not None:
            ability = float(state.learner["ability"][0])
            skill, row = known_rows(state.skill_rows, catalog.skill_index)
            met = state.skills[row]
            fresh[skill] = (
                self.weight_[1] * met["ability"]
                + self.weight_[2] * np.log1p(met["n_passed"])
                - self.weight_[3] * np.log1p(met["n_attempts"] - met["n_passed"])
                + self.weight_[4] * met["pass_fast"]
            )
            kept[skill] = _kept(met["passed_at"], catalog.half_life_days[skill], now)
            n[skill], last_at[skill] = met["n_attempts"], met["last_at"]
            trend[skill] = met["pass_fast"] - met["pass_slow"]
        lasting = self.offset_ + self.weight_[0] * ability
        logit = lasting + np.minimum(fresh, 0.0) + np.maximum(fresh, 0.0) * kept
        mastery = expit(logit)
        faded = np.maximum(expit(lasting + fresh) - mastery, 0.0)
        error = Z_80 / np.sqrt(self.config.interval_prior + n * mastery * (1 - mastery))
        return MasteryEstimate(mastery, expit(logit - error), expit(logit + error), n, last_at, trend, faded)


def _evidence_matrix(evidence: Evidence, attempts: AttemptColumns) -> Floats:
    row = attempts.skills.row_of_value()
    e = evidence.entries
    return np.column_stack(
        [
            evidence.features[row, records.ABILITY],
            e[:, records.SKILL_ABILITY],
            e[:, records.SKILL_LOG_PASSED],
            -e[:, records.SKILL_LOG_FAILED],
            e[:, records.SKILL_PASS_FAST],
        ]
    )


def _kept(passed_at: Floats, half_life_days: Floats, now: float) -> Floats:
    """Share of the evidence still kept, in [0, 1]; 1 where time or half-life is unknown."""
    days = np.maximum(now - passed_at, 0.0) / SECONDS_A_DAY
    kept = np.exp2(-days / half_life_days)
    return np.where(np.isnan(kept), 1.0, kept)

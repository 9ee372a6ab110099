"""Mastery: the probability that a learner passes a typical item of a skill now.

A monotone read-out of the evidence in the state. On the logit scale

    m_s = c - d_s + r_s + w_0 theta + sum_k w_k (max(x_k, 0) 2^(-t / h) + min(x_k, 0)) + v (level - pi_s),

every w non-negative and every x such that a pass never lowers and a failure never raises it, so one more
pass never lowers mastery. d_s is the mean difficulty of the skill's items, r_s what the learner's role and
segment add, theta the Elo ability, `level` the last self-assessment, pi_s the share of answers on the skill
that pass, and the x_k are those of `recommender.skills.evidence`.

What speaks for the learner fades with t, the days since the last pass or finished module, by the half-life h
of the skill (exponential forgetting, Ebbinghaus 1885 as read by Settles and Meeder 2016, equation 1; without
a half-life nothing fades). Failures do not fade: otherwise time alone would mend them.

A credential counts as so many passes in each of its skills (`credential_passes`, declared, not fitted), which
fade like those and are gone once it expires. What speaks for the learner fades from the day it was earned, if
that is later than the last pass.

The weights are fitted to answers, where an item that is harder than the typical one by d logits takes d
off: a logistic regression with bounds. It is PFA (Pavlik, Cen and Koedinger 2009, equation 3), signs held.

Mastery is sigmoid(m_s). The interval is normal on the logit scale around g m_s, where g makes up for what is
not known of learner and items and flattens m_s (a mean of curves is flatter than each), with the variance
v(n) = v_1 + (v_0 - v_1) / (1 + n / n_0) after n attempts, see `recommender.skills.mastery_fit`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import CatalogChange, taken
from recommender.errors import NotFittedError
from recommender.skills.columns import AttemptColumns
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.evidence import fading_rate
from recommender.skills.mastery_training import MasteryConfig, fit_readout
from recommender.skills.records import LEARNER, SKILL, fresh
from recommender.skills.state import LearnerState, known_rows
from recommender.skills.typical import TypicalItems, typical_items

Floats = NDArray[np.float64]

Z_80 = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Place:
    """A learner's place: positions in the catalogue's roles and in `SEGMENTS`, -1 where not known."""

    role: int = -1
    segment: int = -1


NOWHERE = Place()


@dataclass(frozen=True, slots=True, eq=False)
class MasteryEstimate:
    """Mastery of every skill of the catalogue, arrays of shape (n_skills,).

    `mastery`, `low` and `high` are probabilities, the latter two an 80% interval, a prior only where
    `has_evidence` does not hold: no answer, no credential, and no finished module that tells; `last_at`, of
    the last answer, is in seconds since 1970 UTC or NaN; `trend` is the recent minus the
    long-run share of passes; `faded` is the mastery lost since the last pass, at least 0; `n_kept` is
    `n_attempts`, and the passes that a credential counts as, times the share of their evidence that is kept.
    """

    mastery: Floats
    low: Floats
    high: Floats
    n_attempts: NDArray[np.int64]
    last_at: Floats
    trend: Floats
    faded: Floats
    n_kept: Floats
    has_evidence: NDArray[np.bool_]

    def known(self) -> Floats:
        """Mastery where there is evidence, NaN elsewhere."""
        return np.where(self.has_evidence, self.mastery, np.nan)


class MasteryReadout:
    """The read-out.

    Attributes
    ----------
    base_ : float64 array, shape (n_skills + 1,)
        Logit of mastery of somebody of whom nothing is known; the last is for items without skills.
    role_ : float64 array, shape (n_roles, n_skills + 1)
    segment_ : float64 array, shape (n_segments, n_skills + 1)
        What a learner's place adds to it.
    pass_rate_ : float64 array, shape (n_skills,)
        What shares of passes are held against.
    item_difficulty_ : float64 array, shape (n_items,)
        By how many logits each item is harder than the typical one of its skills.
    weight_ : float64 array, shape (3 + len(FADING),)
        Of theta, the level, the self-assessed level, then the columns of evidence; all >= 0.
    inside_ : float64 array, shape (2,)
        Answers within a module have the logit ``inside_[0] + inside_[1] * outside``, with `outside` that of
        the same answer elsewhere.
    variance_ : float64 array, shape (3,)
        See `interval_variance`.
    stretch_ : float64 array, shape (1,)
        See `attenuation`.
    """

    ARRAYS = (
        "base_",
        "role_",
        "segment_",
        "pass_rate_",
        "item_difficulty_",
        "weight_",
        "inside_",
        "variance_",
        "stretch_",
    )

    base_: Floats
    role_: Floats
    segment_: Floats
    pass_rate_: Floats
    item_difficulty_: Floats
    weight_: Floats
    inside_: Floats
    variance_: Floats
    stretch_: Floats

    def __init__(self, config: MasteryConfig | None = None) -> None:
        self.config = config or MasteryConfig()

    def fit(
        self,
        attempts: AttemptColumns,
        features: NDArray[np.float32],
        catalog: Catalog,
        table: DifficultyTable,
    ) -> Self:
        """Fit to answers, see `fit_readout`.

        Parameters
        ----------
        attempts : AttemptColumns
        features : float32 array, shape (n_attempts, N_FEATURES)
            What was known before each attempt, from tables fitted on other learners.
        catalog : Catalog
        table : DifficultyTable
            That the model serves with.
        """
        for name, values in fit_readout(attempts, features, catalog, table, self.config).items():
            setattr(self, name, values)
        return self

    def with_catalog(self, change: CatalogChange) -> Self:
        """Make the read-out of a changed catalogue.

        A skill that is new counts as one of which nothing is known, like items without skills; an item that
        is new as the typical one of its skills; a role that is new adds nothing.
        """
        self._require_fitted()
        moved = type(self)(self.config)
        for name in self.ARRAYS:
            setattr(moved, name, getattr(self, name))
        # Who is known to have no skills keeps the last place.
        columns = np.append(np.where(change.skills < 0, len(self.base_) - 1, change.skills), -1)
        moved.base_ = self.base_[columns]
        moved.segment_ = np.ascontiguousarray(self.segment_[:, columns])
        moved.role_ = np.ascontiguousarray(taken(self.role_, change.roles, 0.0)[:, columns])
        mean = self.pass_rate_.mean() if len(self.pass_rate_) else 0.5
        moved.pass_rate_ = taken(self.pass_rate_, change.skills, mean)
        moved.item_difficulty_ = taken(self.item_difficulty_, change.items, 0.0)
        return moved

    def typical_items(self, catalog: Catalog) -> TypicalItems:
        """Average the items of every module, see `recommender.skills.typical`."""
        self._require_fitted()
        return typical_items(catalog, self.item_difficulty_, *self.inside_.tolist())

    def logit(
        self, state: LearnerState | None, catalog: Catalog, *, now: float, place: Place = NOWHERE
    ) -> Floats:
        """Logit of mastery of every skill at `now`, and last of an item without skills; (n_skills + 1,)."""
        return self._read(state, catalog, now, place).logit

    def estimate(
        self, state: LearnerState | None, catalog: Catalog, *, now: float, place: Place = NOWHERE
    ) -> MasteryEstimate:
        """Mastery of every skill at `now`, seconds since 1970 UTC."""
        from recommender.skills.mastery_kernel import stand  # it brings the compiler

        read = self._read(state, catalog, now, place)
        n_skills, skill, met = len(self.pass_rate_), read.skill, read.met
        n, last_at, trend = np.zeros(n_skills, np.int64), np.full(n_skills, np.nan), np.zeros(n_skills)
        n[skill], last_at[skill] = met["n_attempts"], met["last_at"]
        trend[skill] = met["share"][:, 0] - met["share"][:, -1]
        known, faded = np.empty(n_skills), np.empty(n_skills)
        stand(self.compiled(catalog), met, skill, read.logit, read.unfaded, now, known, faded)
        mastery, has_evidence = expit(read.logit[:-1]), ~np.isnan(known)
        n_kept = n.astype(np.float64)
        n_kept[skill] += self.config.credential_passes * (met["expires_at"] > now)
        n_kept[skill] *= read.share
        error = Z_80 * self.error(n_kept)
        centre = self.stretch_ * read.logit[:-1]
        low = np.minimum(expit(centre - error), mastery)
        high = np.maximum(expit(centre + error), mastery)
        return MasteryEstimate(mastery, low, high, n, last_at, trend, faded, n_kept, has_evidence)

    def error(self, n_kept: Floats) -> Floats:
        """Return the standard error of the logit of mastery after so many attempts, same shape."""
        first, last, half = self.variance_
        error: Floats = np.sqrt(last + (first - last) / (1.0 + n_kept / half))
        return error

    @property
    def trust(self) -> Any:
        """How far mastery is trusted, as `recommender.skills.mastery_kernel.Trust`."""
        from recommender.skills.mastery_kernel import Trust  # it brings the compiler

        first, last, half = self.variance_.tolist()
        return Trust(float(self.stretch_[0]), first, last, half, Z_80)

    def compiled(self, catalog: Catalog) -> Any:
        """Return what compiled code reads, as `recommender.skills.mastery_kernel.Readout`."""
        from recommender.bound import locked  # these bring the compiler
        from recommender.skills.mastery_kernel import Readout

        self._require_fitted()
        rate = fading_rate(catalog.half_life_days)
        credential = self.config.credential_passes
        known = (self.base_, self.role_, self.segment_, self.pass_rate_, self.weight_)
        # Of one type whether they were read from a bundle or made for another catalogue: compiled once.
        return locked(Readout(*known, rate, credential))

    def _read(self, state: LearnerState | None, catalog: Catalog, now: float, place: Place) -> _Read:
        from recommender.skills.mastery_kernel import read_logits

        readout = self.compiled(catalog)
        learner, met, skill = fresh(LEARNER, 1), fresh(SKILL, 0), np.zeros(0, np.int64)
        if state is not None:
            learner = state.learner
            skill, row = known_rows(state.skill_rows, catalog.skill_index)
            # Copied only where the catalogue lacks one of the learner's skills.
            met = state.skills if len(row) == len(state.skills) else state.skills[row]
        logit, unfaded, share = np.empty_like(self.base_), np.empty_like(self.base_), np.empty(len(met))
        read_logits(readout, learner[0], met, skill, place.role, place.segment, now, logit, unfaded, share)
        return _Read(logit, unfaded, share, skill, met)

    def _require_fitted(self) -> None:
        if not hasattr(self, "base_"):
            raise NotFittedError(self)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Logits, logits had nothing faded, and of the skills met the share kept, position and record."""

    logit: Floats
    unfaded: Floats
    share: Floats
    skill: NDArray[np.int64]
    met: NDArray[np.void]

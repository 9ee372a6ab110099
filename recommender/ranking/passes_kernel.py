"""The score of modules for one learner, compiled; explained in `recommender.ranking.value` and `gain`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from recommender.ranking.kernel_arrays import ON_LEVEL, REVIEW, STRETCH, UNKNOWN, Asking, Taught, Weights

# Probabilities closer to 0 or 1 than this are one logit distance: their logits would be infinite.
_EDGE = 1e-9


class Band(NamedTuple):
    """Edges of the band of success, and their logits."""

    low: float
    high: float
    low_logit: float
    high_logit: float


class Known(NamedTuple):
    """What is known of one learner, by module: `success` is filled where modules are allowed.

    `gap` and `faded` (n_skills,) are what one module closes of the role's gap, and the mastery lost.
    """

    allowed: Any
    readiness: Any
    unlocks: Any
    success: Any
    mix: Any
    n_allowed: int
    gap: Any
    faded: Any
    band: Band


@numba.njit(cache=True, nogil=True)
def band_of(low: float, high: float) -> Band:
    """Band with its logits."""
    return Band(low, high, np.log(low / (1.0 - low)), np.log(high / (1.0 - high)))


@numba.njit(cache=True, nogil=True)
def away(probability: float, band: Band) -> Any:
    """Logits from one probability to the nearer edge of the band; 0 inside, NaN stays NaN."""
    if band.low <= probability <= band.high:
        return 0.0
    if np.isnan(probability):
        return np.nan
    odds = min(max(probability, _EDGE), 1.0 - _EDGE)
    logit = np.log(odds / (1.0 - odds))
    return max(max(band.low_logit - logit, logit - band.high_logit), 0.0)


@numba.njit(cache=True, nogil=True)
def classify(success: float, band: Band) -> int:
    """Code of how difficult a module is."""
    if np.isnan(success):
        return UNKNOWN
    if success > band.high:
        return REVIEW
    return STRETCH if success < band.low else ON_LEVEL


@numba.njit(cache=True, nogil=True)
def close_gaps(mastery: Any, assumed: Any, role: int, asking: Asking, rate: float, gap: Any) -> None:
    """Fill the worth of one module on each skill for a role, (n_skills,); see `gain.expected_gain`.

    It is the gap that the expected gain closes x importance x priority of the role; no more than the gap
    counts. Where mastery is not known `assumed` stands in.
    """
    for s in range(len(gap)):
        known = mastery[s]
        if np.isnan(known):
            known = assumed[s]
        closed = np.minimum((1.0 - known) * rate, asking.required[role, s] - known)
        gap[s] = np.fmax(closed, 0.0) * asking.importance[role, s] * asking.priority[role]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def chance(m: int, taught: Taught, logit: Any) -> float:
    """Chance of passing a module's typical item, see `TypicalItems`; the declared share where unknown."""
    total = 0.0
    for e in range(taught.item_start[m], taught.item_start[m + 1]):
        total += taught.item_weight[e] * logit[taught.item_skill[e]]
    success = 1.0 / (1.0 + np.exp(taught.harder[m] - total))
    return float(taught.declared[m] if np.isnan(success) else success)


@numba.njit(cache=True, nogil=True)
def terms_of(m: int, known: Known, taught: Taught, weights: Weights) -> Any:
    """Every term of a module's score: what it is liked, then those of `value.ADDED`."""
    gap, faded = 0.0, 0.0
    first, last = taught.start[m], taught.start[m + 1]
    for e in range(first, last):
        gap += known.gap[taught.skill[e]]
        faded += known.faded[taught.skill[e]]
    success, unlocks = known.success[m], known.unlocks[m]
    scaled = away(success, known.band) / weights.falloff
    fit = 1.0 if scaled == 0.0 else 0.5 if np.isnan(success) else np.exp(-0.5 * scaled * scaled)
    return (
        np.log(known.mix[m] * max(1, known.n_allowed)),
        weights.difficulty * (2.0 * fit - 1.0),
        weights.gap * gap,
        weights.readiness * (known.readiness[m] - 1.0),
        weights.unlocking * np.log1p(unlocks) if unlocks > 0 else 0.0,
        weights.review * (faded / max(last - first, 1)),
    )


@numba.njit(cache=True, nogil=True)
def score_modules(known: Known, taught: Taught, weights: Weights, logit: Any, score: Any) -> None:
    """Fill the scores, and the chances of passing, of what is allowed."""
    for m in range(len(score)):
        if known.allowed[m]:
            known.success[m] = chance(m, taught, logit)
            liked, difficulty, gap, readiness, unlocking, review = terms_of(m, known, taught, weights)
            score[m] = liked + difficulty + gap + readiness + unlocking + review

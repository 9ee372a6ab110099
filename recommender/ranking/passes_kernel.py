"""The score of modules for one learner, compiled; explained in `recommender.ranking.value` and `gain`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from recommender.ranking.kernel_arrays import ON_LEVEL, REVIEW, STRETCH, UNKNOWN, Asking, Taught, Weights
from recommender.ranking.strongest_kernel import LOG_ERROR, rough_log, tops

# Probabilities closer to 0 or 1 than this are one logit distance: their logits would be infinite.
_EDGE = 1e-9
# What two ways of adding the same terms may differ by, and more than scores that count as tied do.
_ROUNDING = 1e-6


class Band(NamedTuple):
    """Edges of the band of success, and their logits."""

    low: float
    high: float
    low_logit: float
    high_logit: float


class Gaps(NamedTuple):
    """What a learner lacks, (n_skills,): of full mastery, of what the role requires, and the worth of it."""

    unmastered: Any
    missing: Any
    worth: Any


class Known(NamedTuple):
    """What is known of one learner, by module: `success` is filled where `judge` did.

    `faded` (n_skills,) is the mastery lost.
    """

    allowed: Any
    readiness: Any
    unlocks: Any
    success: Any
    mix: Any
    n_allowed: int
    gap: Gaps
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
def find_gaps(mastery: Any, assumed: Any, role: int, asking: Asking, gap: Gaps) -> None:
    """Fill what a learner lacks of each skill for a role; where mastery is not known `assumed` stands in.

    The worth is importance x priority of the role.
    """
    unmastered, missing, worth = gap.unmastered, gap.missing, gap.worth
    for s in range(len(missing)):
        known = mastery[s]
        if np.isnan(known):
            known = assumed[s]
        unmastered[s] = 1.0 - known
        missing[s] = np.fmax(asking.required[role, s] - known, 0.0)
        worth[s] = asking.importance[role, s] * asking.priority[role]


@numba.njit(cache=True, nogil=True, inline="always")
def closed(gap: Gaps, s: int, rate: float) -> float:
    """Worth of teaching a skill at a rate: the gap that `gain.expected_gain` closes, and no more than it."""
    return float(min(gap.unmastered[s] * rate, gap.missing[s]) * gap.worth[s])


@numba.njit(cache=True, nogil=True)
def leading_gap(taught: Taught, m: int, gap: Gaps) -> int:
    """Position of the skill by which a module closes most of the role's gap; -1 if it closes none."""
    largest, best = 0.0, -1
    for e in range(taught.start[m], taught.start[m + 1]):
        its = closed(gap, taught.skill[e], taught.rate[e])
        if its > largest:
            largest, best = its, taught.skill[e]
    return best


@numba.njit(cache=True, nogil=True, error_model="numpy")
def chance(start: Any, skill: Any, weight: Any, harder: float, logit: Any, m: int) -> float:
    """Chance of passing a module's typical item, see `TypicalItems`; NaN where nothing tells."""
    total = 0.0
    for e in range(start[m], start[m + 1]):
        total += weight[e] * logit[skill[e]]
    return float(1.0 / (1.0 + np.exp(harder - total)))


@numba.njit(cache=True, nogil=True)
def summed(taught: Taught, m: int, gap: Gaps, faded: Any) -> Any:
    """Sum of the gap closed over the skills a module teaches, and mean of what of them faded."""
    start, skill, rate = taught.start, taught.skill, taught.rate
    all_gaps, all_faded = 0.0, 0.0
    for e in range(start[m], start[m + 1]):
        all_gaps += closed(gap, skill[e], rate[e])
        all_faded += faded[skill[e]]
    return all_gaps, all_faded / max(start[m + 1] - start[m], 1)


@numba.njit(cache=True, nogil=True)
def terms(
    mass: float,
    success: float,
    gap: float,
    faded: float,
    readiness: float,
    unlocks: int,
    band: Band,
    weights: Weights,
) -> Any:
    """Every term of a module's score: what it is liked, then those of `value.ADDED`.

    `mass` is its part of the mix as a multiple of the average one's.
    """
    scaled = away(success, band) / weights.falloff
    fit = 1.0 if scaled == 0.0 else 0.5 if np.isnan(success) else np.exp(-0.5 * scaled * scaled)
    outside = 0.0 if scaled == 0.0 else 0.5 if np.isnan(success) else 1.0
    return (
        np.log(mass),
        weights.difficulty * (2.0 * fit - 1.0) - weights.out_of_band * outside,
        weights.gap * gap,
        weights.readiness * (readiness - 1.0),
        weights.unlocking * np.log1p(unlocks) if unlocks > 0 else 0.0,
        weights.review * faded,
    )


@numba.njit(cache=True, nogil=True)
def terms_of(m: int, known: Known, taught: Taught, weights: Weights) -> Any:
    """Terms of one module, see `terms`."""
    gap, faded = summed(taught, m, known.gap, known.faded)
    mass = known.mix[m] * max(1, known.n_allowed)
    return terms(
        mass, known.success[m], gap, faded, known.readiness[m], known.unlocks[m], known.band, weights
    )


@numba.njit(cache=True, nogil=True)
def judge(m: int, known: Known, taught: Taught, weights: Weights, logit: Any, score: Any) -> None:
    """Fill a module's score and its chance of passing, where unknown the declared share."""
    its = chance(taught.item_start, taught.item_skill, taught.item_weight, taught.harder[m], logit, m)
    known.success[m] = taught.declared[m] if np.isnan(its) else its
    liked, fit, closed, ready, opened, due = terms_of(m, known, taught, weights)
    score[m] = liked + fit + closed + ready + opened + due


@numba.njit(cache=True, nogil=True)
def score_modules(
    known: Known, taught: Taught, weights: Weights, k: int, spread: float, logit: Any, score: Any
) -> Any:
    """Fill the scores, and the chances of passing, of what may be chosen; returns its positions, ascending.

    That are the allowed modules, without those which score less than the k-th best minus `spread` however
    well their difficulty suits the learner, which is known before a chance of passing is worked out; and that
    both with and without what being out of the band costs. Of all others `score` (n_modules,) holds something
    rough. `logit` (n_skills + 1,) are those of mastery.
    """
    _score_without_fit(known, taught, weights, score)
    n, near = 0, np.empty(len(score), np.intp)
    free = np.zeros(len(score), np.bool_)
    if weights.out_of_band > 0.0:
        least = _least(score, k, spread, weights)
        for m in range(len(score)):
            free[m] = score[m] >= least and score[m] > -np.inf
        _charge_out_of_band(known, taught, weights.out_of_band, logit, score)
    least = _least(score, k, spread, weights)
    for m in range(len(score)):
        near[n] = m
        n += free[m] or (score[m] >= least and score[m] > -np.inf)
    for i in range(n):
        judge(near[i], known, taught, weights, logit, score)
    return near[:n]


@numba.njit(cache=True, nogil=True)
def _least(score: Any, k: int, spread: float, weights: Weights) -> float:
    """Rough score below which no module is among the `k` best, however well its difficulty suits."""
    if not 0 < k <= len(score):
        return -np.inf
    best = tops(score, k)
    worst = float(np.partition(best, len(best) - k)[len(best) - k])
    return worst - 2.0 * weights.difficulty - LOG_ERROR - spread - _ROUNDING


@numba.njit(cache=True, nogil=True)
def uncharge(among: Any, known: Known, weights: Weights, score: Any, free: Any) -> None:
    """Fill `free` (n_modules,) with the scores of those `among`, as if being out of the band cost nothing."""
    for m in among:
        success = known.success[m]
        outside = 0.5 if np.isnan(success) else 0.0 if known.band.low <= success <= known.band.high else 1.0
        free[m] = score[m] + weights.out_of_band * outside


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _charge_out_of_band(known: Known, taught: Taught, weight: float, logit: Any, score: Any) -> None:
    """Take off what being out of the band costs; an exponential is only taken near its edges."""
    start, skill, of_skill, harder = taught.item_start, taught.item_skill, taught.item_weight, taught.harder
    allowed, declared, band = known.allowed, taught.declared, known.band
    for m in range(len(score)):
        if not allowed[m]:
            continue
        its = -harder[m]
        for e in range(start[m], start[m + 1]):
            its += of_skill[e] * logit[skill[e]]
        inside = band.low_logit <= its <= band.high_logit
        if not min(abs(its - band.low_logit), abs(its - band.high_logit)) > _ROUNDING:
            success = chance(start, skill, of_skill, harder[m], logit, m)
            success = declared[m] if np.isnan(success) else success
            if np.isnan(success):
                score[m] -= 0.5 * weight
                continue
            inside = band.low <= success <= band.high
        score[m] -= 0.0 if inside else weight


@numba.njit(cache=True, nogil=True)
def _score_without_fit(known: Known, taught: Taught, weights: Weights, score: Any) -> None:
    """Fill scores without the term of difficulty, too low by `LOG_ERROR` at most; -inf if not allowed."""
    # Taken out of their groups once: the compiler counts who holds an array each time it is taken out.
    allowed, readiness, unlocks = known.allowed, known.readiness, known.unlocks
    unmastered, missing, worth = known.gap.unmastered, known.gap.missing, known.gap.worth
    lost, start = known.faded, taught.start
    by_skill_start, by_skill, rate = taught.by_skill_start, taught.by_skill, taught.by_skill_rate
    log_all, bits = np.log(max(1, known.n_allowed)), known.mix.view(np.int64)
    for m in range(len(score)):
        its = rough_log(bits[m]) + log_all + weights.readiness * (readiness[m] - 1.0)
        score[m] = its if allowed[m] else -np.inf
    for s in range(len(lost)):
        worth_all, due = weights.gap * worth[s], weights.review * lost[s]
        left, most = worth_all * unmastered[s], worth_all * missing[s]
        if most == 0.0 and due == 0.0:
            continue
        for e in range(by_skill_start[s], by_skill_start[s + 1]):
            m = by_skill[e]
            score[m] += min(left * rate[e], most) + due / (start[m + 1] - start[m])
    for m in range(len(score)):
        if unlocks[m] > 0:
            score[m] += weights.unlocking * np.log1p(unlocks[m])

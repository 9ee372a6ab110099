"""The score of modules for one learner, compiled; explained in `recommender.ranking.value` and `gain`."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np

from recommender.ranking.kernel_arrays import ON_LEVEL, REVIEW, STRETCH, UNKNOWN, Asking, Taught, Weights
from recommender.ranking.strongest_kernel import LOG_ERROR, rough_log, tops
from recommender.skills.mastery_kernel import Trust, error_of, sigmoid

# Probabilities closer to 0 or 1 than this are one logit distance: their logits would be infinite.
_EDGE = 1e-9
# What two ways of adding the same terms may differ by, and more than scores that count as tied do.
_ROUNDING = 1e-6
# Readiness an hour below which nothing is gained to speak of.
_LEAST_PACE: Final = 0.001
N_NODES: Final = 5
_HERMITE = np.polynomial.hermite_e.hermegauss(N_NODES)
# Nodes of the Gauss-Hermite rule over what mastery may be, in standard errors, and their shares.
_NODES: Final = _HERMITE[0]
_SHARES: Final = _HERMITE[1] / _HERMITE[1].sum()


class Band(NamedTuple):
    """Edges of the band of success, and their logits."""

    low: float
    high: float
    low_logit: float
    high_logit: float


class Gaps(NamedTuple):
    """What a learner lacks for a role, as far as it is known.

    Parameters
    ----------
    unmastered, missing : arrays, shape (n_skills, N_NODES)
        What is missing of full mastery, and of what the role requires, at each node of what mastery may be.
    worth : array, shape (n_skills,)
        Readiness that a unit of mastery is, as long as it is missing; 0 where the role does not ask.
    fastest : array, shape (1,)
        Most readiness an hour that an allowed module is expected to add.
    """

    unmastered: Any
    missing: Any
    worth: Any
    fastest: Any


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
def find_gaps(
    mastery: Any, assumed: Any, logit: Any, kept: Any, trust: Trust, role: int, asking: Asking, gap: Gaps
) -> None:
    """Fill what a learner lacks of each skill for a role, but for `fastest`.

    The nodes are those of a normal distribution on the logit scale, as of the interval of mastery; where
    mastery is not known, `assumed` is its centre. `kept` (n_skills,) are answers times the share of them
    that is kept.
    """
    unmastered, missing, worth = gap.unmastered, gap.missing, gap.worth
    for s in range(len(worth)):
        required = asking.required[role, s]
        worth[s] = 0.0 if np.isnan(required) else asking.importance[role, s] * asking.scale[role]
        if worth[s] == 0.0:
            continue
        centre, error = logit[s], error_of(trust, kept[s])
        if np.isnan(mastery[s]):
            centre, error = np.log(assumed[s] / (1.0 - assumed[s])), error_of(trust, 0.0)
        for node in range(N_NODES):
            its = sigmoid(trust.stretch * centre + error * _NODES[node])
            unmastered[s, node] = 1.0 - its
            missing[s, node] = max(required - its, 0.0)


@numba.njit(cache=True, nogil=True)
def closed(gap: Gaps, s: int, rate: float) -> float:
    """Readiness that teaching a skill at a rate is expected to add, over the nodes of mastery.

    At each it is what `gain.expected_gain` closes of the gap, and no more than the gap.
    """
    total = 0.0
    if gap.worth[s] > 0.0:
        for node in range(N_NODES):
            total += _SHARES[node] * min(gap.unmastered[s, node] * rate, gap.missing[s, node])
    return float(total * gap.worth[s])


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
    """Readiness an hour that a module adds, as a share of the fastest's; mean of what faded of its skills."""
    start, skill, rate = taught.start, taught.skill, taught.rate
    all_gaps, all_faded = 0.0, 0.0
    for e in range(start[m], start[m + 1]):
        all_gaps += closed(gap, skill[e], rate[e])
        all_faded += faded[skill[e]]
    return all_gaps / taught.hours[m] / gap.fastest[0], all_faded / max(start[m + 1] - start[m], 1)


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
        weights.preference * np.log(mass),
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
    return worst - 2.0 * weights.difficulty - weights.preference * LOG_ERROR - spread - _ROUNDING


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
    """Fill scores without the term of difficulty, and `fastest`; -inf if not allowed.

    They are too low by `LOG_ERROR` times the weight of the preference at most.
    """
    # Taken out of their groups once: the compiler counts who holds an array each time it is taken out.
    allowed, readiness, unlocks = known.allowed, known.readiness, known.unlocks
    gap, hours, lost, start = known.gap, taught.hours, known.faded, taught.start
    by_skill_start, by_skill, rate = taught.by_skill_start, taught.by_skill, taught.by_skill_rate
    log_all, bits = np.log(max(1, known.n_allowed)), known.mix.view(np.int64)
    for m in range(len(score)):
        liked = weights.preference * (rough_log(bits[m]) + log_all)
        score[m] = liked + weights.readiness * (readiness[m] - 1.0) if allowed[m] else -np.inf
    pace, fastest = np.zeros(len(score)), _LEAST_PACE
    for s in range(len(lost)):
        due = weights.review * lost[s]
        if gap.worth[s] == 0.0 and due == 0.0:
            continue
        for e in range(by_skill_start[s], by_skill_start[s + 1]):
            m = by_skill[e]
            if allowed[m]:
                pace[m] += closed(gap, s, rate[e]) / hours[m]
                score[m] += due / (start[m + 1] - start[m])
    for m in range(len(score)):
        fastest = max(fastest, pace[m])
    gap.fastest[0] = fastest
    for m in range(len(score)):
        score[m] += weights.gap * pace[m] / fastest
        if unlocks[m] > 0:
            score[m] += weights.unlocking * np.log1p(unlocks[m])

"""The score of modules for one learner, compiled; explained in `recommender.ranking.value` and `gain`."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numba
import numpy as np

from recommender.ranking.kernel_arrays import ON_LEVEL, REVIEW, STRETCH, UNKNOWN, Asking, Taught, Weights
from recommender.skills.mastery_kernel import Trust, error_of, sigmoid

# Probabilities closer to 0 or 1 than this are one logit distance: their logits would be infinite.
_EDGE = 1e-9
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
    """

    unmastered: Any
    missing: Any
    worth: Any


class Known(NamedTuple):
    """What is known of one learner, arrays by module; of what is not allowed some hold nothing.

    Parameters
    ----------
    allowed, readiness, unlocks
        What the rules tell.
    success : float64 array
        Chance of passing its typical item, where unknown the declared share; NaN where nothing tells.
    missed : float64 array
        Logits from there to the nearer edge of the band, see `away`.
    own, mix : float64 arrays
        What is preferred; in `mix` with what was handed over, see `recommender.ranking.adjust_kernel`.
    n_allowed : int
    gap : Gaps
    pace, due : float64 arrays
        Readiness an hour as a share of the fastest's, and the mean of what faded of the skills taught.
    faded : float64 array, shape (n_skills,)
        Mastery lost.
    band : Band
    """

    allowed: Any
    readiness: Any
    unlocks: Any
    success: Any
    missed: Any
    own: Any
    mix: Any
    n_allowed: int
    gap: Gaps
    pace: Any
    due: Any
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
    mastery: Any, logit: Any, kept: Any, trust: Trust, role: int, asking: Asking, gap: Gaps
) -> None:
    """Fill what a learner lacks of each skill for a role.

    The nodes are those of a normal distribution on the logit scale, as of the interval of mastery. `mastery`
    (n_skills,) is NaN where it is not known, `logit` what is then expected; `kept` (n_skills,) are answers
    times the share of them that is kept.
    """
    unmastered, missing, worth = gap.unmastered, gap.missing, gap.worth
    for s in range(len(worth)):
        required = asking.required[role, s]
        worth[s] = 0.0 if np.isnan(required) else asking.importance[role, s] * asking.scale[role]
        if worth[s] == 0.0:
            continue
        error = error_of(trust, 0.0 if np.isnan(mastery[s]) else kept[s])
        for node in range(N_NODES):
            its = sigmoid(trust.stretch * logit[s] + error * _NODES[node])
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
def find_success(known: Known, taught: Taught, logit: Any) -> None:
    """Fill the chance of passing each allowed module, see `TypicalItems`, and how far it misses the band.

    `logit` is of shape (n_skills + 1,).
    """
    start, skill, weight, harder = taught.item_start, taught.item_skill, taught.item_weight, taught.harder
    allowed, success, missed, declared = known.allowed, known.success, known.missed, taught.declared
    band = known.band
    low, high, low_logit, high_logit = band.low, band.high, band.low_logit, band.high_logit
    for m in range(len(success)):
        if not allowed[m]:
            continue
        total = -harder[m]
        for e in range(start[m], start[m + 1]):
            total += weight[e] * logit[skill[e]]
        its = 1.0 / (1.0 + np.exp(-total))
        if np.isnan(its):
            success[m] = declared[m]
            missed[m] = away(declared[m], band)
        else:
            # As `away` says, without a logarithm.
            success[m] = its
            missed[m] = 0.0 if low <= its <= high else max(max(low_logit - total, total - high_logit), 0.0)


@numba.njit(cache=True, nogil=True)
def find_pace(known: Known, taught: Taught) -> None:
    """Fill the readiness an hour that each allowed module adds, and what it is due."""
    start, skill, rate, hours = taught.start, taught.skill, taught.rate, taught.hours
    allowed, pace, due, faded, gap = known.allowed, known.pace, known.due, known.faded, known.gap
    worth, fastest = gap.worth, _LEAST_PACE
    for m in range(len(pace)):
        if not allowed[m]:
            continue
        all_gaps, all_faded = 0.0, 0.0
        for e in range(start[m], start[m + 1]):
            # Most skills are none of the role's.
            if worth[skill[e]] > 0.0:
                all_gaps += closed(gap, skill[e], rate[e])
            all_faded += faded[skill[e]]
        pace[m] = all_gaps / hours[m]
        due[m] = all_faded / max(start[m + 1] - start[m], 1)
        fastest = max(fastest, pace[m])
    for m in range(len(pace)):
        pace[m] /= fastest


@numba.njit(cache=True, nogil=True)
def terms(
    mass: float,
    missed: float,
    gap: float,
    faded: float,
    readiness: float,
    unlocks: int,
    weights: Weights,
) -> Any:
    """Every term of a module's score: what it is liked, then those of `value.ADDED`.

    `mass` is its part of the mix as a multiple of the average one's, `missed` how far it misses the band.
    """
    scaled = missed / weights.falloff
    fit = 1.0 if scaled == 0.0 else 0.5 if np.isnan(scaled) else np.exp(-0.5 * scaled * scaled)
    outside = 0.0 if scaled == 0.0 else 0.5 if np.isnan(scaled) else 1.0
    return (
        weights.preference * np.log(mass),
        weights.difficulty * (2.0 * fit - 1.0) - weights.out_of_band * outside,
        weights.gap * gap,
        weights.readiness * (readiness - 1.0),
        weights.unlocking * np.log1p(unlocks) if unlocks > 0 else 0.0,
        weights.review * faded,
    )


@numba.njit(cache=True, nogil=True)
def terms_of(m: int, known: Known, weights: Weights) -> Any:
    """Terms of one module, see `terms`."""
    mass = known.mix[m] * max(1, known.n_allowed)
    pace, due, ready = known.pace[m], known.due[m], known.readiness[m]
    return terms(mass, known.missed[m], pace, due, ready, known.unlocks[m], weights)


@numba.njit(cache=True, nogil=True)
def score_modules(known: Known, weights: Weights, score: Any, free: Any) -> None:
    """Fill the scores of allowed modules, and `free`, what they are without regard to difficulty.

    In `free` nothing is handed over either, so that it tells what would have been chosen, and why it was not.
    """
    # Taken out of their group once: the compiler counts who holds an array each time it is taken out.
    allowed, missed, own, mix, pace = known.allowed, known.missed, known.own, known.mix, known.pace
    due, readiness, unlocks, n_allowed = known.due, known.readiness, known.unlocks, max(1, known.n_allowed)
    for m in range(len(score)):
        if allowed[m]:
            its = terms(mix[m] * n_allowed, missed[m], pace[m], due[m], readiness[m], unlocks[m], weights)
            liked, fit, closes, ready, opened, review = its
            score[m] = liked + fit + closes + ready + opened + review
            free[m] = score[m] - fit
            if mix[m] != own[m]:
                free[m] -= weights.preference * np.log(mix[m] / own[m])

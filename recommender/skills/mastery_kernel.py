"""Reading the evidence of mastery from a state's records, compiled; see `recommender.skills.mastery`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from recommender.skills.evidence import N_FADING
from recommender.skills.records import N_SKILL_RATES, PRIOR_ANSWERS, SECONDS_A_DAY


@numba.njit(cache=True, nogil=True, error_model="numpy")
def held_passes(skill: Any, credential: float, now: float) -> float:
    """Return the passes that a record's credential counts as: none without one, or once it expired."""
    return credential if skill.expires_at > now else 0.0


@numba.njit(cache=True, nogil=True, error_model="numpy")
def evidence_of_record(met: Any, row: int, pass_rate: float, held: float, evidence: Any) -> None:
    """Fill `evidence` (N_FADING,) of one record, as `evidence_of_features` tells it of attempts.

    `held` are `held_passes`, counted in beside the answers.
    """
    skill = met[row]
    n, passed = skill.n_attempts + held, skill.n_passed + held
    prior, prior_failed = PRIOR_ANSWERS * pass_rate, PRIOR_ANSWERS * (1.0 - pass_rate)
    evidence[0], evidence[1] = skill.ability, skill.level
    evidence[2] = np.log((passed + prior) * prior_failed / ((n - passed + prior_failed) * prior))
    for k in range(N_SKILL_RATES):
        evidence[3 + k] = skill.share[k] - pass_rate if skill.n_attempts > 0 else 0.0
    evidence[3 + N_SKILL_RATES] = np.log1p(passed)
    evidence[4 + N_SKILL_RATES] = -np.log1p(n - passed)
    evidence[5 + N_SKILL_RATES] = np.log1p(skill.taught_hours)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def read_skills(
    met: Any,
    position: Any,
    pass_rate: Any,
    weight: Any,
    rate: Any,
    credential: float,
    now: float,
    logit: Any,
    unfaded: Any,
    share: Any,
) -> None:
    """Add what the records tell to the logits of mastery, in place.

    Parameters
    ----------
    met : SKILL records, shape (n_met,)
    position : int64 array, shape (n_met,)
        Where each stands in the arrays by skill.
    pass_rate, rate : float64 arrays, by skill
        Of anybody on the skill's typical item; halvings a day.
    weight : float64 array, shape (1 + N_FADING,)
        Of the self-assessed level and of the evidence.
    credential : float
        Passes that a credential counts as.
    now : float
        Seconds since 1970 UTC.
    logit, unfaded : float64 arrays, by skill
        Faded to `now`, and as if nothing had faded.
    share : float64 array, shape (n_met,)
        Filled with the share kept of what speaks for the learner.
    """
    evidence = np.empty(N_FADING)
    for i in range(len(met)):
        skill, s = met[i], position[i]
        held = held_passes(skill, credential, now)
        evidence_of_record(met, i, pass_rate[s], held, evidence)
        speaks_for = against = 0.0
        for k in range(N_FADING):
            if evidence[k] > 0.0:
                speaks_for += weight[1 + k] * evidence[k]
            else:
                against += weight[1 + k] * evidence[k]
        if not np.isnan(skill.self_level):
            against += weight[0] * (skill.self_level - pass_rate[s])
        refreshed = np.fmax(skill.passed_at, skill.taught_at)
        if held > 0.0:
            refreshed = np.fmax(refreshed, skill.certified_day * SECONDS_A_DAY)
        # A time that is not known does not fade.
        days = (now - refreshed) / SECONDS_A_DAY
        share[i] = np.exp2(-days * rate[s]) if days > 0.0 and rate[s] > 0.0 else 1.0
        logit[s] += speaks_for * share[i] + against
        unfaded[s] += speaks_for + against


class Readout(NamedTuple):
    """Arrays of `MasteryReadout`, and how fast each skill fades, (n_skills,), in halvings a day.

    `credential` is how many passes a credential counts as.
    """

    base: Any
    role: Any
    segment: Any
    pass_rate: Any
    weight: Any
    rate: Any
    credential: float


@numba.njit(cache=True, nogil=True, error_model="numpy")
def read_logits(
    readout: Readout,
    learner: Any,
    met: Any,
    position: Any,
    role: int,
    segment: int,
    now: float,
    logit: Any,
    unfaded: Any,
    share: Any,
) -> None:
    """Fill the logits of mastery (n_skills + 1,), faded to `now` and unfaded, and `share` (n_met,).

    `learner` is one LEARNER record; the rest is as in `read_skills`.
    """
    weight = readout.weight
    for s in range(len(unfaded)):
        value = readout.base[s]
        if segment >= 0:
            value += readout.segment[segment, s]
        if role >= 0:
            value += readout.role[role, s]
        unfaded[s] = value + weight[0] * learner.ability + weight[1] * learner.level
        logit[s] = unfaded[s]
    of_skills = (readout.pass_rate, weight[2:], readout.rate, readout.credential)
    read_skills(met, position, *of_skills, now, logit, unfaded, share)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def stand(
    readout: Readout,
    met: Any,
    position: Any,
    logit: Any,
    unfaded: Any,
    now: float,
    mastery: Any,
    faded: Any,
) -> None:
    """Fill what ranking asks of a learner whose logits were read, arrays (n_skills,).

    `mastery` is known where there is evidence of it at `now`, else NaN; `faded` is what was lost since the
    last pass. A self-assessment is no evidence, so it does not make mastery known; it moves the logit.
    """
    mastery[:] = np.nan
    faded[:] = 0.0
    for i in range(len(met)):
        s, skill = position[i], met[i]
        its = sigmoid(logit[s])
        faded[s] = max(sigmoid(unfaded[s]) - its, 0.0)
        # Where nothing was learned of what teaching does, a finished module leaves the prior as it is.
        taught = skill.taught_hours > 0.0 and readout.weight[-1] > 0.0
        if skill.n_attempts > 0 or taught or held_passes(skill, readout.credential, now) > 0.0:
            mastery[s] = its


@numba.njit(cache=True, nogil=True, error_model="numpy")
def sigmoid(logit: float) -> float:
    """Probability of a logit."""
    return float(1.0 / (1.0 + np.exp(-logit)))


class Trust(NamedTuple):
    """How far mastery is trusted, from `MasteryReadout`.

    Parameters
    ----------
    stretch : float
    first, last, half : float
        Variance before any attempt and after endless ones, logits^2; attempts that take half of the way.
    z : float
        Standard errors to each side of the interval.
    """

    stretch: float
    first: float
    last: float
    half: float
    z: float


@numba.njit(cache=True, nogil=True)
def error_of(trust: Trust, kept: float) -> float:
    """Return the standard error of the logit of mastery after `kept` attempts, see `MasteryReadout.error`."""
    return float(np.sqrt(trust.last + (trust.first - trust.last) / (1.0 + kept / trust.half)))

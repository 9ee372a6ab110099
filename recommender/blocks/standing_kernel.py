"""Mastery and its interval over a block of learners, compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

from recommender.skills.mastery_kernel import Readout, Trust, error_of, read_logits, sigmoid, stand


class Read(NamedTuple):
    """What is filled in; see `recommender.blocks.standing.Standing`."""

    mastery: Any
    used: Any
    low: Any
    high: Any
    n_attempts: Any


@numba.njit(cache=True, nogil=True, error_model="numpy")
def read_standing(
    readout: Readout,
    trust: Trust,
    learner: Any,
    start: Any,
    met: Any,
    skill: Any,
    role: Any,
    segment: Any,
    now: float,
    read: Read,
) -> None:
    """Fill `read`, arrays (n_learners, n_skills); the arguments are those of a `LearnerBlock`."""
    n_skills = read.mastery.shape[1]
    logit, unfaded, faded = np.empty(n_skills + 1), np.empty(n_skills + 1), np.empty(n_skills)
    n_kept = np.empty(n_skills)
    for b in range(len(learner)):
        rows = slice(start[b], start[b + 1])
        its, position, share = met[rows], skill[rows], np.empty(start[b + 1] - start[b])
        read_logits(readout, learner[b], its, position, role[b], segment[b], now, logit, unfaded, share)
        mastery, used = read.mastery[b], read.used[b]
        stand(readout, its, position, logit, unfaded, now, mastery, faded)
        n_kept[:] = 0.0
        read.n_attempts[b] = 0
        for i in range(len(its)):
            n_kept[position[i]] = its[i].n_attempts * share[i]
            read.n_attempts[b, position[i]] = its[i].n_attempts
        for s in range(n_skills):
            used[s] = sigmoid(logit[s])
            error = trust.z * error_of(trust, 0.0 if np.isnan(mastery[s]) else n_kept[s])
            centre = trust.stretch * logit[s]
            read.low[b, s] = min(sigmoid(centre - error), used[s])
            read.high[b, s] = max(sigmoid(centre + error), used[s])

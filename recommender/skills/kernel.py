"""The fold over attempts: the one definition of every feature of a learner's state.

Compiled over arrays. One row is an online update; all rows of all learners in the order of time are
training. Both write the same float32 records, so a state is equal bit for bit either way.

The ability is an Elo rating (Elo 1978; for learners Pelánek 2016, section 3: K falls with the number of
attempts as a / (1 + b n)): with theta the ability, theta_s the offset of a skill and d the item's difficulty,

    p = 1 / (1 + exp(-(theta + mean_s theta_s - d))),
    theta += K(n) (passed - p),   theta_s += K(n_s) (passed - p).

The running shares are exponential averages whose first answers count as a plain mean:
share += max(rate, 1 / (n + 1)) (passed - share).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from recommender.skills.records import (
    ABILITY,
    LOG_ATTEMPTS,
    LOG_ITEM_ATTEMPTS,
    LOG_ITEM_PASSED,
    LOG_PASSED,
    SKILL_ABILITY,
    SKILL_LOG_ATTEMPTS,
    SKILL_LOG_FAILED,
    SKILL_LOG_PASSED,
    SKILL_PASS_FAST,
)

ELO_START = 0.8
ELO_DECAY = 0.05
FAST = 0.3
SLOW = 0.05


@numba.njit(cache=True)
def fold_attempts(
    learners: Any,
    skills: Any,
    items: Any,
    learner_row: Any,
    skill_start: Any,
    skill_row: Any,
    item_row: Any,
    item_tag: Any,
    difficulty: Any,
    passed: Any,
    at: Any,
    features: Any,
    entries: Any,
) -> None:
    """Fold attempts into records, in the order given, and write what was known before each.

    Parameters
    ----------
    learners, skills, items : record arrays
        `LEARNER`, `SKILL` and `ITEM` records; changed in place.
    learner_row, item_row : int64 arrays, shape (n_attempts,)
        The records each attempt touches.
    skill_start : int64 array, shape (n_attempts + 1,)
        Attempt `i` touches ``skill_row[skill_start[i]:skill_start[i + 1]]``.
    skill_row : int64 array, shape (n_entries,)
    item_tag : uint32 array, shape (n_attempts,)
    difficulty : float64 array, shape (n_attempts,)
        Logits.
    passed, at : float64 arrays, shape (n_attempts,)
        1 or 0; seconds since 1970 UTC or NaN.
    features : float64 array, shape (n_attempts, N_FEATURES) or (0, N_FEATURES)
        Filled unless it has no rows.
    entries : float64 array, shape (n_entries, N_ENTRIES) or (0, N_ENTRIES)
        Filled unless it has no rows.
    """
    for i in range(len(learner_row)):
        learner = learners[learner_row[i]]
        item = items[item_row[i]]
        if item["tag"] != item_tag[i]:
            item["tag"] = item_tag[i]
            item["n_attempts"] = 0
            item["n_passed"] = 0
        first, last = skill_start[i], skill_start[i + 1]
        offset = 0.0
        for j in range(first, last):
            offset += skills[skill_row[j]]["ability"]
        if last > first:
            offset /= last - first
        if len(features) > 0:
            features[i, ABILITY] = learner["ability"]
            features[i, LOG_PASSED] = np.log1p(learner["n_passed"])
            features[i, LOG_ATTEMPTS] = np.log1p(learner["n_attempts"])
            features[i, LOG_ITEM_PASSED] = np.log1p(item["n_passed"])
            features[i, LOG_ITEM_ATTEMPTS] = np.log1p(item["n_attempts"])
        if len(entries) > 0:
            for j in range(first, last):
                skill = skills[skill_row[j]]
                entries[j, SKILL_ABILITY] = skill["ability"]
                entries[j, SKILL_LOG_PASSED] = np.log1p(skill["n_passed"])
                entries[j, SKILL_LOG_ATTEMPTS] = np.log1p(skill["n_attempts"])
                entries[j, SKILL_LOG_FAILED] = np.log1p(skill["n_attempts"] - skill["n_passed"])
                entries[j, SKILL_PASS_FAST] = skill["pass_fast"]
        answer = passed[i]
        surprise = answer - 1.0 / (1.0 + np.exp(difficulty[i] - learner["ability"] - offset))
        for j in range(first, last):
            skill = skills[skill_row[j]]
            n = skill["n_attempts"]
            skill["ability"] += ELO_START / (1.0 + ELO_DECAY * n) * surprise
            skill["pass_fast"] += max(FAST, 1.0 / (n + 1)) * (answer - skill["pass_fast"])
            skill["pass_slow"] += max(SLOW, 1.0 / (n + 1)) * (answer - skill["pass_slow"])
            skill["n_attempts"] = n + 1
            skill["n_passed"] += int(answer)
            skill["last_at"] = at[i]
            if answer > 0.0:
                skill["passed_at"] = at[i]
        n = learner["n_attempts"]
        learner["ability"] += ELO_START / (1.0 + ELO_DECAY * n) * surprise
        learner["pass_fast"] += max(FAST, 1.0 / (n + 1)) * (answer - learner["pass_fast"])
        learner["pass_slow"] += max(SLOW, 1.0 / (n + 1)) * (answer - learner["pass_slow"])
        learner["n_attempts"] = n + 1
        learner["n_passed"] += int(answer)
        learner["last_at"] = at[i]
        item["n_attempts"] += 1
        item["n_passed"] += int(answer)

"""How an item is answered: a logistic model with guessing and slipping, compiled.

P(pass) = g + (1 - g - s) / (1 + exp(-a (theta - b))), with theta the mean ability over the item's skills
(Birnbaum 1968 for g; Barton & Lord 1981 for s).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


@numba.njit
def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x))."""
    return float(1.0 / (1.0 + np.exp(-x)))


@numba.njit
def pass_probability(items: Any, item: int, theta: float) -> float:
    """Probability, in [0, 1], that somebody of ability `theta` passes an item."""
    hidden = items[item]
    logit = hidden.discrimination * (theta - hidden.difficulty)
    return float(hidden.guess + (1.0 - hidden.guess - hidden.slip) * sigmoid(logit))


@numba.njit
def mean_ability(theta: Any, skills: Any) -> float:
    """Mean ability over skills; positions end with -1. Ability 0 for no skill."""
    total, n = 0.0, 0
    for s in skills:
        if s < 0:
            break
        total += theta[s]
        n += 1
    return total / max(n, 1)


@numba.njit
def answer(scene: Any, i: int, item: int, second: float, boost: float, rng: Any) -> tuple[float, float]:
    """Answer an item and note it; returns the score and the seconds taken.

    Passing is drawn first. What a graded item earns is drawn given that, in tenths, from .5 for a pass.
    """
    theta = mean_ability(scene.theta[i], scene.item_skills[item]) + boost
    probability = pass_probability(scene.items, item, theta)
    passed = rng.random() < probability
    score = 1.0 if passed else 0.0
    if scene.items[item].is_graded:
        share = rng.random() ** (1.2 - probability)
        score = min(0.5 + 0.1 * np.floor(6.0 * share), 1.0) if passed else 0.1 * np.floor(5.0 * share)
    taken = 60.0 * scene.response[0].item_minutes * np.exp(0.5 * rng.standard_normal() - 0.15 * (theta > 0))
    taken = min(max(np.rint(taken), 3.0), 3600.0)
    row = scene.attempts[scene.n_rows[0]]
    row.learner = i
    row.item = item
    row.is_retry = boost > 0
    row.second = second + taken
    row.score = score
    row.seconds = taken
    row.probability = probability
    row.ability = theta
    scene.n_rows[0] += 1
    return score, taken

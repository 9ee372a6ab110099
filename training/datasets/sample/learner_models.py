"""How a hidden skill grows with practice and fades without: two models that differ in kind, compiled.

The state of one skill of one learner is seven numbers (the constants below name them); days count from the
start of the simulation. A level lies in [0, 1].

`GROWTH` is deterministic. A level L grows towards the ceiling K of the material along the logistic curve
dL/dh = r L (1 - L / K), whose solution over h hours is K / (1 + (K - L) / L exp(-r h)). What the best level
so far had gained over the level at the start fades as

    kept + (1 - kept) (1 + t / unit) ** (-decay / (1 + spacing n))

with n further weeks of practice (Wickelgren 1974; Averell & Heathcote 2011). Practice that does not reach the
best level again moves along that curve: t becomes the time at which the slower curve of n + 1 weeks is where
practice led, so that nobody ever knows less for having practised.

`STATES` is Bayesian knowledge tracing made a simulator (Corbett & Anderson 1995) with a third state and with
forgetting at a constant rate (Qiu et al. 2011, EDM): an hour lifts a skill by one state with probability
1 - exp(-rate h), a day drops it by one with probability 1 - 2 ** (-1 / half-life).

In both, what somebody had at the start is in daily use and does not fade.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from training.datasets.sample.parameters import GROWTH

BASE: Final = 0
PEAK: Final = 1
FADES_FROM: Final = 2
PRACTISED: Final = 3
WEEKS: Final = 4
STATE: Final = 5
SETTLED: Final = 6
N_STATE: Final = 7
NEVER: Final = -1.0


@numba.njit
def start(model: int, skill: Any, level: float, rng: Any, learning: Any) -> None:
    """Set the state of a skill that nobody has practised yet to a level.

    Under `STATES` the level is drawn to one of the two states beside it, so that its mean is right for levels
    between the lowest state and the highest.
    """
    skill[BASE] = level
    skill[PEAK] = level
    skill[FADES_FROM] = 0.0
    skill[PRACTISED] = NEVER
    skill[WEEKS] = 0.0
    skill[SETTLED] = 0.0
    skill[STATE] = 0.0
    low, middle, high = learning.state_levels
    if model != GROWTH:
        if level > middle:
            skill[STATE] = 2.0 if rng.random() < (level - middle) / (high - middle) else 1.0
        elif rng.random() < (level - low) / (middle - low):
            skill[STATE] = 1.0
        skill[BASE] = skill[STATE]


@numba.njit
def start_all(model: int, skills: Any, levels: Any, rng: Any, learning: Any) -> None:
    """Set the skills of all learners to levels of shape (n_learners, n_skills)."""
    for i in range(levels.shape[0]):
        for s in range(levels.shape[1]):
            start(model, skills[i, s], levels[i, s], rng, learning)


@numba.njit
def level_on(
    model: int, skill: Any, decay: float, half_life: float, day: float, rng: Any, learning: Any
) -> float:
    """Level of a skill on a day that is not before its last one; under `STATES` time is made to pass."""
    if model == GROWTH:
        if skill[PRACTISED] == NEVER:
            return float(skill[BASE])
        return float(skill[BASE] + (skill[PEAK] - skill[BASE]) * retention(skill, decay, day, learning))
    at = skill[SETTLED]
    while skill[STATE] > skill[BASE]:
        at += rng.standard_exponential() * half_life / np.log(2.0)
        if at > day:
            break
        skill[STATE] -= 1
    skill[SETTLED] = max(day, skill[SETTLED])
    return float(learning.state_levels[int(skill[STATE])])


@numba.njit
def retention(skill: Any, decay: float, day: float, learning: Any) -> float:
    """Share of a gain that is left, in [kept, 1]; `GROWTH` only."""
    elapsed = max(day - skill[FADES_FROM], 0.0)
    exponent = -decay / (1.0 + learning.spacing * skill[WEEKS])
    fading = (1.0 + elapsed / learning.forgetting_unit_days) ** exponent
    return float(learning.kept + (1.0 - learning.kept) * fading)


@numba.njit
def practise(
    model: int,
    skill: Any,
    level: float,
    decay: float,
    day: float,
    hours: float,
    factor: float,
    module_level: int,
    rng: Any,
    learning: Any,
) -> None:
    """Let a learner practise a skill that is at `level` today, for some hours at a share of the best rate.

    Under `STATES` beginner modules lead to the middle state at most.
    """
    if skill[PRACTISED] != NEVER and day // 7 != skill[PRACTISED] // 7:
        skill[WEEKS] += 1
    skill[PRACTISED] = day
    if model == GROWTH:
        ceiling = learning.ceilings[module_level]
        if level < ceiling:
            ratio = (ceiling - level) / level * np.exp(-learning.growth_rate * factor * hours)
            level = ceiling / (1.0 + ratio)
        _fade_from(skill, level, decay, day, learning)
    else:
        most = 1.0 if module_level == 0 else 2.0
        if skill[STATE] < most and rng.random() < 1.0 - np.exp(-learning.learn_rate * factor * hours):
            skill[STATE] += 1


@numba.njit
def _fade_from(skill: Any, level: float, decay: float, day: float, learning: Any) -> None:
    """Set the beginning of fading so that the curve is at `level` today; at its top for a new best level."""
    if level >= skill[PEAK]:
        skill[PEAK] = level
        skill[FADES_FROM] = day
        return
    left = (level - skill[BASE]) / (skill[PEAK] - skill[BASE])
    fading = (left - learning.kept) / (1.0 - learning.kept)
    if fading <= 1e-6:
        return
    exponent = decay / (1.0 + learning.spacing * skill[WEEKS])
    elapsed = learning.forgetting_unit_days * (fading ** (-1.0 / exponent) - 1.0)
    skill[FADES_FROM] = day - elapsed

"""What somebody starts next: a multinomial logit over everything on offer, compiled (McFadden 1974)."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from training.datasets.sample.responses import mean_ability, sigmoid

# share of a required mastery with which people are let in: nobody knows it exactly
_ENOUGH = 0.6
# a finished module is begun again this many days after it was last begun, at the earliest
_REPEAT_DAYS = 270.0
# and one that was given up after so many
_RESUME_DAYS = 60.0
_NEW_DAYS = 91.0
_CORE_DAYS = 182.0


@numba.njit
def success_in(scene: Any, i: int, module: int) -> float:
    """Return the probability, in [0, 1], to pass a typical item of a module as things stand."""
    theta = mean_ability(scene.theta[i], scene.module_skills[module])
    probability: Any = sigmoid(theta - scene.modules[module].difficulty)
    return float(probability)


@numba.njit
def mastery_of(scene: Any, i: int, s: int) -> float:
    """Return the true mastery of a skill, in [0, 1], as of when the learner was last looked at."""
    probability: Any = sigmoid(scene.theta[i, s] - scene.skills[s].difficulty)
    return float(probability)


@numba.njit
def lacks(scene: Any, i: int, module: int) -> float:
    """Share of a module's prerequisites that is not met, in [0, 1]; 0 for one without any."""
    n = missing = 0.0
    for needed in scene.module_needs[module]:
        if needed < 0:
            break
        n += 1.0
        missing += scene.finished_day[i, needed] < 0
    for at, s in enumerate(scene.skill_needs[module]):
        if s < 0:
            break
        n += 1.0
        missing += max(0.0, 1.0 - mastery_of(scene, i, s) / max(scene.skill_required[module, at], 0.01))
    return missing / n if n > 0 else 0.0


@numba.njit
def _is_on_offer(scene: Any, i: int, module: int, day: float) -> bool:
    """Say whether a platform offers it: published, not retired, not begun lately, hard prerequisites met."""
    if day < scene.modules[module].published or day >= scene.modules[module].retired:
        return False
    for at, needed in enumerate(scene.module_needs[module]):
        if needed < 0:
            break
        if scene.need_is_hard[module, at] and scene.finished_day[i, needed] < 0:
            return False
    for at, s in enumerate(scene.skill_needs[module]):
        if s < 0:
            break
        enough = _ENOUGH * scene.skill_required[module, at]
        if scene.skill_is_hard[module, at] and mastery_of(scene, i, s) < enough:
            return False
    if scene.begun_day[i, module] >= 0:
        pause = _REPEAT_DAYS if scene.finished_day[i, module] >= 0 else _RESUME_DAYS
        return bool(day - scene.begun_day[i, module] > pause)
    return True


@numba.njit
def _needs(scene: Any, i: int, need: Any) -> None:
    """Fill in how much each skill is missing: importance times gap, of the present and the target role."""
    role, target = scene.people[i].role, scene.people[i].target
    present = 1.0 if target < 0 else 0.5
    for s in range(len(need)):
        mastery = mastery_of(scene, i, s)
        gap = max(0.0, scene.role_required[role, s] - mastery)
        need[s] = present * scene.role_importance[role, s] * gap
        if target >= 0:
            gap = max(0.0, scene.role_required[target, s] - mastery)
            need[s] += 0.9 * scene.role_importance[target, s] * gap


@numba.njit
def choose(scene: Any, i: int, lately: Any, day: float, rng: Any) -> tuple[int, float, int]:
    """Choose a module, or -1 when none is on offer.

    Returns
    -------
    tuple
        The module, the probability it had, and its rank among those never started (from 1; 0 for a repeat),
        both as somebody would give them who knows every term but the noise.
    """
    begun_day = scene.begun_day[i]
    n = len(scene.modules)
    need = np.zeros(len(scene.skills))
    _needs(scene, i, need)
    noise = scene.choice[0].noise
    utility = np.full(n, -np.inf)
    best, chosen = -np.inf, -1
    for module in range(n):
        if not _is_on_offer(scene, i, module, day):
            continue
        utility[module] = _utility(scene, i, lately, module, day, need)
        drawn = utility[module] - noise * np.log(rng.standard_exponential())
        if drawn > best:
            best, chosen = drawn, module
    if chosen < 0:
        return -1, 0.0, 0
    total, rank = 0.0, 1
    for module in range(n):
        if utility[module] > -np.inf:
            total += np.exp((utility[module] - utility[chosen]) / noise)
            rank += utility[module] > utility[chosen] and begun_day[module] < 0
    return chosen, 1.0 / total, 0 if begun_day[chosen] >= 0 else rank


@numba.njit
def _utility(scene: Any, i: int, lately: Any, module: int, day: float, need: Any) -> float:
    choice, person = scene.choice[0], scene.people[i]
    here, last = scene.modules[module], scene.desk[i].last
    distance = (success_in(scene, i, module) - scene.learning[0].best_success) / 0.25
    utility = choice.gap * _closes(scene, i, module, need) - choice.difficulty * distance * distance
    utility += choice.popularity * scene.popularity[person.segment, module]
    utility += choice.spotlight * scene.spotlight[int(day) // 28, module]
    utility += choice.peers * np.log1p(lately[module])
    utility += choice.format * scene.liking[i, here.format]
    utility -= choice.minutes * max(np.log(here.minutes / (2.0 * person.minutes)), 0.0)
    if last >= 0 and scene.leads_to[last, module]:
        utility += choice.follows
    if 0.0 <= day - here.published < _NEW_DAYS:
        utility += choice.fresh
    if here.is_core and day - 7.0 * person.joins < _CORE_DAYS:
        utility += choice.core
    if here.is_test:
        utility += choice.test
    utility -= choice.unready * lacks(scene, i, module)
    if scene.begun_day[i, module] >= 0:
        utility += choice.repeat
    return float(utility + choice.variant * _variant(scene, i, module))


@numba.njit
def _closes(scene: Any, i: int, module: int, need: Any) -> float:
    """Mean need over the skills that the module can still add to."""
    ceiling = scene.learning[0].ceilings[scene.modules[module].level]
    closes, n = 0.0, 0
    for s in scene.module_skills[module]:
        if s < 0:
            break
        n += 1
        if scene.level[i, s] < ceiling:
            closes += need[s]
    return closes / max(n, 1)


@numba.njit
def _variant(scene: Any, i: int, module: int) -> float:
    """1 for the variant that fits what became of the last module, -1 for one that does not, else 0."""
    modules, at = scene.modules, scene.desk[i]
    last, original = at.last, modules[module].variant_of
    if last >= 0 and (original == last or modules[last].variant_of == module):
        harder = modules[module].difficulty > modules[last].difficulty
        if (at.last_score < 0.5 and not harder) or (at.last_score > 0.9 and harder):
            return 1.0
        return -1.0
    return -1.0 if original >= 0 and scene.begun_day[i, original] >= 0 else 0.0

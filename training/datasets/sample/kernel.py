"""The weeks of one block of teams, compiled.

Time runs in weeks, so that colleagues see what a team has finished; what happens in a week has a second of
its own. Nothing here is vectorised on purpose: every learner carries a state, and one pass is linear in
events.

Compiled code of this package is not cached: a cache knows the file of a function, not of those it calls, and
would go on with yesterday's learner model after an edit of it.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from training.datasets.sample.choice import mastery_of
from training.datasets.sample.parameters import CHECK_WEEKS
from training.datasets.sample.responses import answer, sigmoid
from training.datasets.sample.studying import DAY, has_room, hour, learn, look

N_CHECKS: Final = len(CHECK_WEEKS)

_CHECKS = np.array(CHECK_WEEKS)
_MOST_ITEMS_OF_A_SKILL: Final = 2
_LATELY: Final = 0.85


@numba.njit
def simulate_block(scene: Any, month_of_week: Any, rng: Any) -> bool:
    """Let every team of a block live through the weeks; False when the record has no more room."""
    for team in range(len(scene.team_start) - 1):
        first, end = scene.team_start[team], scene.team_start[team + 1]
        lately = np.zeros(len(scene.modules))
        for week in range(len(month_of_week)):
            if month_of_week[week] >= 0:
                for i in range(first, end):
                    _measure(scene, i, month_of_week[week], 7.0 * week, rng)
            if week == len(scene.season):
                break
            is_busy = rng.random() < scene.activity[0].busy_share
            lately *= _LATELY
            for i in range(first, end):
                if scene.people[i].joins <= week < scene.people[i].leaves:
                    _live(scene, i, week, is_busy, lately, rng)
                if not has_room(scene):
                    return False
    return True


@numba.njit
def _measure(scene: Any, i: int, month: int, day: float, rng: Any) -> None:
    """Note the true mastery of every skill."""
    look(scene, i, day, rng)
    for s in range(len(scene.skills)):
        scene.mastery[i, month, s] = mastery_of(scene, i, s)


@numba.njit
def _live(scene: Any, i: int, week: int, is_busy: bool, lately: Any, rng: Any) -> None:
    """One week of one learner: a skill check when it is due, leaving for good, learning or not."""
    activity, at, gone = scene.activity[0], scene.desk[i], scene.gone
    person = scene.people[i]
    since = week - person.joins
    while at.next_check < N_CHECKS and since >= _CHECKS[at.next_check]:
        willing = activity.check_participation * (1.0 - at.next_check / 7.0)
        if rng.random() < willing * (activity.check_when_gone if gone[i] >= 0 else 1.0):
            check(scene, i, 7 * week, rng)
        at.next_check += 1
    if gone[i] >= 0:
        return
    if rng.random() < activity.drop_out * np.exp(-0.7 * person.motivation):
        gone[i] = week
        return
    logit = activity.base + person.motivation + activity.habit * at.habit
    logit -= activity.fade * np.log1p(since) + scene.season[week]
    logit -= activity.busy * is_busy + activity.lag * person.lags
    at.habit *= 0.5
    if rng.random() < sigmoid(logit):
        at.habit = 1.0
        learn(scene, i, week, lately, rng)


@numba.njit
def check(scene: Any, i: int, day: int, rng: Any) -> None:
    """Answer a skill check, without feedback: items of what the present and the target role need."""
    person = scene.people[i]
    second = hour(day + rng.integers(0, 5), rng)
    look(scene, i, second / DAY, rng)
    weight = scene.role_importance[person.role].copy()
    if person.target >= 0:
        weight = np.maximum(weight, scene.role_importance[person.target])
    asked = np.zeros(len(weight), np.int64)
    used = np.zeros(len(scene.items), np.bool_)
    for _ in range(int(scene.activity[0].check_items)):
        total = weight.sum()
        if total <= 0:
            break
        s = min(np.searchsorted(np.cumsum(weight), rng.random() * total, side="right"), len(weight) - 1)
        asked[s] += 1
        if asked[s] == _MOST_ITEMS_OF_A_SKILL:
            weight[s] = 0.0
        n = scene.n_checks[s]
        if n == 0:
            continue
        item = scene.skill_checks[s, rng.integers(0, n)]
        if used[item]:
            continue
        used[item] = True
        _, spent = answer(scene, i, item, second, 0.0, rng)
        second += spent + 5.0
    scene.desk[i].checked_until = second

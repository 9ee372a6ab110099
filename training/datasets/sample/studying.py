"""A week of somebody who learns: going on or giving up, beginning, practising, finishing; compiled."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from training.datasets.sample.choice import choose, lacks, success_in
from training.datasets.sample.learner_models import level_on, practise
from training.datasets.sample.responses import answer, sigmoid
from training.datasets.sample.state import ABANDONED, COMPLETED, STARTED

DAY: Final = 86400.0
_OPENING: Final = 8.5 * 3600
_WORKDAY: Final = 9.0 * 3600
_EVENING: Final = 19.0 * 3600
_ON_WEEKDAYS: Final = 0.93
_PASS_MARK: Final = 0.5
_CREDENTIAL_MARK: Final = 0.6
# rows of attempts, completions and credentials that may come before room is looked for again
ROOM: Final = (64, 16, 8)
# minutes at one sitting; the rest of the week's minutes wait for another day
_SITTING: Final = 50.0


@numba.njit
def has_room(scene: Any) -> bool:
    """Whether the record has room for a skill check and one more turn of learning."""
    attempts, completions, credentials = ROOM
    return bool(
        scene.n_rows[0] + attempts + scene.activity[0].check_items <= len(scene.attempts)
        and scene.n_rows[1] + completions <= len(scene.completions)
        and scene.n_rows[2] + credentials <= len(scene.credentials)
    )


@numba.njit
def hour(day: int, rng: Any) -> float:
    """Second at which a sitting of a day begins: in working hours, at times in the evening."""
    if rng.random() < 0.12:
        return float(day * DAY + _EVENING + 2.5 * 3600 * rng.random())
    return float(day * DAY + _OPENING + _WORKDAY * rng.random())


@numba.njit
def look(scene: Any, i: int, day: float, rng: Any) -> None:
    """Bring level and ability of a learner in every skill up to a day."""
    skills = scene.skills
    for s in range(len(skills)):
        level = level_on(
            scene.model,
            scene.states[i, s],
            skills[s].decay,
            skills[s].half_life,
            day,
            rng,
            scene.learning[0],
        )
        scene.level[i, s] = level
        scene.theta[i, s] = scene.offset[i, s] + scene.response[0].spread * (level - 0.5)


@numba.njit
def learn(scene: Any, i: int, week: int, lately: Any, rng: Any) -> None:
    """Spend the minutes of a week: go on with what was begun, then choose anew.

    It stops without room for more; whoever called finds that out.
    """
    at = scene.desk[i]
    minutes = scene.people[i].minutes * np.exp(0.4 * rng.standard_normal())
    day = 7 * week + (rng.integers(0, 5) if rng.random() < _ON_WEEKDAYS else rng.integers(5, 7))
    second, sitting = max(hour(day, rng), at.checked_until), 0.0
    resumes = at.module >= 0
    meets = False
    while (minutes > 1.0 or meets) and has_room(scene):
        if sitting > _SITTING and not meets:
            day += 1 + rng.integers(0, 2)
            if day >= 7 * (week + 1) or (day >= 7 * week + 5 and rng.random() < _ON_WEEKDAYS):
                return
            second, sitting = max(hour(day, rng), second), 0.0
        look(scene, i, second / DAY, rng)
        if resumes:
            resumes = False
            if gives_up(scene, i, second, rng):
                continue
        if at.module < 0 and not _begin(scene, i, lately, second, rng):
            return
        meets = scene.modules[at.module].is_meeting
        spent = at.segment_left if meets else min(minutes, at.segment_left)
        study(scene, i, second / DAY, spent / at.tempo / 60.0, rng)
        at.spent += 60.0 * spent
        at.segment_left -= spent
        second += 60.0 * spent
        if at.segment_left <= 0.01:
            seconds = end_segment(scene, i, lately, second, rng)
            second += seconds
            spent += seconds / 60.0
        minutes -= spent
        sitting += spent
        meets = meets and at.module >= 0


@numba.njit
def gives_up(scene: Any, i: int, second: float, rng: Any) -> bool:
    """Perhaps give up the module on the desk, and perhaps note it."""
    activity, at = scene.activity[0], scene.desk[i]
    module = at.module
    logit = activity.abandon + activity.abandon_per_fail * min(at.fails, 4)
    logit += 0.35 * np.log(scene.modules[module].minutes / 60.0)
    logit -= 0.3 * scene.people[i].motivation
    if rng.random() >= sigmoid(logit):
        return False
    # most platforms never hear of it: nobody presses a button to give up
    if rng.random() < activity.abandon_noted:
        row = _note(scene, i, module, ABANDONED, second)
        row.progress = at.next_item / max(scene.modules[module].n_items, 1)
        row.seconds = at.spent
    at.module = -1
    return True


@numba.njit
def _begin(scene: Any, i: int, lately: Any, second: float, rng: Any) -> bool:
    """Choose a module and start it; False when nothing is on offer."""
    module, probability, rank = choose(scene, i, lately, second / DAY, rng)
    if module < 0:
        return False
    row = begin(scene, i, module, second, rng)
    row.choice_rank = rank
    row.choice_probability = probability
    return True


@numba.njit
def begin(scene: Any, i: int, module: int, second: float, rng: Any) -> Any:
    """Put a module on the desk and note its start; returns the row."""
    at = scene.desk[i]
    at.module = module
    at.next_item = 0
    at.n_asked = 0
    at.fails = 0
    at.score_sum = 0.0
    at.spent = 0.0
    at.tempo = np.exp(scene.response[0].tempo_deviation * rng.standard_normal()) / np.sqrt(
        scene.people[i].pace
    )
    at.segment_left = _segment(scene, i, module)
    row = _note(scene, i, module, STARTED, second)
    row.progress = 0.0
    scene.begun_day[i, module] = second / DAY
    return row


@numba.njit
def _note(scene: Any, i: int, module: int, status: int, second: float) -> Any:
    """Write a completion row without values and return it."""
    row = scene.completions[scene.n_rows[1]]
    scene.n_rows[1] += 1
    row.learner = i
    row.module = module
    row.status = status
    row.second = second
    row.choice_rank = 0
    row.progress = row.score = row.rating = row.seconds = row.choice_probability = np.nan
    return row


@numba.njit
def _segment(scene: Any, i: int, module: int) -> float:
    """Minutes that the learner takes from one item of a module to the next."""
    here = scene.modules[module]
    return float(max(here.minutes * scene.desk[i].tempo / max(here.n_items, 1), 0.5))


@numba.njit
def study(scene: Any, i: int, day: float, hours: float, rng: Any) -> None:
    """Practise the skills of the module on the desk; a test teaches only by its items."""
    module, learning = scene.desk[i].module, scene.learning[0]
    if scene.modules[module].is_test:
        return
    distance = (success_in(scene, i, module) - learning.best_success) / learning.fit_width
    factor = max(np.exp(-0.5 * distance * distance), learning.fit_floor)
    factor *= 1.0 - (1.0 - learning.unready_gain) * lacks(scene, i, module)
    _practise_all(scene, i, scene.module_skills[module], day, hours, factor, rng)


@numba.njit
def _practise_all(scene: Any, i: int, skills: Any, day: float, hours: float, factor: float, rng: Any) -> None:
    """Practise several skills at once; each gets less of the time than it would alone."""
    level = scene.modules[scene.desk[i].module].level
    n = 0
    for s in skills:
        n += s >= 0
    for s in skills[:n]:
        practise(
            scene.model,
            scene.states[i, s],
            scene.level[i, s],
            scene.skills[s].decay,
            day,
            hours / np.sqrt(n),
            factor * scene.people[i].pace,
            level,
            rng,
            scene.learning[0],
        )


@numba.njit
def end_segment(scene: Any, i: int, lately: Any, second: float, rng: Any) -> float:
    """Answer the next item of the module, and finish it after the last; returns the seconds taken."""
    at = scene.desk[i]
    n_items = scene.modules[at.module].n_items
    seconds = 0.0
    if at.next_item < n_items:
        item = scene.module_items[at.module, at.next_item]
        # a test asks all of its items
        if scene.modules[at.module].is_test or rng.random() < scene.response[0].asked:
            look(scene, i, second / DAY, rng)
            seconds = _answer_with_feedback(scene, i, item, second, rng)
        at.next_item += 1
        at.segment_left = _segment(scene, i, at.module)
    if at.next_item >= n_items:
        at.spent += seconds
        _complete(scene, i, lately, second + seconds + 5.0, rng)
        seconds += 10.0
    return float(seconds)


@numba.njit
def _answer_with_feedback(scene: Any, i: int, item: int, second: float, rng: Any) -> float:
    """Answer an item, learn by it, and perhaps try again after a failure; returns the seconds taken."""
    at, response = scene.desk[i], scene.response[0]
    score, seconds = answer(scene, i, item, second, 0.0, rng)
    at.n_asked += 1
    at.score_sum += score
    at.fails = 0 if score >= _PASS_MARK else at.fails + 1
    hours = scene.learning[0].testing_hours
    _practise_all(scene, i, scene.item_skills[item], second / DAY, hours, 1.0, rng)
    if score < _PASS_MARK and rng.random() < response.retry:
        again, more = answer(scene, i, item, second + seconds + 5.0, response.retry_boost, rng)
        seconds += 5.0 + more
        at.fails = 0 if again >= _PASS_MARK else at.fails
    return float(seconds)


@numba.njit
def _complete(scene: Any, i: int, lately: Any, second: float, rng: Any) -> None:
    at, module = scene.desk[i], scene.desk[i].module
    here = scene.modules[module]
    score = at.score_sum / at.n_asked if at.n_asked > 0 else np.nan
    row = _note(scene, i, module, COMPLETED, second)
    row.progress = 1.0
    row.score = score
    row.seconds = at.spent
    if rng.random() < scene.activity[0].rated:
        opinion = 3.9 + 0.35 * scene.liking[i, here.format] + 0.8 * rng.standard_normal()
        opinion -= 2.0 * abs(score - 0.8) if at.n_asked > 0 else 0.0
        row.rating = min(max(np.rint(opinion), 1.0), 5.0)
    if here.credential >= 0 and score >= _CREDENTIAL_MARK:
        earned = scene.credentials[scene.n_rows[2]]
        earned.learner = i
        earned.credential = here.credential
        earned.second = second + 60.0
        scene.n_rows[2] += 1
    scene.finished_day[i, module] = second / DAY
    at.last = module
    at.last_score = score if at.n_asked > 0 else 0.8
    at.module = -1
    lately[module] += 1.0

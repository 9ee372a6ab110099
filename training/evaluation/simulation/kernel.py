"""A simulated learner takes one module, compiled: weeks pass, items are answered, skills move.

The learner is that of `training.datasets.sample`; what is different is who chooses. Compiled code is not
cached, as explained in `training.datasets.sample.kernel`.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np

from training.datasets.sample.choice import lacks, mastery_of, success_in
from training.datasets.sample.kernel import check
from training.datasets.sample.learner_models import STATE
from training.datasets.sample.parameters import GROWTH
from training.datasets.sample.responses import answer, sigmoid
from training.datasets.sample.studying import DAY, begin, end_segment, gives_up, look, study

FINISHED: Final = 0
GIVEN_UP: Final = 1
READY: Final = 2
OUT_OF_TIME: Final = 3

PROGRESS: Final = np.dtype(
    [
        ("week", "i4"),
        ("minutes_left", "f8"),
        ("second", "f8"),
        ("minutes", "f8"),
        ("failing", "f8"),
        ("leaves", "f8"),
        ("n_asked", "i4"),
        ("n_failed", "i4"),
    ]
)
"""Where one learner stands: week, minutes left of it, second of the clock; minutes of study so far, running
share of failures, minutes after which somebody free to would have left (NaN for not yet), and how many items
were asked, without repeats, and failed."""

_PASS_MARK: Final = 0.5

DRAWS: Final = 4
"""Numbers drawn of each learner and week, the same under every policy: leaving, learning, minutes, day."""


@numba.njit
def passes(scene: Any, s: int, probability: float) -> float:
    """Chance to pass a typical item of a skill, in which its items' guessing and slipping have their part.

    `probability` is that without them, as `mastery_of` gives it.
    """
    typical = scene.skills[s]
    return float(typical.guess + (1.0 - typical.guess - typical.slip) * probability)


@numba.njit
def readiness(scene: Any, i: int, required: Any, importance: Any) -> float:
    """Return the true readiness of a learner who was looked at, in [0, 1]."""
    gap, total = 0.0, 0.0
    for s in range(len(required)):
        if importance[s] > 0.0:
            gap += importance[s] * max(0.0, required[s] - passes(scene, s, mastery_of(scene, i, s)))
            total += importance[s] * required[s]
    return 1.0 - gap / total if total > 0.0 else 1.0


@numba.njit
def begin_programme(scene: Any, i: int, progress: Any, week: int, checks: bool, rng: Any) -> None:
    """Start a learner in a week, perhaps with a skill check."""
    p = progress[i]
    p.week, p.minutes_left = week - 1, 0.0
    p.second = 7.0 * DAY * week
    p.failing = p.leaves = np.nan
    if checks:
        check(scene, i, 7 * week, rng)
        p.second = max(p.second, scene.desk[i].checked_until)
    look(scene, i, p.second / DAY, rng)


@numba.njit
def ask(scene: Any, i: int, item: int, progress: Any, rng: Any) -> None:
    """Let a learner answer one item of an assessment, without feedback; its time counts as study does."""
    p = progress[i]
    look(scene, i, p.second / DAY, rng)
    _, seconds = answer(scene, i, item, p.second, 0.0, rng)
    p.minutes += seconds / 60.0
    p.second += seconds + 5.0


@numba.njit
def _next_week(scene: Any, i: int, p: Any, draws: Any, first_week: int, rules: Any) -> bool:
    """Go to the next week in which the learner learns; False when there is none."""
    activity, person = scene.activity[0], scene.people[i]
    while True:
        p.week += 1
        since = p.week - first_week
        if since >= len(draws):
            return False
        leaving, learning, minutes, day = draws[since]
        failing = 0.0 if np.isnan(p.failing) else p.failing - rules.usual_failures
        rate = activity.drop_out * np.exp(-0.7 * person.motivation + rules.drop_out_per_failure * failing)
        if np.isnan(p.leaves) and leaving < 1.0 - np.exp(-rate):
            p.leaves = p.minutes
        if learning < sigmoid(rules.weekly + rules.weekly_per_motivation * person.motivation):
            p.minutes_left = person.minutes * np.exp(0.4 * minutes)
            p.second = max(p.second, (7.0 * p.week + np.floor(5.0 * day)) * DAY + 9.0 * 3600.0)
            return True


@numba.njit
def take(
    scene: Any,
    i: int,
    module: int,
    progress: Any,
    draws: Any,
    first_week: int,
    required: Any,
    importance: Any,
    rules: Any,
    rng: Any,
) -> int:
    """Let a learner take a module; returns how it ended.

    Parameters
    ----------
    scene : Scene
        Its record has room for one module.
    i, module : int
    progress : array of `PROGRESS`
    draws : float64 array, shape (n_weeks, DRAWS)
    first_week : int
    required, importance : float64 arrays, shape (n_skills,)
        Of the role that the learner wants to be ready for.
    rules : record of `Rules`
    rng : numpy Generator
        Of this learner and module, so that the same choice meets the same luck under every policy.
    """
    p, at = progress[i], scene.desk[i]
    lately = np.zeros(len(scene.modules))
    if p.minutes_left <= 1.0 and not _next_week(scene, i, p, draws, first_week, rules):
        return OUT_OF_TIME
    begin(scene, i, module, p.second, rng)
    while True:
        if p.minutes_left <= 1.0:
            if not _next_week(scene, i, p, draws, first_week, rules):
                return OUT_OF_TIME
            if gives_up(scene, i, p.second, rng):
                return GIVEN_UP
        _go_on(scene, i, module, p, lately, rules, rng)
        if readiness(scene, i, required, importance) >= rules.ready:
            return READY
        if at.module < 0:
            return FINISHED
        if p.minutes >= rules.most_minutes:
            return OUT_OF_TIME


@numba.njit
def _go_on(scene: Any, i: int, module: int, p: Any, lately: Any, rules: Any, rng: Any) -> None:
    """Study towards the next item of the module, as long as the week's minutes last, and answer it."""
    at = scene.desk[i]
    look(scene, i, p.second / DAY, rng)
    spent = at.segment_left
    if not scene.modules[module].is_meeting:
        spent = min(p.minutes_left, spent)
    study(scene, i, p.second / DAY, spent / at.tempo / 60.0, rng)
    at.spent += 60.0 * spent
    at.segment_left -= spent
    _pass(p, spent)
    if at.segment_left <= 0.01:
        n = scene.n_rows[0]
        _pass(p, end_segment(scene, i, lately, p.second, rng) / 60.0)
        if scene.n_rows[2] > 0:
            # a credential comes a minute after its module
            p.second += 60.0
        if scene.n_rows[0] > n:
            _note_answer(p, scene.attempts[n].score < _PASS_MARK, rules)
    look(scene, i, p.second / DAY, rng)


@numba.njit
def _pass(p: Any, minutes: float) -> None:
    p.minutes += minutes
    p.minutes_left -= minutes
    p.second += 60.0 * minutes


@numba.njit
def _note_answer(p: Any, failed: bool, rules: Any) -> None:
    p.n_asked += 1
    p.n_failed += failed
    share = 1.0 if failed else 0.0
    before = rules.usual_failures if np.isnan(p.failing) else p.failing
    p.failing = before + rules.failure_memory * (share - before)


@numba.njit
def true_values(
    scene: Any, i: int, required: Any, importance: Any, mastery: Any, closes: Any, minutes: Any
) -> None:
    """Fill true mastery, what each module would really close of the weighted gap, and the minutes it takes.

    It is the mean over luck of studying the whole module today: what only somebody can know who sees the
    skills, the pace and the laws of learning.
    """
    learning, skills, person = scene.learning[0], scene.skills, scene.people[i]
    for s in range(len(mastery)):
        mastery[s] = passes(scene, s, mastery_of(scene, i, s))
    for m in range(len(closes)):
        here = scene.modules[m]
        minutes[m] = here.minutes / np.sqrt(person.pace)
        closes[m] = 0.0
        if here.is_test:
            continue
        n = 0
        for s in scene.module_skills[m]:
            n += s >= 0
        distance = (success_in(scene, i, m) - learning.best_success) / learning.fit_width
        factor = max(np.exp(-0.5 * distance * distance), learning.fit_floor) * person.pace
        factor *= 1.0 - (1.0 - learning.unready_gain) * lacks(scene, i, m)
        hours = here.minutes / 60.0 / np.sqrt(max(n, 1))
        for s in scene.module_skills[m, :n]:
            if importance[s] <= 0.0:
                continue
            level, theta = scene.level[i, s], scene.theta[i, s] - skills[s].difficulty
            rise = scene.response[0].spread * (
                _level_after(scene, i, s, level, factor * hours, here.level) - level
            )
            now, then = passes(scene, s, sigmoid(theta)), passes(scene, s, sigmoid(theta + rise))
            closes[m] += importance[s] * (min(then, required[s]) - min(now, required[s]))


@numba.njit
def _level_after(scene: Any, i: int, s: int, level: float, hours: float, module_level: int) -> float:
    learning = scene.learning[0]
    if scene.model == GROWTH:
        ceiling = learning.ceilings[module_level]
        if level >= ceiling:
            return level
        ratio = (ceiling - level) / level * np.exp(-learning.growth_rate * hours)
        return float(ceiling / (1.0 + ratio))
    state, most = int(scene.states[i, s, STATE]), 1 if module_level == 0 else 2
    if state >= most:
        return level
    mean = learning.learn_rate * hours
    stays = np.exp(-mean)
    one = 1.0 - stays if state + 1 >= most else mean * stays
    two = 0.0 if state + 1 >= most else 1.0 - stays - one
    after = stays * level + one * learning.state_levels[state + 1]
    return float(after + (two * learning.state_levels[state + 2] if two > 0.0 else 0.0))

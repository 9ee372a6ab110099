"""The fold is what a plain reading of the history says, for many learners at once as for one."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.domain.events import event_key
from recommender.skills import kernel, kernel_arrays
from recommender.skills.columns import Lessons
from recommender.skills.memory import MemoryOutput
from recommender.skills.records import FEATURE, FEATURES, LEARNER, N_FEATURES, SKILL, fresh
from recommender.skills.replay import replay
from recommender.skills.state import LearnerState, fold, update
from recommender.skills.warm import warm_kernel
from tests.unit.skills.plain_fold import Answer, Lesson, features_before
from tests.unit.skills.streams import (
    CATALOG,
    TABLE,
    a_memory,
    attempt,
    columns,
    events_of,
    known_before,
    lessons_at,
    simulated,
)

N_LEARNERS = 6
NAN = float("nan")
INPUT, OUTPUT = a_memory(np.random.default_rng(9))
REMEMBERING = replace(TABLE, memory=INPUT, item_count=np.arange(len(TABLE.item_ids)) * 7.0)


def random_attempts(seed, *, clock=True, fewest=0):
    """Attempts of which some name skills of their own; scores are no pass marks; lessons between."""
    n_attempts = 240
    rng = np.random.default_rng(seed)
    attempts = simulated(rng, n_learners=N_LEARNERS, n_attempts=n_attempts)
    skills = [rng.permutation(4)[: rng.integers(fewest, 4)].tolist() for _ in range(n_attempts)]
    own = rng.random(n_attempts) < 0.3
    given = [
        s if mine else CATALOG.item_skills[item].tolist()
        for s, mine, item in zip(skills, own, attempts.item, strict=True)
    ]
    rows = np.column_stack([attempts.learner, attempts.item, attempts.passed, attempts.at])
    if not clock:
        rows[:, 3] = NAN
    made = columns(rows.tolist(), n_learners=N_LEARNERS, skills=given, lessons=random_lessons(rng, rows))
    return replace(made, score=np.round(rng.random(n_attempts), 2))


def random_lessons(rng, rows):
    """Modules and self-assessments, each before a row of its learner, some after the last one."""
    found = []
    for before in sorted(rng.integers(0, len(rows) + 1, 40).tolist()):
        last = before == len(rows)
        learner = int(rng.integers(0, N_LEARNERS)) if last else int(rows[before, 0])
        at = rows[max(before - 1, 0), 3]
        taught = bool(rng.random() < 0.5)
        skills = rng.permutation(4)[: rng.integers(0, 3)].tolist()
        found.append(
            (learner, before, skills, 1.5, NAN, at)
            if taught
            else (learner, before, [2], 0.0, rng.random(), at)
        )
    return lessons_at(found)


def histories(attempts):
    """Row, everything of the learner before it, and the answer itself; in plain Python."""
    known = {learner: [] for learner in range(attempts.n_learners)}
    lessons, next_lesson = attempts.lessons, 0
    for row in range(len(attempts)):
        while next_lesson < len(lessons) and lessons.before[next_lesson] == row:
            i = next_lesson
            lesson = Lesson(tuple(lessons.skills[i]), lessons.hours[i], lessons.level[i], lessons.at[i])
            known[lessons.learner[i]].append(lesson)
            next_lesson += 1
        history = known[int(attempts.learner[row])]
        answer = Answer(
            int(attempts.item[row]),
            tuple(attempts.skills[row].tolist()),
            bool(attempts.passed[row]),
            float(attempts.score[row]),
            float(attempts.at[row]),
        )
        yield row, list(history), answer
        history.append(answer)


@pytest.mark.parametrize("clock", [True, False], ids=["clock", "no clock"])
@pytest.mark.parametrize("remembers", [True, False], ids=["memory", "no memory"])
def test_features_are_those_worked_out_from_the_history(clock, remembers):
    attempts = random_attempts(3, clock=clock)
    table, output = (REMEMBERING, OUTPUT) if remembers else (TABLE, None)
    features = replay(attempts, CATALOG, table, output)
    for row, history, answer in histories(attempts):
        expected = features_before(history, answer, table, output)
        np.testing.assert_allclose(features[row], expected, rtol=1e-4, atol=2e-4, err_msg=str(row))


def test_replay_has_seen_something():
    """The comparison above is not one of constants."""
    features = replay(random_attempts(3), CATALOG, REMEMBERING, OUTPUT)
    for name, column in zip(FEATURES, features.T, strict=True):
        known = column[~np.isnan(column)]
        assert np.ptp(known) > 0.05, name
    assert np.isnan(features[:, FEATURE["skill_self_level"]]).any()
    # Other items take a slot, so some counts of a learner and an item start anew.
    attempts = random_attempts(3)
    pairs = attempts.learner * len(CATALOG.item_ids) + attempts.item
    counts = [features[pairs == pair, FEATURE["item_attempts"]] for pair in np.unique(pairs)]
    assert any((np.diff(count) < 0).any() for count in counts)


@pytest.mark.parametrize("clock", [True, False], ids=["clock", "no clock"])
def test_replay_of_many_is_one_update_after_the_other(clock):
    # An event that names no skill counts for its item's.
    attempts = replace(random_attempts(4, clock=clock, fewest=1), lessons=Lessons.none())
    features = replay(attempts, CATALOG, REMEMBERING, OUTPUT)
    for learner in range(N_LEARNERS):
        state = LearnerState(REMEMBERING.id)
        events = events_of(attempts, learner)
        assert events == sorted(events, key=event_key)
        for row, event in zip(np.flatnonzero(attempts.learner == learner), events, strict=True):
            np.testing.assert_array_equal(features[row], known_before(state, event, REMEMBERING, OUTPUT))
            update(state, event, REMEMBERING)


def test_the_first_attempt_knows_the_item_and_nothing_else():
    attempts = random_attempts(4)
    attempts = replace(attempts, lessons=Lessons.none())
    features = replay(attempts, CATALOG, REMEMBERING, MemoryOutput.none())
    first = np.unique(attempts.learner, return_index=True)[1]
    of_item = {"difficulty", "skill_difficulty", "expected_score", "item_log_count", "n_skills"}
    of_prior = {"pass_mean", "item_pass_mean", "skill_pass_mean", "skill_min_pass_mean"}
    never = {"item_last": -1.0, "item_log_steps": kernel.NEVER, "skill_log_steps": kernel.NEVER}
    for name in set(FEATURES) - of_item - of_prior - set(never) - {"elo_logit", "level_logit"}:
        column = features[first, FEATURE[name]]
        assert (np.isnan(column) | (column == 0)).all(), name
    for name, value in never.items():
        assert (features[first, FEATURE[name]] == value).all(), name
    for name in ("elo_logit", "level_logit"):
        np.testing.assert_array_equal(features[first, FEATURE[name]], -features[first, FEATURE["difficulty"]])


def test_replay_changes_nothing_it_was_given():
    attempts = random_attempts(5)
    lessons = attempts.lessons
    frozen = [
        *(attempts.learner, attempts.item, attempts.passed, attempts.score, attempts.at),
        *(attempts.skills.start, lessons.before, lessons.hours, lessons.level, lessons.skills.values),
        *(INPUT.item, OUTPUT.item, TABLE.item_difficulty),
    ]
    before = [array.copy() for array in frozen]
    replay(attempts, CATALOG, REMEMBERING, OUTPUT)
    for one, other in zip(frozen, before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_replay_reads_memory_maps():
    attempts = random_attempts(6)
    expected = replay(attempts, CATALOG, TABLE)
    frozen = {name: getattr(attempts, name).copy() for name in ("learner", "item", "passed", "score", "at")}
    for array in frozen.values():
        array.setflags(write=False)
    np.testing.assert_array_equal(replay(replace(attempts, **frozen), CATALOG, TABLE), expected)


def test_nobody_is_replayed():
    assert replay(columns([], n_learners=0), CATALOG, TABLE).shape == (0, N_FEATURES)
    only = replace(columns([], n_learners=1), lessons=lessons_at([(0, 0, [1], 2.0, NAN, 5.0)]))
    assert replay(only, CATALOG, TABLE).shape == (0, N_FEATURES)


# By hand


def answered(text, **fields):
    """State after answers to q0: `+` passed, `-` failed, a day apart."""
    return fold([attempt(f"{i:03d}", mark == "+", float(i), **fields) for i, mark in enumerate(text)], TABLE)


def test_elo_is_the_formula():
    """Computed by hand: K = .8 / (1 + .05 n), both ratings move by K (passed - p)."""
    theta = theta_s = 0.0
    for n, answer in enumerate([1, 1, 0]):
        surprise = answer - 1 / (1 + np.exp(-(theta + theta_s - TABLE.item_difficulty[0])))
        step = 0.8 / (1 + 0.05 * n) * surprise
        theta, theta_s = theta + step, theta_s + step
    state = answered("++-")
    assert state.learner["ability"][0] == pytest.approx(theta, rel=1e-5)
    assert state.skills["ability"][0] == pytest.approx(theta_s, rel=1e-5)


def test_running_shares_start_as_means():
    """The first answers count evenly, then each at its rate."""
    for text in ("+", "+-", "+--"):
        assert answered(text).skills["share"][0, 0] == pytest.approx(text.count("+") / len(text), rel=1e-6)
    state = answered("+--+")
    after = 1 / 3 + 0.3 * (1 - 1 / 3)
    for record in (state.learner, state.skills):
        assert record["share"][0, 0] == pytest.approx(after, rel=1e-6)
        assert record["share"][0, 1] == pytest.approx(1 / 2, rel=1e-6)
    assert answered("+" * 40 + "-").skills["share"][0, -1] == pytest.approx(1 - 0.03, rel=1e-6)
    assert answered("+" * 200 + "-").learner["share"][0, -1] == pytest.approx(1 - 0.01, rel=1e-6)


def test_residuals_are_scores_beyond_what_is_expected():
    table = replace(TABLE, item_score=np.full(len(TABLE.item_ids), 0.4))
    state = fold([attempt("a", True, 0.0, score=0.9), attempt("b", True, 1.0, score=0.1)], table)
    expected = 0.3 * 0.5 + 0.3 * (-0.3 - 0.3 * 0.5)
    assert state.learner["residual"][0, 0] == pytest.approx(expected, rel=1e-5)
    assert state.skills["residual"][0, 0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("text", "streak"), [("", 0), ("+", 1), ("-", -1), ("++-", -1), ("--+++", 3)])
def test_a_streak_is_counted_from_the_last_change(text, streak):
    assert answered(text).learner["streak"][0] == streak


def test_recent_answers_halve():
    assert answered("+-+").learner["recent"][0] == 0.5 - 0.25 + 0.125


def test_memory_decays_and_adds():
    """Two answers, by hand: m = l m + sqrt(1 - l^2) r (u_item + u_skill)."""
    events = [attempt("a", True, 0.0, score=1.0), attempt("b", False, 1.0, score=0.25)]
    memory = fold(events, REMEMBERING).learner["memory"][0].reshape(6, 16)
    u = INPUT.item[0] + INPUT.skill[0]
    first, second = (np.array([1.0, 0.25]) - REMEMBERING.item_score[0])[:, None] * u
    for row, decay in zip(memory, (0.0, 0.5, 0.8, 0.93, 0.98, 0.998), strict=True):
        expected = np.sqrt(1 - decay**2) * (decay * first + second)
        np.testing.assert_allclose(row, expected, rtol=1e-4, atol=1e-6)
    assert not fold(events, TABLE).learner["memory"].any()


def test_times_are_those_of_the_last_attempt_and_the_last_pass():
    state = answered("-+-")
    start = state.skills["passed_at"][0] - 86_400
    assert (state.learner["last_at"][0], state.skills["last_at"][0]) == (start + 2 * 86_400,) * 2
    assert np.isnan(answered("--").skills["passed_at"][0])


def test_lessons_touch_their_skills_and_no_answer():
    records = kernel_arrays.Records(fresh(LEARNER, 1), fresh(SKILL, 3), None)
    lessons = kernel_arrays.LessonRows(
        before=np.zeros(3, np.int64),
        learner_row=np.zeros(3, np.int64),
        skill_start=np.array([0, 2, 4, 5]),
        skill_row=np.array([0, 1, 0, 1, 0]),
        hours=np.array([0.5, 0.25, 0.0]),
        level=np.array([NAN, NAN, 0.75]),
        at=np.array([10.0, 20.0, 30.0]),
        expires=np.full(3, NAN),
        push=np.zeros(3),
        declined=np.zeros(3, np.uint32),
    )
    for i in range(3):
        kernel.learn.py_func(records, lessons, i)
    assert records.skill["taught_hours"].tolist() == [0.75, 0.75, 0.0]
    assert records.skill["taught_at"][:2].tolist() == [20.0, 20.0]
    np.testing.assert_array_equal(records.skill["self_level"], np.array([0.75, NAN, NAN], np.float32))
    assert not records.skill["n_attempts"].any()
    assert np.isnan(records.skill["passed_at"]).all()


def test_warming_compiles_what_an_online_update_calls():
    warm_kernel()
    n_compiled = len(kernel.fold_rows.signatures)
    assert n_compiled > 0
    warm_kernel()
    update(LearnerState(TABLE.id), events_of(random_attempts(1), 0)[0], TABLE)
    assert len(kernel.fold_rows.signatures) == n_compiled

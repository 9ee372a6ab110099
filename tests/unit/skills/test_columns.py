"""Attempts as columns."""

from dataclasses import replace

import numpy as np

from recommender.skills.columns import Lessons
from tests.unit.skills.streams import columns, lessons_at

NAN = float("nan")
ATTEMPTS = columns(
    [(0, 0, 1, 1.0), (1, 2, 0, 2.0), (0, 4, 1, NAN), (2, 3, 0, 4.0)],
    n_learners=3,
    skills=[[0], [0, 1], [], [2, 0]],
)


def test_take_keeps_rows_with_their_skills():
    kept = ATTEMPTS.take(np.array([False, True, True, True]))
    assert len(kept) == 3
    assert kept.learner.tolist() == [1, 0, 2]
    assert kept.item.tolist() == [2, 4, 3]
    assert [kept.skills[i].tolist() for i in range(3)] == [[0, 1], [], [2, 0]]
    assert kept.passed.tolist() == kept.score.tolist() == [0, 1, 0]
    assert kept.module.tolist() == ATTEMPTS.module[1:].tolist()
    np.testing.assert_array_equal(kept.at, [2.0, NAN, 4.0])
    assert kept.n_learners == 3


def test_take_none_and_all():
    assert len(ATTEMPTS.take(np.zeros(4, bool)).skills.values) == 0
    everything = ATTEMPTS.take(np.ones(4, bool))
    assert everything.skills.values.tolist() == ATTEMPTS.skills.values.tolist()
    assert everything.skills.start.tolist() == ATTEMPTS.skills.start.tolist()


# Lessons

LESSONS = lessons_at(
    [
        (0, 0, [1], 0.5, NAN, 0.5),
        (1, 1, [], 0.5, NAN, 1.5),
        (0, 2, [0, 2], 0.0, 0.25, NAN),
        (2, 3, [2], 1.0, NAN, 3.5),
        (1, 4, [1], 2.0, NAN, 9.0),
        (9, 4, [0], 1.0, NAN, 9.0),
    ]
)


def test_lessons_go_with_their_learner_and_stay_before_their_attempt():
    attempts = replace(ATTEMPTS, lessons=LESSONS, n_learners=10)
    kept = attempts.take(attempts.learner != 0).lessons
    assert kept.learner.tolist() == [1, 2, 1]
    # The rows 1 and 3 are 0 and 1 now, and 2 is after the last.
    assert kept.before.tolist() == [0, 1, 2]
    assert [kept.skills[i].tolist() for i in range(3)] == [[], [2], [1]]
    assert kept.hours.tolist() == [0.5, 1.0, 2.0]
    assert np.isnan(kept.level).all()
    assert kept.at.tolist() == [1.5, 3.5, 9.0]
    mine = attempts.take(attempts.learner == 0).lessons
    assert mine.before.tolist() == [0, 1]
    np.testing.assert_array_equal(mine.level, [NAN, 0.25])


def test_no_lessons():
    assert len(Lessons.none()) == len(Lessons.none().skills) == 0
    assert len(ATTEMPTS.lessons) == len(ATTEMPTS.take(np.zeros(4, bool)).lessons) == 0

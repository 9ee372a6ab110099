"""Attempts as columns."""

import numpy as np

from tests.unit.skills.streams import columns

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

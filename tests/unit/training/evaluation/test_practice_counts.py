"""Counts of practice against a count in plain Python."""

from collections import Counter

import numpy as np
import pytest

from tests.unit.training.evaluation.answering import answering
from training.evaluation.practice_counts import practice_counts


def counted_by_hand(attempts):
    """The same three tables, one attempt after the other."""
    seen, passed = Counter(), Counter()
    learner, learner_item, learner_skill = [], [], []
    for row in range(len(attempts)):
        who, item = int(attempts.learner[row]), int(attempts.item[row])
        keys = [("skill", who, int(skill)) for skill in attempts.skills[row]]
        learner.append((passed[who], seen[who]))
        learner_item.append((passed[who, item], seen[who, item]))
        learner_skill += [(passed[key], seen[key]) for key in keys]
        for key in (who, (who, item), *keys):
            seen[key] += 1
            passed[key] += int(attempts.passed[row])
    return learner, learner_item, learner_skill


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_plain_python(seed):
    attempts = answering(n_learners=9, n_attempts=700, seed=seed)
    found = practice_counts(attempts)
    learner, learner_item, learner_skill = counted_by_hand(attempts)
    np.testing.assert_array_equal(found.learner, learner)
    np.testing.assert_array_equal(found.learner_item, learner_item)
    np.testing.assert_array_equal(found.learner_skill, learner_skill)
    assert found.learner_item.max() > 3


def test_nothing_is_counted_of_nothing():
    found = practice_counts(answering(n_learners=1, n_attempts=0, seed=0))
    assert found.learner.shape == found.learner_item.shape == found.learner_skill.shape == (0, 2)

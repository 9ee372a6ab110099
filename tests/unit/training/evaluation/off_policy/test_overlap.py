"""A log that cannot tell is refused, with figures and remedy."""

import re

import numpy as np
import pytest

from recommender.errors import InputError
from tests.unit.training.evaluation.off_policy.test_estimators import log_of
from training.evaluation.off_policy.overlap import (
    LEAST_EFFECTIVE,
    OverlapError,
    kish,
    overlap_of,
    require_exploration,
    require_overlap,
)
from training.evaluation.off_policy.target import Target


def refusal(log, target) -> str:
    with pytest.raises(OverlapError) as caught:
        require_overlap(log, target, overlap_of(log, target))
    return str(caught.value)


def test_effective_sample_size_by_hand():
    assert kish(np.ones(7)) == pytest.approx(7)
    assert kish(np.array([3.0, 1.0])) == pytest.approx(16 / 10)
    assert kish(np.zeros(3)) == 0.0


def test_without_exploration_there_is_nothing_to_learn():
    with pytest.raises(OverlapError, match=r"propensity 1.*above 0, such as 0\.1, and log about 800 answers"):
        require_exploration(log_of([[0, 1], [2, 3]], [[1.0, 1.0]] * 2))
    require_exploration(log_of([[0, 1], [2, 3]], [[1.0, 1.0], [1.0, 0.9]]))
    assert issubclass(OverlapError, InputError)


def test_what_was_never_left_to_chance_has_no_support():
    """Half of what it shows was not shown, in answers that could be no other."""
    log = log_of([[0, 1]] * 100 + [[2, 3]], [[1.0, 1.0]] * 100 + [[1.0, 0.5]])
    target = Target.of("other", [np.array([0, 2])] * 101)
    assert overlap_of(log, target).unsupported == pytest.approx((100 + 0) / 202)
    text = refusal(log, target)
    assert "policy other" in text
    assert "49.5% of what it shows without support" in text
    assert re.search(r"log about [\d,]+ more answers with ranking.exploration at 0.1", text)


def test_a_module_that_nobody_was_shown_has_no_support():
    log = log_of([[0, 1]] * 100, [[1.0, 0.5]] * 100)
    assert overlap_of(log, Target.of("t", [np.array([0, 5])] * 100)).unsupported == pytest.approx(0.5)
    assert overlap_of(log, Target.of("t", [np.array([0, 1])] * 100)).unsupported == 0.0


def test_too_few_learners_carry_the_weights():
    """One answer in a hundred shows what the target shows, with a weight of 100."""
    rows = [[0, 1]] * 990 + [[0, 2]] * 10
    told = [[1.0, 0.99]] * 990 + [[1.0, 0.01]] * 10
    log = log_of(rows, told, learner=[i % 500 for i in range(1000)])
    target = Target.of("rare", [np.array([2])] * 1000)
    found = overlap_of(log, target)
    assert found.effective == pytest.approx(10)
    assert found.weight.value == pytest.approx(1.0)
    assert found.max_weight == pytest.approx(100)
    text = refusal(log, target)
    assert f"at least {LEAST_EFFECTIVE:g} learners are needed" in text
    assert "effective sample size 10.0 of 500 learners" in text


def test_weights_that_do_not_add_up_are_no_evidence():
    log = log_of([[0, 1]] * 300 + [[0, 2]] * 100, [[1.0, 0.5]] * 300 + [[1.0, 0.9]] * 100)
    text = refusal(log, Target.of("t", [np.array([2])] * 400))
    assert "its weights are 0.28 on average where they should be 1" in text
    assert "check the propensities" in text


def test_a_log_that_covers_is_let_through():
    log = log_of([[0, 1]] * 200 + [[0, 2]] * 200, [[1.0, 0.5]] * 400)
    target = Target.of("t", [np.array([0, 2])] * 400)
    require_overlap(log, target, overlap_of(log, target))

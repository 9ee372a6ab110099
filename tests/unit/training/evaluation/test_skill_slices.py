"""The skill model on groups of tested learners, none of them too small to be told of."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training.evaluation.skill_slices import SkillSlice, skill_slices
from training.evaluation.skills import Answered

N_LEARNERS, N_EACH = 60, 20


def answered(bias: float = 0.0, seed: int = 0, tested: int = 50) -> Answered:
    """Answers of the first learners; the model thinks too well of every second one by `bias`."""
    rng = np.random.default_rng(seed)
    learner = np.repeat(np.arange(tested), N_EACH)
    chance = rng.uniform(0.2, 0.8, len(learner))
    passed = (rng.random(len(learner)) < chance).astype(float)
    said = np.clip(chance + bias * (learner % 2), 0, 1)
    return Answered(passed, learner, {"skill_model": said})


def labels(small: int = 0) -> list[str | None]:
    """The first are of a small group, the rest in turns of two."""
    return [("tiny" if i < small else ("even", "odd")[i % 2]) for i in range(N_LEARNERS)]


def test_each_group_is_measured_on_its_own_answers() -> None:
    given = answered()
    found = skill_slices(given, labels(), np.random.default_rng(0))
    assert list(found) == ["everybody", "even", "odd"]
    for name, rows in (
        ("everybody", given.learner >= 0),
        ("even", given.learner % 2 == 0),
        ("odd", given.learner % 2 == 1),
    ):
        p, y = given.predictions["skill_model"][rows], given.passed[rows]
        its = found[name]
        assert its.auc == pytest.approx(roc_auc_score(y, p))
        assert its.too_high == pytest.approx(float(np.mean(p) - np.mean(y)))
        assert (its.n_learners, its.n_attempts) == (len(set(given.learner[rows])), rows.sum())
        assert its.auc_ci95 is not None
        assert its.auc_ci95[0] < its.auc < its.auc_ci95[1]


def test_a_group_the_model_thinks_too_well_of_is_found_and_others_are_not() -> None:
    found = skill_slices(answered(bias=0.12), labels(), np.random.default_rng(0))
    assert found["odd"].too_high_ci95[0] > 0.05
    assert found["even"].too_high_ci95[0] < 0 < found["even"].too_high_ci95[1]


def test_intervals_are_by_learner_not_by_answer() -> None:
    rng = np.random.default_rng(3)
    learner = np.repeat(np.arange(50), N_EACH)
    said = np.full(len(learner), 0.5)
    alike = np.repeat((rng.random(50) < 0.5).astype(float), N_EACH)
    low, high = skill_slices(
        Answered(alike, learner, {"skill_model": said}), [None] * 50, np.random.default_rng(0)
    )["everybody"].too_high_ci95
    # Fifty coins, not a thousand: 2 x 1.96 x .5 / root 50 is .28.
    assert 0.2 < high - low < 0.36


@pytest.mark.parametrize(
    ("small", "told"), [(5, ["everybody", "even", "odd", "tiny"]), (4, ["everybody", "even"])]
)
def test_of_fewer_than_five_nothing_is_told_nor_left(small: int, told: list[str]) -> None:
    # With four left over, a second group would give them away.
    found = skill_slices(answered(), labels(small), np.random.default_rng(0))
    assert sorted(found) == sorted(told)


def test_nothing_is_told_of_four_tested_learners() -> None:
    assert skill_slices(answered(tested=4), labels(), np.random.default_rng(0)) == {}


def test_learners_who_were_not_tested_do_not_count() -> None:
    found = skill_slices(answered(tested=50), labels(), np.random.default_rng(0))
    assert found["everybody"].n_learners == 50


def test_metrics_have_one_number_each() -> None:
    its = SkillSlice(10, 100, 0.7, (0.6, 0.8), -0.01, (-0.03, 0.01))
    assert its.metrics() == {
        "n_learners": 10,
        "n_attempts": 100,
        "auc": 0.7,
        "too_high": -0.01,
        "auc_ci95_low": 0.6,
        "auc_ci95_high": 0.8,
        "too_high_ci95_low": -0.03,
        "too_high_ci95_high": 0.01,
    }
    assert "auc_ci95_low" not in SkillSlice(10, 100, None, None, 0.0, (0.0, 0.0)).metrics()

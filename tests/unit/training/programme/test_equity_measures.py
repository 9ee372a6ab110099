"""Values by hand, errors as resampling learners gives them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from tests.unit.training.programme.equity_world import sites, world
from training.evaluation.auc_bootstrap import bootstrap_aucs
from training.programme.equity_measures import (
    AnswerSums,
    Ratio,
    auc_error,
    compare_predictions,
    compare_ratios,
)
from training.programme.equity_predictions import HeldOut
from training.programme.equity_verdicts import Comparison, Measure


def half_widths(its) -> tuple[float, float]:
    return (its.high - its.low) / 2, (its.difference_high - its.difference_low) / 2


def compared(answers: HeldOut, groups: dict[str, np.ndarray], n_resamples: int) -> list[Comparison]:
    sums = AnswerSums.of(answers, len(next(iter(groups.values()))))
    return compare_predictions(answers, sums, groups, np.random.default_rng(0), n_resamples)


def test_what_each_person_brings() -> None:
    learner = np.array([0, 0, 2, 2, 2])
    answers = HeldOut(learner, np.array([1.0, 0.0, 1.0, 1.0, 1.0]), np.array([0.5, 0.25, 0.8, 0.5, 0.5]))
    its = AnswerSums.of(answers, 4)
    assert its.count.tolist() == [2, 0, 3, 0]
    assert its.passes.tolist() == [1, 0, 3, 0]
    assert its.excess == pytest.approx([-0.25, 0, -1.2, 0])
    assert its.loss == pytest.approx([-np.log(0.5) - np.log(0.75), 0, -np.log(0.8) - 2 * np.log(0.5), 0])
    passes, fails, *_ = its.columns()
    assert passes is its.passes
    assert fails.tolist() == [1, 0, 0, 0]


def test_of_a_ratio_both_parts_and_each_persons_own_may_be_given_away() -> None:
    top, bottom = np.array([1.0, 2.0, 3.0, 0.0]), np.array([2.0, 4.0, 3.0, 0.0])
    its = Ratio(Measure(("x",), 1.0), top, bottom).columns()
    # Whoever has nothing has what most have.
    assert [column.tolist() for column in its] == [top.tolist(), bottom.tolist(), [0.5, 0.5, 1.0, 0.5]]


def test_a_ratio_and_its_errors_by_a_loop() -> None:
    rng = np.random.default_rng(4)
    n = 120
    top, bottom = rng.random(n) * 5, rng.integers(1, 6, n) * 1.0
    groups = {"a": np.arange(n) < 50, "b": np.arange(n) >= 50}
    found = compare_ratios([Ratio(Measure(("x",), 1.0), top, bottom)], groups, np.random.default_rng(0), 2000)
    means, gaps = {"a": [], "b": []}, []
    for _ in range(2000):
        drawn = {}
        for name, group in groups.items():
            who = rng.choice(np.flatnonzero(group), group.sum())
            drawn[name] = top[who].sum() / bottom[who].sum()
            means[name].append(drawn[name])
        gaps.append(drawn["a"] - drawn["b"])
    for its, other, t in zip(found, ("b", "a"), (2.0096, 1.9949), strict=True):
        group = groups[its.group]
        assert its.value == pytest.approx(top[group].sum() / bottom[group].sum())
        assert its.others == pytest.approx(top[groups[other]].sum() / bottom[groups[other]].sum())
        assert its.difference == pytest.approx(its.value - its.others)
        m = group.sum()
        own = t * np.std(means[its.group], ddof=1) * np.sqrt(m / (m - 1))
        gap = 2.0096 * np.std(gaps, ddof=1) * np.sqrt(m / (m - 1))
        assert half_widths(its) == pytest.approx((own, gap), rel=0.08)


def test_errors_of_few_people_are_those_of_a_mean() -> None:
    # Resamples of six people spread too little by sqrt(5 / 6).
    values = np.array([1.0, 2.0, 4.0, 8.0, 9.0, 12.0, *np.zeros(50)])
    groups = {"a": np.arange(56) < 6, "b": np.arange(56) >= 6}
    ratio = Ratio(Measure(("x",), 1.0), values, np.ones(56))
    its = compare_ratios([ratio], groups, np.random.default_rng(0), 20_000)[0]
    error = values[:6].std(ddof=1) / np.sqrt(6)
    assert half_widths(its) == pytest.approx((2.5706 * error, 2.5706 * error), rel=0.03)


def test_predictions_by_hand() -> None:
    labels = sites(200, 1, (0.5, 0.3, 0.2))
    made = world(labels, 1)
    answers = made.answers
    groups = {name: labels == name for name in "ab"}  # c is not told of, so nobody's rest
    found = {(its.measure.key[0], its.group): its for its in compared(answers, groups, 300)}
    assert set(found) == {(m, g) for m in ("auc", "log_loss", "calibration") for g in "ab"}
    for group, other in ("ab", "ba"):
        for name, at in ((group, "value"), (other, "others")):
            rows = labels[answers.learner] == name
            y, p = answers.passed[rows], answers.predicted[rows]
            assert getattr(found["auc", group], at) == pytest.approx(roc_auc_score(y, p))
            assert getattr(found["log_loss", group], at) == pytest.approx(log_loss(y, p))
            assert getattr(found["calibration", group], at) == pytest.approx(p.mean() - y.mean())
        assert found["auc", group].n_learners == (labels == group).sum()
        assert found["auc", group].n_others == (labels == other).sum()


def test_error_of_auc_is_that_of_resampled_learners() -> None:
    rng = np.random.default_rng(6)
    n, learner = 300, np.repeat(np.arange(300), 8)
    ability = rng.normal(0, 1.5, n)[learner]
    p = np.round(1 / (1 + np.exp(-(0.7 * ability + rng.normal(0, 0.7, n * 8)))), 1)
    y = (rng.random(n * 8) < 1 / (1 + np.exp(-ability))) * 1.0
    drawn = bootstrap_aucs(y, {"m": p}, learner, np.random.default_rng(0), 2000)["m"]
    assert auc_error(y, p, learner) == pytest.approx(drawn.std(ddof=1), rel=0.06)
    # Answers of one person resemble each other: as if they did not, the error would be far too small.
    assert auc_error(y, p, np.arange(n * 8)) < 0.75 * drawn.std(ddof=1)


def test_a_group_whose_answers_are_alike_has_no_auc() -> None:
    learner = np.repeat(np.arange(40), 3)
    passed = np.where(learner < 20, 1.0, np.tile([1.0, 0.0, 1.0], 40))
    answers = HeldOut(learner, passed, np.full(120, 0.6))
    groups = {"a": np.arange(40) < 20, "b": np.arange(40) >= 20}
    found = compared(answers, groups, 50)
    assert {its.measure.key[0] for its in found} == {"log_loss", "calibration"}

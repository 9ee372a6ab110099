"""Means of people: their intervals, and when these are not told."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.unit.training.programme import gaps_by_hand
from training.programme.figures import Mean


def test_the_standard_error_is_that_of_drawing_people_again_and_again() -> None:
    rng = np.random.default_rng(1)
    x = rng.beta(2.0, 5.0, 40)
    its = Mean.told(x)
    drawn = [x[rng.integers(0, 40, 40)].mean() for _ in range(4_000)]
    # 2.0227 is Student's t with 39 degrees of freedom.
    assert (its.high - its.low) / 2 / 2.0227 == pytest.approx(np.std(drawn) * np.sqrt(40 / 39), rel=0.04)


@pytest.mark.parametrize("n", [5, 12, 60])
def test_intervals_hold_the_truth_in_about_95_of_100_worlds(n: int) -> None:
    rng = np.random.default_rng(n)
    # Lopsided, as changes of readiness are.
    worlds = rng.gamma(2.0, 0.05, (1_000, n)) - 0.02
    held = [its.low <= 0.08 <= its.high for its in map(Mean.told, worlds)]
    assert 0.90 <= np.mean(held) <= 0.97


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        ([0.0] * 9 + [0.3], False),
        ([0.0] * 9 + [0.3, 0.2, 0.1, 0.4], False),
        ([0.0] * 9 + [0.3, 0.2, 0.1, 0.4, 0.5], True),
        ([0.2] * 3 + [0.3, 0.1], False),
        ([0.2] * 2 + [0.3, 0.1, 0.5], True),
        ([0.2] * 4 + [0.3, 0.1, 0.5, 0.4], True),
        ([0.2] * 5, True),
        ([0.1, 0.2, 0.3, 0.4, 0.5], True),
    ],
)
def test_the_interval_is_not_told_where_it_would_give_values_of_few_away(
    values: list[float], is_told: bool
) -> None:
    its = Mean.told(np.array(values))
    assert its.has_interval == (not np.isnan(its.high)) == is_told
    assert np.isnan(its.p) == (not is_told)
    by_hand = gaps_by_hand.interval(values)
    assert (its.low, its.high) == pytest.approx(by_hand[1:3]) if is_told else by_hand[1] is None


def test_means_have_the_interval_of_student() -> None:
    mean = Mean.of(np.array([1.0, 2.0, 3.0, 6.0]))
    half = 3.182446 * np.sqrt(((3 - np.array([1, 2, 3, 6])) ** 2).sum() / 3) / 2
    assert (mean.n, mean.value) == (4, 3.0)
    assert (mean.low, mean.high) == pytest.approx((3.0 - half, 3.0 + half), abs=1e-5)
    assert mean.p == pytest.approx(stats.ttest_1samp([1.0, 2.0, 3.0, 6.0], 0.0).pvalue)
    assert mean.holds_zero
    assert not Mean.of(np.array([-3.0, -2.0, -2.5])).holds_zero


def test_people_all_alike_are_surely_so() -> None:
    assert Mean.told(np.zeros(6)) == Mean(6, 0.0, 0.0, 0.0, 1.0)
    alike = Mean.told(np.full(6, 0.25))
    assert (alike.low, alike.high, alike.p) == (0.25, 0.25, 0.0)


def test_of_fewer_than_five_there_is_no_mean() -> None:
    with pytest.raises(ValueError, match="give at least 5"):
        Mean.told(np.arange(4.0))

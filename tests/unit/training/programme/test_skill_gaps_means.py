"""Means of people: their intervals, when these are not told, and which changes count."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.training.programme import gaps_by_hand
from training.programme.skill_gaps_means import Mean, mean_of, verdicts


def test_the_standard_error_is_that_of_drawing_people_again_and_again() -> None:
    rng = np.random.default_rng(1)
    x = rng.beta(2.0, 5.0, 40)
    its = mean_of(x)
    drawn = [x[rng.integers(0, 40, 40)].mean() for _ in range(4_000)]
    assert its.low is not None
    assert its.high is not None
    # 2.0227 is Student's t with 39 degrees of freedom.
    assert (its.high - its.low) / 2 / 2.0227 == pytest.approx(np.std(drawn) * np.sqrt(40 / 39), rel=0.04)


@pytest.mark.parametrize("n", [5, 12, 60])
def test_intervals_hold_the_truth_in_about_95_of_100_worlds(n: int) -> None:
    rng = np.random.default_rng(n)
    # Lopsided, as changes of readiness are.
    worlds = rng.gamma(2.0, 0.05, (1_000, n)) - 0.02
    held = [its.low <= 0.08 <= its.high for its in map(mean_of, worlds)]  # type: ignore[operator]
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
    its = mean_of(np.array(values))
    assert (its.low is not None) == (its.high is not None) == is_told
    assert np.isnan(its.p) == (not is_told)
    by_hand = gaps_by_hand.interval(values)
    assert (its.low, its.high) == pytest.approx(by_hand[1:3]) if is_told else by_hand[1] is None


def test_people_all_alike_are_surely_so() -> None:
    assert mean_of(np.zeros(6)) == Mean(6, 0.0, 0.0, 0.0, 1.0)
    alike = mean_of(np.full(6, 0.25))
    assert (alike.low, alike.high, alike.p) == (0.25, 0.25, 0.0)


def test_of_fewer_than_five_there_is_no_mean() -> None:
    with pytest.raises(ValueError, match="give at least 5"):
        mean_of(np.arange(4.0))


def test_changes_are_told_as_such_by_how_many_are_looked_at() -> None:
    def change(value: float, p: float) -> Mean:
        return Mean(10, value, 0.0, 1.0, p)

    assert verdicts([change(0.1, 0.04)]) == ("up",)
    assert verdicts([change(-0.1, 0.04)]) == ("down",)
    assert verdicts([change(0.1, 0.06)]) == ("chance",)
    many = [change(0.1, 0.04), *(change(0.1, 0.9) for _ in range(9))]
    assert verdicts(many) == ("many", *["chance"] * 9)
    # Of four, the third is within 3/4 of 5% and takes the smaller ones with it.
    four = [change(0.1, p) for p in (0.03, 0.037, 0.02, 0.9)]
    assert verdicts(four) == ("up", "up", "up", "chance")
    untold = Mean(10, 0.1, None, None, np.nan)
    assert verdicts([untold, change(0.1, 0.04)]) == ("untold", "up")
    assert verdicts([]) == ()

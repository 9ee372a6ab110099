"""A difference is named only if it is no chance and matters, and none is waved through that might matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from training.programme.equity_verdicts import Comparison, Measure, compare, holm, judge

POINTS = Measure(("calibration",), 0.02)


def one(
    difference: float, error: float, *, group: str = "a", n: int = 100, n_others: int = 300
) -> Comparison:
    return compare(POINTS, group, (n, n_others), (difference, 0.0), (error, error))


def verdicts(*comparisons: Comparison) -> list[str]:
    return [its.verdict for its in judge(comparisons)]


def test_what_is_told_of_a_difference() -> None:
    assert verdicts(one(0.05, 0.005), one(0.001, 0.005), one(0.03, 0.03)) == ["different", "same", "too few"]
    assert verdicts(one(-0.05, 0.005)) == ["different"]
    assert verdicts(one(0.019, 0.0001)) == ["same"], "sure, but too small to matter"
    assert verdicts(one(0.019, 0.003)) == ["different"], "no chance, and perhaps large enough to matter"
    assert verdicts(one(-0.015, 0.005)) == ["different"]
    assert verdicts(one(0.015, 0.009)) == ["too few"], "perhaps chance, perhaps large enough"
    assert verdicts(one(-0.015, 0.009)) == ["too few"]


def test_few_people_are_not_judged_and_do_not_count_for_others() -> None:
    assert verdicts(one(0.05, 0.001, n=29)) == ["too few"]
    assert verdicts(one(0.05, 0.001, n_others=29)) == ["too few"]
    assert verdicts(one(0.05, 0.001, n=30, n_others=30)) == ["different"]
    alone = judge([one(0.05, 0.02, group="a")])[0].adjusted
    beside = judge([one(0.05, 0.02, group="a"), *(one(0.0, 0.02, group=g, n=20) for g in "bcd")])[0].adjusted
    assert alone == beside


def test_many_comparisons_ask_for_more() -> None:
    differ = one(0.05, 0.02, group="a")
    assert verdicts(differ)[0] == "different"
    assert verdicts(differ, *(one(0.0, 0.02, group=g) for g in "bcdef"))[0] == "too few"


def test_of_two_groups_one_comparison_counts() -> None:
    pair = [one(0.05, 0.02, group="a"), one(-0.05, 0.02, group="b")]
    alone = judge(pair[:1])[0]
    judged = judge(pair)
    assert [its.adjusted for its in judged] == [alone.adjusted] * 2
    assert [its.verdict for its in judged] == ["different"] * 2


def test_a_difference_without_any_spread() -> None:
    assert [verdicts(one(0.0, 0.0)), verdicts(one(0.05, 0.0))] == [["same"], ["different"]]


def test_intervals_and_chance_are_students() -> None:
    values = np.random.default_rng(0).normal(0.1, 1, 40)
    error = values.std(ddof=1) / np.sqrt(40)
    its = compare(POINTS, "a", (40, 90), (values.mean(), 0.0), (error, error))
    told = ttest_1samp(values, 0.0)
    low, high = told.confidence_interval(0.95)
    assert [its.low, its.high, its.p] == pytest.approx([low, high, told.pvalue])
    assert [its.difference_low, its.difference_high] == pytest.approx([low, high])
    # For a difference the smaller of the two sides says how much is known of the spread.
    few_others = compare(POINTS, "a", (90, 40), (values.mean(), 0.0), (error, error))
    assert few_others.p == pytest.approx(told.pvalue)
    assert few_others.difference_high == pytest.approx(high)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_step_by_step(p: list[float]) -> None:
    adjusted = holm(np.array(p))
    assert ((adjusted >= p) & (adjusted <= 1)).all()
    for alpha in (0.01, 0.05, 0.2, 0.6):
        # From the smallest on, until one is not below alpha over what is left.
        rejected, ordered = 0, sorted(p)
        while rejected < len(p) and ordered[rejected] * (len(p) - rejected) < alpha:
            rejected += 1
        assert (adjusted < alpha).sum() == rejected

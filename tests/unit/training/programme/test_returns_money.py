"""What an effect is worth beside its cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.programme.returns_world import NEVER, Floats, learners, made, outcomes, programme
from training.programme.returns import Returns, interval, judge, quantile
from training.programme.returns_money import Money, break_even, money, return_at_end
from training.programme.returns_panel import panels

START = [6] * 20 + [9] * 15 + [NEVER] * 20
WORTH = 50.0


def judged(
    values: Floats, cost: Floats, start: list[int] = START, *, ahead: int = 0, seed: int = 0
) -> Returns:
    rows = outcomes(values, start, cost)
    found = judge(programme(rows, learners([8] * len(start)), seed=seed), panels(rows)[0], ahead=ahead)
    assert isinstance(found, Returns)
    return found


def told(found: Returns, value: float | None) -> Money:
    its = money(found, value)
    assert its is not None
    return its


def monthly(rng: np.random.Generator, start: list[int] = START, n_periods: int = 20) -> Floats:
    """40 a month on average from the start on, and nothing before."""
    since = np.arange(n_periods) - np.array(start)[:, None]
    return np.where(since >= 0, rng.gamma(2, 20, since.shape), 0.0)


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_return_is_value_minus_all_cost(ahead: int) -> None:
    rng = np.random.default_rng(1)
    cost = monthly(rng)
    cost[:6, 2], cost[6:12, 5], cost[21, 8] = rng.gamma(2, 90, 6), rng.gamma(2, 90, 6), 90.0
    found = judged(made(rng, START, n_periods=20, effect=2.0), cost, ahead=ahead)
    its = told(found, WORTH)
    window = [i for i, since in enumerate(found.course.since) if since >= -ahead]
    effect = np.cumsum(found.course.effect[window])
    judged_units = [unit for unit, begin in enumerate(START) if begin < NEVER]
    for i, since in enumerate(range(-ahead, found.design.last + 1)):
        spent = np.mean([cost[unit, : START[unit] + since + 1].sum() for unit in judged_units])
        assert its.cost[i] == pytest.approx(spent)
        assert its.back is not None
        assert its.back[i] == pytest.approx(WORTH * effect[i] - spent)
    assert its.at_end is not None
    assert its.at_end.value == its.back[-1]
    assert (its.at_end.low, its.at_end.high) == (its.low[-1], its.high[-1])  # type: ignore[index]
    assert return_at_end(found, WORTH) == its.at_end


def test_the_interval_of_a_return_is_of_value_and_cost_together() -> None:
    # Units that gain more cost more: value minus cost varies less than value alone.
    rng = np.random.default_rng(2)
    values, start = made(rng, START, n_periods=20, noise=0.1), np.array(START)[:, None]
    strength = rng.gamma(4, 1, (len(START), 1))
    since = np.arange(20) - start
    values, cost = values + np.where(since >= 0, strength, 0), np.where(since >= 0, WORTH * strength, 0.0)
    end = told(judged(values, cost), WORTH).at_end
    free = told(judged(values, cost * 0), WORTH).at_end
    assert end is not None
    assert free is not None
    assert end.high - end.low < (free.high - free.low) / 2


def test_cost_that_is_not_known_is_as_what_is_known_and_its_share_is_told() -> None:
    rng = np.random.default_rng(3)
    cost = np.full((55, 20), 30.0)
    cost[:, :6] = cost[20:35, :9] = 0.0
    cost[:10, 7] = np.nan
    its = told(judged(made(rng, START, n_periods=20), cost), None)
    assert its.cost.tolist() == pytest.approx([30.0 * k for k in range(1, len(its.cost) + 1)])
    assert its.cost_known == pytest.approx(1 - 10 / (35 * len(its.cost)))
    assert money(judged(made(rng, START, n_periods=20), cost * np.nan), WORTH) is None


def test_without_a_value_there_is_no_return() -> None:
    rng = np.random.default_rng(4)
    its = told(judged(made(rng, START, n_periods=20, effect=3.0), monthly(rng)), None)
    assert (its.back, its.low, its.high, its.at_end) == (None, None, None, None)
    assert its.first_paid == (None, None, None)
    assert its.break_even is not None


def test_the_month_of_break_even_is_that_from_which_it_stays() -> None:
    # Nearly no noise: 2 a month at 50 makes up for 350 at the start within 4 months; for a cost in the
    # seventh month once more.
    rng = np.random.default_rng(5)
    values = made(rng, START, n_periods=20, effect=0.0, noise=0.0)
    since = np.arange(20) - np.array(START)[:, None]
    values = values + np.where(since >= 0, 2.0, 0.0)
    cost = np.where(since == 0, 350.0, 0.0)
    assert told(judged(values, cost), WORTH).first_paid == (3, 3, 3)
    assert told(judged(values, cost), 10.0).first_paid == (None, None, None)
    again = np.where(since == 6, 400.0, cost)
    assert told(judged(values, again), WORTH).first_paid == (7, 7, 7)
    assert told(judged(values, cost * 0), WORTH).first_paid == (0, 0, 0)


def test_of_the_interval_the_better_end_pays_first() -> None:
    rng = np.random.default_rng(6)
    cost = monthly(rng)
    cost[:35, 5] = 300.0
    its = told(judged(made(rng, START, n_periods=20, effect=2.0), cost), 60.0)
    middle, best, worst = its.first_paid
    assert middle is not None
    assert best is not None
    assert best < middle
    assert worst is None or worst > middle


def test_break_even_is_where_the_interval_of_the_return_ends_at_nothing() -> None:
    rng = np.random.default_rng(7)
    found = judged(made(rng, START, n_periods=20, effect=3.0), monthly(rng))
    even = told(found, None).break_even
    assert even is not None
    assert even.low is not None
    assert even.high is not None
    assert even.low < even.value < even.high
    assert return_at_end(found, even.value).value == pytest.approx(0, abs=1e-9)
    assert return_at_end(found, even.low).high == pytest.approx(0, abs=1e-6)
    assert return_at_end(found, even.high).low == pytest.approx(0, abs=1e-6)


def test_where_less_is_better_break_even_is_negative() -> None:
    rng = np.random.default_rng(8)
    even = told(judged(made(rng, START, n_periods=20, effect=-3.0), monthly(rng)), None).break_even
    assert even is not None
    assert even.low is not None
    assert even.high is not None
    assert even.low < even.value < even.high < 0


def test_an_effect_that_may_be_nothing_has_no_bounded_break_even() -> None:
    rng = np.random.default_rng(9)
    found = judged(made(rng, START, n_periods=20, effect=0.1), monthly(rng))
    assert found.effect.holds_zero
    even = told(found, None).break_even
    assert even is not None
    assert (even.low, even.high) == (None, None)
    assert break_even(np.zeros(9), np.ones(9), 9) is None
    assert break_even(np.ones(9), np.zeros(9), 9) is None


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.floats(0.05, 5),
    sign=st.sampled_from([-1, 1]),
    n=st.integers(5, 60),
)
def test_break_even_holds_the_worths_whose_interval_holds_nothing(
    seed: int, size: float, sign: int, n: int
) -> None:
    mean = sign * size
    rng = np.random.default_rng(seed)
    effect = np.append(mean, rng.normal(mean, 1.0, 300))
    cost = np.append(10.0, rng.normal(10.0, 0.5, 300) + 0.3 * (effect[1:] - mean))
    even = break_even(effect, cost, n)
    assert even is not None
    bounded = not interval(effect, n).holds_zero
    assert (even.low is not None) == bounded
    if even.low is not None and even.high is not None:
        for worth in (even.low * 0.5 + even.high * 0.5, even.value):
            assert interval(worth * effect - cost, n).holds_zero
        for worth in (even.low - 0.01 * abs(even.low), even.high + 0.01 * abs(even.high)):
            assert not interval(worth * effect - cost, n).holds_zero
    assert quantile(n) > 1.96


def test_a_planted_return_lies_in_its_interval_in_about_95_of_100_worlds() -> None:
    hits = 0
    for world in range(30):
        rng = np.random.default_rng([10, world])
        found = judged(made(rng, START, n_periods=20, effect=1.0, growth=0.2), monthly(rng), seed=world)
        n = found.design.n_window
        true = WORTH * sum(1.0 + 0.2 * since for since in range(n)) - 40.0 * n
        end = told(found, WORTH).at_end
        assert end is not None
        hits += end.low <= true <= end.high
    assert hits >= 25, "fewer happen in 3 of 1,000 runs, were it 95 of 100"

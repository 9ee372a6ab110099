"""Of how many units cost may be told."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.training.programme.returns_world import NEVER, Floats, learners, made, outcomes, programme
from training.programme.returns import Returns, judge
from training.programme.returns_money import money
from training.programme.returns_panel import panels

START = [4] * 15 + [NEVER] * 10
N_PERIODS = 9


def is_told(cost: Floats, size: int = 8) -> bool:
    rng = np.random.default_rng(1)
    rows = outcomes(made(rng, START, n_periods=N_PERIODS), START, cost)
    found = judge(programme(rows, learners([size] * 25), n_resamples=20), panels(rows)[0], ahead=0)
    assert isinstance(found, Returns)
    assert int(found.design.treated.sum()) == 15
    assert found.design.n_window == 5
    assert (money(found, 1.0) is not None) == found.cost_told
    assert (found.people.ledger.n_withheld == 0) == found.cost_told
    return found.cost_told


def varied() -> Floats:
    """Costs from the start on, no two alike."""
    rng = np.random.default_rng(2)
    cost: Floats = np.where(np.arange(N_PERIODS) >= 4, rng.gamma(2, 50, (25, N_PERIODS)), 0.0)
    return cost


@pytest.mark.parametrize("n", [1, 4, 5, 10, 11, 14, 15])
@pytest.mark.parametrize("at", [4, 6])
def test_units_with_a_known_cost_and_without_are_nobody_or_five(n: int, at: int) -> None:
    cost = varied()
    cost[n:15, at] = np.nan
    assert is_told(cost) == (n in {5, 10, 15})


@pytest.mark.parametrize("n", [1, 4, 5, 14])
def test_units_that_spend_anything_are_nobody_or_five(n: int) -> None:
    cost = varied()
    cost[n:15, 6] = 0.0
    assert is_told(cost) == (n >= 5)
    cost[:, 6] = 0.0
    assert is_told(cost)


@pytest.mark.parametrize("n", [1, 4, 5])
def test_units_that_spent_before_are_with_those_of_the_first_period(n: int) -> None:
    cost = varied()
    cost[:n, 1] = 70.0 + np.arange(n)
    assert is_told(cost)
    cost[:15, 4] = 0.0
    assert is_told(cost) == (n == 5)
    cost[:15, 4] = 30.0
    assert is_told(cost) == (n == 5)


@pytest.mark.parametrize("n", [1, 4, 5])
def test_units_whose_cost_is_not_that_of_most_are_nobody_or_five(n: int) -> None:
    cost = np.where(np.arange(N_PERIODS) >= 4, 100.1, 0.0) * np.ones((25, 1))
    assert is_told(cost)
    cost[:n, 7] = 900.0 + np.arange(n)
    assert is_told(cost) == (n == 5)


def test_what_two_periods_differ_by_gives_no_unit_away() -> None:
    # Each unit has a cost of its own, the same each month: only one has more in one of them.
    cost = np.where(np.arange(N_PERIODS) >= 4, 100.0, 0.0) * np.linspace(0.3, 3, 25)[:, None]
    assert is_told(cost)
    cost[3, 6] += 40.0
    assert not is_told(cost)
    cost[:5, 6] += 50.0
    assert is_told(cost)


def test_costs_of_nothing_and_of_few_are_counted_as_well() -> None:
    cost = varied()
    cost[:15, 6] = np.nan
    cost[:2, 6] = 0.0
    assert not is_told(cost)
    cost[:8, 6] = [10, 20, 30, 40, 0, 0, 0, 0]
    assert not is_told(cost)
    cost[:9, 6] = [10, 20, 30, 40, 50, 0, 0, 0, 0]
    assert is_told(cost)
    early = varied()
    early[:11, 1], early[:15, 4] = 70.0 + np.arange(11), 0.0
    assert is_told(early, size=8)
    assert not is_told(early, size=1)


def test_people_who_spend_in_one_period_and_not_in_another_are_five() -> None:
    # Ten, and eleven: the one between is a team of eight, or one person.
    cost = varied()
    cost[10:15, 6] = cost[11:15, 7] = 0.0
    assert is_told(cost, size=8)
    assert not is_told(cost, size=1)
    cost[10:15, 7] = 0.0
    assert is_told(cost, size=1)


@pytest.mark.parametrize(("first", "of"), [(0, "those that began"), (15, "the others")])
@pytest.mark.parametrize("n", [1, 4, 5])
def test_units_whose_value_is_not_that_of_most_are_nobody_or_five(n: int, first: int, of: str) -> None:
    for at, is_before in ((1, True), (6, False)):
        values = np.zeros((25, N_PERIODS))
        values[first : first + n, at] = 3.0 + np.arange(n)
        rows = outcomes(values, START)
        found = judge(programme(rows, learners([8] * 25), n_resamples=20), panels(rows)[0], ahead=0)
        if n == 5 or is_before:
            assert isinstance(found, Returns), of
            assert (at - 4 in found.course.since) == (n == 5), of
            assert (found.people.ledger.n_withheld > 0) == (n < 5)
        else:
            assert isinstance(found, str), of
            assert found.startswith("values are so much alike")

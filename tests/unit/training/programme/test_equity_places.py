"""Kinds of places are told of where neither they, nor sums of them, nor what is left give few people away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.training.programme.equity_world import sites, world
from training.programme.equity_places import FILLED, families, kinds_told, told_of_places

N = 20
FULL = np.full(N, 10.0)
EVEN = np.arange(N) % 2 == 0


def but(value: float, *others: float) -> np.ndarray:
    """The same number for everybody but the first few."""
    its = np.full(N, value)
    its[: len(others)] = others
    return its


@pytest.mark.parametrize(
    ("others", "is_told"),
    [((), True), ((6,), False), ((6, 5, 4, 3), False), ((6, 5, 4, 3, 2), True), ((6, 6, 6, 6, 6), True)],
)
def test_few_with_another_number_than_most_withhold_a_kind(others: tuple[float, ...], is_told: bool) -> None:
    assert kinds_told(np.array([but(7.0, *others)]), FULL) == [is_told]


def test_few_with_any_or_without_any_withhold_a_kind() -> None:
    assert kinds_told(np.array([but(0.0, 1, 2, 3, 4)]), FULL) == [False]
    # Four of eight have places of other kinds.
    assert kinds_told(np.array([[10.0, 10, 10, 10, 9, 8, 7, 6]]), np.full(8, 10.0)) == [False]
    assert kinds_told(np.array([np.zeros(N)]), FULL) == [True]


def test_what_most_of_all_groups_have_is_known() -> None:
    four_differ = np.array([np.array([7.0, 7.0, 1.0, 2.0, 3.0, 4.0])])
    assert kinds_told(four_differ, np.full(6, 10.0)) == [True]
    assert kinds_told(four_differ, np.full(6, 10.0), {(0,): 7.0}.get) == [False]


def test_kinds_whose_sum_few_have_another_of_are_not_told_together() -> None:
    first = EVEN * 3 + 2.0
    second = but(7.0, 6, 6) - first
    assert kinds_told(np.array([first]), FULL) == [True]
    assert kinds_told(np.array([second]), FULL) == [True]
    # As many people have both; the first goes.
    assert kinds_told(np.array([first, second]), FULL) == [False, True]
    # Of a kind that nobody has there is nothing to withhold, and fewest people have the last of the others.
    last = np.where(np.arange(N) < 14, EVEN * 1 + 1.0, 0.0)
    others = but(7.0, 6, 6) - last
    assert kinds_told(np.array([others, np.zeros(N), last]), FULL) == [True, True, False]
    third = np.array([1.0, 0.0, 1.0, 1.0, 0.0] * 4)
    assert kinds_told(np.array([first, second, third]), FULL)[:2] != [True, True]


def test_a_sum_that_most_of_all_groups_have_is_known() -> None:
    first, second = np.array([3.0, 4, 1, 0, 1, 2]), np.array([4.0, 3, 0, 2, 2, 2])
    full, counts = np.full(6, 10.0), np.array([first, second])
    assert kinds_told(counts, full) == [True, True]
    assert sum(kinds_told(counts, full, {(0, 1): 7.0}.get)) == 1


def test_what_is_left_of_all_places_is_of_many() -> None:
    # Lists of seven people are not full, and of two of the others one place is of no kind.
    places = but(10.0, 8, 8, 8, 8, 8, 8, 8)
    one = EVEN * 3 + 2.0
    rest = np.where(np.isin(np.arange(N), (8, 9)), 1.0, 0.0)
    assert kinds_told(np.array([one, places - one]), places) == [True, True]
    assert sum(kinds_told(np.array([one, places - one - rest]), places)) == 1


def test_what_is_left_as_of_most_of_all_groups_is_known() -> None:
    left = np.array([3.0, 3, 3, 3, 1, 2, 1, 2])
    places = np.array([10.0, 8, 8, 8, 10, 10, 10, 10])
    assert kinds_told(np.array([places - left]), places) == [True]
    # Most people have 7 of the kind, so that 3 are left of 10.
    assert kinds_told(np.array([places - left]), places, {(0,): 7.0}.get) == [False]


def test_filled_places_and_kinds_by_group() -> None:
    made = world(sites(300, 3, (0.4, 0.3, 0.3)), 3)
    groups = {name: made.labels == name for name in "abc"}
    assert made.offered is not None
    keys = {FILLED, *(key for family in families(made.offered) for key in family)}
    told = told_of_places(made.offered, groups)
    assert told == dict.fromkeys(keys, ("a", "b", "c"))
    one = int(np.flatnonzero(groups["b"])[0])
    filled = np.full(300, 10.0)
    filled[one] = 9.0
    told = told_of_places(replace(made.offered, filled=filled), groups)
    assert told[FILLED] == ("a", "c")
    told = told_of_places(replace(made.offered, filled=filled), {name: groups[name] for name in "ab"})
    assert told[FILLED] == ()

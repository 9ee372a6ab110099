"""Who is told of: groups that the ledger and other columns let pass, values that give nobody away."""

from __future__ import annotations

import numpy as np
import pytest

from training.programme.equity_links import Links
from training.programme.equity_told import Told
from training.programme.ledger import Ledger

ALL = np.ones(60, np.bool_)
KEYS = (("one",), ("other",))


def cut(*ends: int) -> dict[str, np.ndarray]:
    at = np.arange(60)
    starts = (0, *ends)
    return {
        "abcd"[i]: (at >= start) & (at < end)
        for i, (start, end) in enumerate(zip(starts, ends, strict=False))
    }


def of(links: Links | None = None) -> Told:
    return Told(Ledger(ALL), links or Links())


def test_people_of_a_second_column_are_told_of_beside_those_of_the_first() -> None:
    links = Links()
    assert list(of(links).people("people", cut(30, 60))) == ["a", "b"]
    second = of(links)
    assert list(second.people("people", cut(32, 60))) == []
    assert (second.n_groups, second.n_withheld) == (2, 2)
    # Nobody is a group of nobody, and other people are no part of it.
    assert list(of(links).people("lists", cut(32, 32, 60))) == ["a", "c"]
    assert of(links).people("people", {}) == {}


def test_groups_that_the_ledger_withholds_are_counted_once() -> None:
    its = of()
    # The three would be what is left without the other two.
    assert list(its.people("people", cut(20, 23, 60))) == ["c"]
    assert (its.n_groups, its.n_withheld) == (0, 2)


@pytest.mark.parametrize(("n_unlike", "names"), [(0, "abc"), (1, "bc"), (4, "bc"), (5, "abc")])
def test_values_that_all_but_few_share(n_unlike: int, names: str) -> None:
    values = np.where(np.arange(60) < n_unlike, np.linspace(1.0, 2.0, 60), 7.0)
    its = of()
    assert list(its.values(KEYS, [np.linspace(1.0, 9.0, 60), values], cut(20, 40, 60), ALL)) == list(names)
    assert its.n_values == its.n_withheld == 2 * (3 - len(names))


def test_of_one_group_left_nothing_is_told() -> None:
    values = np.where(np.arange(60) < 3, np.linspace(1.0, 2.0, 60), 7.0)
    its, groups = of(), cut(15, 30, 60)
    assert its.values(KEYS, [values], {name: groups[name] for name in "ac"}, ALL) == {}
    assert its.n_values == 4


def test_values_of_a_second_column_are_told_beside_those_of_the_first() -> None:
    # Between two columns six people move, of whom two have something else than all others.
    values = np.where(np.isin(np.arange(60), (30, 31, 1, 2, 3, 40, 41, 42, 43, 44)), 1.0, 7.0)
    values[[1, 2, 3, 4, 5]] = 2.0
    links = Links()
    assert list(of(links).values(KEYS, [values], cut(30, 60), ALL)) == ["a", "b"]
    assert of(links).values(KEYS, [values], cut(36, 60), ALL) == {}
    assert list(of(links).values([("third",)], [values], cut(36, 60), ALL)) == ["a", "b"]
    # They are told of where the two are like the others.
    links = Links()
    values[[30, 31]] = 7.0
    assert list(of(links).values(KEYS, [values], cut(30, 60), ALL)) == ["a", "b"]
    assert list(of(links).values(KEYS, [values], cut(36, 60), ALL)) == ["a", "b"]


def test_what_most_of_everybody_have_is_known() -> None:
    # In the first group four of eight have something else than most of all.
    values = np.array([7.0] * 4 + [1.0, 2.0, 3.0, 4.0] + [7.0] * 30 + list(np.linspace(1, 2, 22)))
    groups = cut(8, 38, 60)
    assert list(of().values(KEYS, [values], groups, ALL)) == ["b", "c"]
    assert list(of().values(KEYS, [values], groups, groups["a"] | groups["c"])) == ["a", "b", "c"]

"""Nobody stands out: not in a group, nor in what is left when told groups are taken from each other."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.programme.ledger import Bools, Ledger

ROWS = np.arange(30)


def everybody() -> Ledger:
    return Ledger(np.ones(30, np.bool_))


def span(start: int, stop: int) -> Bools:
    return np.isin(ROWS, np.arange(start, stop))


def first(n: int) -> Bools:
    return span(0, n)


def test_five_may_be_told_of_and_four_not() -> None:
    assert everybody().tell(first(5))
    assert not everybody().tell(first(4))


def test_of_all_but_four_nothing_is_told() -> None:
    assert everybody().tell(first(25))
    assert not everybody().tell(first(26))


def test_nobody_and_everybody_may_be_told_of() -> None:
    ledger = everybody()
    assert ledger.tell(first(0), first(30))
    assert ledger.n_withheld == 0


def test_groups_that_differ_by_few_are_not_both_told() -> None:
    ledger = everybody()
    assert ledger.tell(first(12))
    assert not ledger.tell(first(16))
    assert ledger.tell(first(17))
    assert ledger.n_withheld == 1


def test_what_three_groups_give_away_together_is_seen() -> None:
    # No two of these differ by few or share few; those in the first and in neither other are two.
    one, other, third = span(0, 15), span(8, 22), span(0, 6) | span(22, 30)
    ledger = everybody()
    assert ledger.tell(one)
    assert ledger.tell(other)
    assert not ledger.tell(third)


def test_a_remainder_over_many_small_groups_is_seen() -> None:
    # Three groups of a whole are told; the fourth is what is left of it.
    ledger = Ledger(first(19))
    assert ledger.tell(first(19))
    told = [ledger.tell(span(start, start + 5)) for start in (0, 5, 10)]
    assert told == [True, True, False]


def test_groups_are_told_together_or_not_at_all() -> None:
    ledger = everybody()
    assert not ledger.tell(first(10), first(11))
    assert ledger.n_withheld == 2
    assert ledger.tell(first(11)), "the first of them was not told"


def test_the_largest_of_a_split_come_first_and_keep_their_order() -> None:
    ledger = Ledger(first(17))
    ledger.tell(first(17))
    groups = {
        "small": first(4),
        "next": first(9) & ~first(4),
        "large": first(17) & ~first(9),
        "none": first(0),
    }
    assert list(ledger.split(groups)) == ["large"]
    assert list(Ledger(first(17)).split(groups)) == ["large"], "small would be what is left"


def test_a_share_is_told_of_those_who_have_and_those_who_have_not() -> None:
    assert everybody().share(first(20), first(5)) == 0.25
    assert everybody().share(first(20), first(4)) is None
    assert everybody().share(first(20), first(16)) is None
    assert everybody().share(first(20), first(20)) == 1.0
    assert everybody().share(first(20), ~first(20)) == 0.0
    assert everybody().share(first(0), first(20)) is None


def test_people_whom_the_report_is_not_about_need_no_company() -> None:
    assert Ledger(first(28)).tell(first(28))
    with pytest.raises(ValueError, match="not about"):
        Ledger(first(28)).tell(first(29))


def test_what_is_no_group_is_refused() -> None:
    with pytest.raises(ValueError, match="give bools of shape"):
        everybody().tell(np.ones(29, np.bool_))
    with pytest.raises(ValueError, match="give bools of shape"):
        everybody().tell(np.ones(30, np.int64))  # type: ignore[arg-type]


def test_nothing_is_told_of_nobody_at_all() -> None:
    assert not Ledger(first(0)).tell(first(0))


@settings(max_examples=200, deadline=None)
@given(
    n=st.integers(1, 40),
    groups=st.integers(1, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_way_to_put_told_groups_together_leaves_one_to_four(n: int, groups: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    among = rng.random(n) < 0.9
    ledger, told = Ledger(among), []
    for _ in range(groups):
        group = among & (rng.random(n) < rng.choice([0.15, 0.5, 0.85]))
        if ledger.tell(group):
            told.append(group)
    for chosen in product([True, False], repeat=len(told)):
        rest = among.copy()
        for group, inside in zip(told, chosen, strict=True):
            rest &= group == inside
        assert not told or rest.sum() == 0 or rest.sum() >= 5
    assert ledger.n_withheld == groups - len(told)

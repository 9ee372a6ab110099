"""What is told by two columns gives nobody away, held against all ways to add and take away their groups."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from training.programme.equity_links import Links, few_follow

KEY = ("what",)


def span(n: int, *ends: int) -> np.ndarray:
    """Groups 1, 2, ... that end at some people; whoever is left is in none."""
    codes = np.zeros(n, np.int64)
    for number, (start, end) in enumerate(zip((0, *ends), ends, strict=False), 1):
        codes[start:end] = number
    return codes


def groups_of(codes: np.ndarray) -> dict[str, np.ndarray]:
    return {"abcdefgh"[code - 1]: codes == code for code in range(1, codes.max() + 1)}


def found_by_trying(one: np.ndarray, other: np.ndarray) -> bool:
    """Add some groups of one column and take away some of the other, in all ways."""
    for plus, minus in product(*(product((0, 1), repeat=int(its.max(initial=0))) for its in (one, other))):
        left = np.array((0, *plus))[one] - np.array((0, *minus))[other]
        if 0 < np.count_nonzero(left) < 5:
            return True
    return False


@settings(max_examples=400, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 60),
    groups=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    n_moved=st.integers(0, 9),
    is_near=st.booleans(),
)
@example(seed=0, n=0, groups=(1, 1), n_moved=0, is_near=False)
def test_few_are_found_where_trying_finds_them(
    seed: int, n: int, groups: tuple[int, int], n_moved: int, is_near: bool
) -> None:
    rng = np.random.default_rng(seed)
    one, other = (rng.integers(0, most + 1, n) for most in groups)
    if is_near:
        other = np.where(one > 1, one - 1, one)
        moved = rng.permutation(n)[:n_moved]
        other[moved] = rng.integers(0, groups[1] + 1, len(moved))
    assert few_follow(one, other) == found_by_trying(one, other)


def test_few_in_a_long_way_round_are_found() -> None:
    # Two groups of each column: only all four together leave two people.
    one, other = np.repeat([1, 2, 0], (14, 13, 8)), np.repeat([1, 2, 1, 2, 1, 0], (7, 7, 7, 6, 1, 7))
    left = np.isin(one, (1, 2)) != np.isin(other, (1, 2))
    assert left.sum() == 1
    assert few_follow(one, other)
    assert not any(0 < ((one == i) != (other == j)).sum() < 5 for i in (0, 1, 2) for j in (1, 2))


def test_the_first_column_is_told_in_full_and_the_next_as_far_as_it_may() -> None:
    links, everybody = Links(), np.ones(40, np.bool_)
    country = groups_of(span(40, 18, 40))
    assert list(links.choose(KEY, country, [everybody])) == ["a", "b"]
    links.tell(KEY, country)
    # Regions of 12, 3, 3 of the first country and of 22 of the second; the threes are not told of anyhow.
    region = span(40, 12, 15, 18, 40)
    told = {name: group for name, group in groups_of(region).items() if group.sum() > 4}
    assert list(links.choose(KEY, told, [everybody])) == ["a", "d"]
    # Of 15 and 3 the three would be what is left of the country.
    told = {"a": np.arange(40) < 15, "d": region == 4}
    assert list(links.choose(KEY, told, [everybody])) == ["d"]
    assert list(links.choose(("else",), told, [everybody])) == ["a", "d"]


def test_the_largest_groups_are_told_of() -> None:
    links = Links()
    links.tell(KEY, groups_of(span(60, 40, 60)))
    # Three of the first group are in neither of these.
    near = groups_of(span(60, 17, 37))
    assert list(links.choose(KEY, near, [np.ones(60, np.bool_)])) == ["b"]


def test_only_those_who_count_are_few() -> None:
    links = Links()
    links.tell(KEY, groups_of(span(40, 18, 40)))
    near = {"a": np.arange(40) < 15}
    # Of the three between, all have what is known of everybody.
    assert list(links.choose(KEY, near, [(np.arange(40) < 15) | (np.arange(40) > 20)])) == ["a"]
    assert list(links.choose(KEY, near, [np.arange(40) != 16])) == []


@pytest.mark.parametrize(("n_moved", "is_told"), [(0, True), (1, False), (4, False), (5, True)])
def test_a_column_that_is_nearly_the_same(n_moved: int, is_told: bool) -> None:
    links, one = Links(), span(40, 20, 40)
    links.tell(KEY, groups_of(one))
    other = one.copy()
    other[:n_moved] = 2
    assert len(links.choose(KEY, groups_of(other), [np.ones(40, np.bool_)])) == 2 * is_told


def test_a_third_column_is_laid_beside_both_before() -> None:
    links, everybody = Links(), [np.ones(60, np.bool_)]
    first, second = span(60, 30, 60), span(60, 20, 40, 60)
    for codes in (first, second):
        assert len(links.choose(KEY, groups_of(codes), everybody)) == codes.max()
        links.tell(KEY, groups_of(codes))
    near_first, near_second = span(60, 32, 60), span(60, 22, 42, 60)
    assert links.choose(KEY, groups_of(near_first), everybody) == {}
    assert len(links.choose(KEY, groups_of(near_second), everybody)) < 3
    assert links.choose(KEY, {}, everybody) == {}

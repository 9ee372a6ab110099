"""What may be told of a whole and its parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.domain.disclosure import LEAST
from recommender.pathways.withhold import choose_told


def of(parts, elsewhere=0):
    told = choose_told(np.array(parts)[:, None, None], np.array([[elsewhere]]))
    return bool(told.whole[0]), told.parts[:, 0].tolist()


@pytest.mark.parametrize(
    ("parts", "elsewhere", "whole", "told"),
    [
        ([5, 8], 0, True, [True, True]),
        ([5, 8], 5, True, [True, True]),
        # The smallest goes beside the one that is too small.
        ([5, 8, 3], 0, True, [False, True, False]),
        # Two that are too small hide each other once they are five.
        ([8, 3, 2], 0, True, [True, False, False]),
        ([8, 2, 2], 0, True, [False, False, False]),
        # Whoever is in no part must not be found either.
        ([6, 9], 2, True, [False, True]),
        ([6, 9], 0, True, [True, True]),
        ([2, 2], 0, False, [False, False]),
        ([0, 7], 0, True, [False, True]),
        ([0, 0], 0, False, [False, False]),
    ],
)
def test_parts_too_small_are_withheld_with_what_would_give_them_away(parts, elsewhere, whole, told):
    assert of(parts, elsewhere) == (whole, told)


@st.composite
def tables(draw):
    n_parts, n_kinds = draw(st.integers(1, 5)), draw(st.integers(1, 2))
    counts = draw(
        st.lists(st.integers(0, 12), min_size=(n_parts + 1) * n_kinds, max_size=(n_parts + 1) * n_kinds)
    )
    return np.array(counts).reshape(n_parts + 1, 1, n_kinds)


@given(tables())
def test_no_sum_or_difference_is_of_a_few(table):
    parts, elsewhere = table[:-1, 0], table[-1, 0]
    told = choose_told(table[:-1], table[-1])
    whole = parts.sum(axis=0) + elsewhere
    shown = told.parts[:, 0]
    for count in parts[shown].ravel():
        assert count == 0 or count >= LEAST
    if told.whole[0]:
        # Any of the parts may be taken from the whole.
        for chosen in range(1 << int(shown.sum())):
            taken = [part for i, part in enumerate(parts[shown]) if chosen >> i & 1]
            left = whole - np.sum(taken, axis=0) if taken else whole
            assert ((left == 0) | (left >= LEAST)).all()


@given(tables())
def test_what_is_told_can_only_shrink(table):
    allowed = np.ones((len(table), 1), bool)
    allowed[::2] = False
    told = choose_told(table[:-1], table[-1], allowed)
    assert not told.whole[0]
    assert not (told.parts & ~allowed[1:]).any()

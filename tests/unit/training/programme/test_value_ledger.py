"""A mean is told only if it gives away values of nobody, or of at least five people, whoever knows what."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.programme.ledger import may_tell
from training.programme.value_ledger import ValueLedger, may_tell_mean, n_unknown


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        ([], True),
        ([0.0] * 9, True),
        ([0.3] * 9, True),
        ([0.0] * 4 + [0.3] * 4, False),
        ([0.0] * 9 + [0.1], False),
        ([0.0] * 9 + [0.1, 0.2, 0.3, 0.4], False),
        ([0.0] * 9 + [0.1, 0.2, 0.3, 0.4, 0.5], True),
        # Two differ from what two groups of five or more share.
        ([0.2] * 6 + [0.3] * 6 + [0.1, 0.4], False),
        ([0.2] * 6 + [0.3] * 6, True),
        # Of those who share their value with fewer than five, three lack nothing, which may be known too.
        ([0.3] * 8 + [0.0] * 3 + [0.1, 0.2], False),
        ([0.3] * 8 + [0.0] * 3 + [0.1, 0.2, 0.4, 0.5, 0.6], True),
        # Fewer differ from the most common value than have it.
        ([0.2] * 4 + [0.3] * 3, False),
        ([0.2] * 3 + [0.3] * 3, True),
    ],
)
def test_whose_values_are_few_no_mean_is_told_of(values: list[float], is_told: bool) -> None:
    assert may_tell_mean(np.array(values)) == is_told


def test_values_that_differ_by_rounding_are_one() -> None:
    assert n_unknown(np.array([1e-12] * 3 + [0.1 + 1e-12, 0.1, 0.1, 0.1, 0.1])) == 0


@settings(max_examples=200, deadline=None)
@given(values=st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.4]), max_size=25))
def test_it_is_at_least_as_strict_as_the_rule_of_other_reports(values: list[float]) -> None:
    told, times = may_tell_mean(np.array(values)), Counter(values)
    odd = [value for value in values if times[value] < 5]
    n_odd = len(odd), sum(value != 0.0 for value in odd)
    if told:
        assert may_tell(np.array(values))
        assert all(n == 0 or n >= 5 for n in n_odd)
        assert len(values) - times[0.0] not in (1, 2, 3, 4)


@settings(max_examples=100, deadline=None)
@given(n=st.integers(1, 40), n_groups=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_no_part_of_groups_told_gives_few_away(n: int, n_groups: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.choice([0.0, 0.0, 0.1, *rng.random(4)], n)
    ledger, told = ValueLedger(values), []
    for _ in range(n_groups):
        group = rng.random(n) < rng.choice([0.3, 0.6, 0.9])
        may = ledger.may(group)
        assert ledger.tell(group) == may
        if may:
            told.append(group)
    for inside in product([True, False], repeat=len(told)):
        part = np.logical_and.reduce(
            [np.ones(n, np.bool_), *(g == i for g, i in zip(told, inside, strict=True))]
        )
        assert not any(inside) or may_tell_mean(values[part])


def test_what_is_refused_leaves_no_trace() -> None:
    values = np.array([0.0] * 10 + [0.1, 0.2] + [0.5, 0.6, 0.7, 0.8, 0.9])
    rows = np.arange(17)
    ledger = ValueLedger(values)
    assert not ledger.tell(rows < 12)
    assert ledger.tell(rows >= 0)
    assert not ledger.tell(rows >= 12), "what is left would be the two"
    assert ledger.tell(rows < 5)

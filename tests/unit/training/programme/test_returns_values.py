"""Of which periods and cohorts a report on returns tells where most values are known."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.training.programme.returns_world import NEVER, Floats, learners, made, outcomes, programme
from training.programme.returns import Returns, judge
from training.programme.returns_panel import panels
from training.programme.returns_solvable import are_few_solvable

START = [4] * 15 + [NEVER] * 10
N_PERIODS = 9


def judged(values: Floats, start: list[int]) -> Returns:
    rows = outcomes(values, start)
    people = learners([8] * len(start))
    found = judge(programme(rows, people, n_resamples=20), panels(rows)[0], ahead=0)
    assert isinstance(found, Returns)
    return found


@pytest.mark.parametrize(
    ("odd", "missing", "told"),
    [(range(6), range(4, 9), False), (range(6), range(5, 10), False), (range(12), range(5), True)],
)
def test_the_base_of_those_who_were_measured_before_is_that_of_many(
    odd: range, missing: range, told: bool
) -> None:
    # Nobody changes but for the odd ones, who had another value in the base period. What is expected is then
    # the base of those with a value in period 1, beside that of all.
    values = np.zeros((25, N_PERIODS))
    values[list(odd), 3] = 2.0 + np.arange(len(odd))
    values[list(missing), 1] = np.nan
    found = judged(values, START)
    assert (-3 in found.course.since) == told
    assert -2 in found.course.since
    assert (found.people.ledger.n_withheld > 0) == (not told)


@pytest.mark.parametrize("n", [3, 4, 5])
def test_a_cohort_is_told_of_beside_many_others_only(n: int) -> None:
    start = [4] * 8 + [5] * n + [NEVER] * 10
    found = judged(made(np.random.default_rng(1), start, n_periods=N_PERIODS), start)
    assert [one.n_treated for one in found.cohorts] == ([8, 5] if n == 5 else [])


@pytest.mark.parametrize(("one", "other", "told"), [(5, 1, []), (5, 0, [4, 5]), (1, 6, []), (5, 5, [4, 5])])
def test_a_cohort_of_whom_few_changed_is_not_told_of(one: int, other: int, told: list[int]) -> None:
    # All have values of their own, and nearly all keep theirs.
    start = [4] * 8 + [5] * 8 + [NEVER] * 10
    values = np.random.default_rng(1).random((26, 1)) * np.ones(N_PERIODS)
    for first, n, at in ((0, one, 4), (8, other, 5)):
        values[first : first + n, at:] += 1.0 + np.arange(n)[:, None]
    found = judged(values, start)
    assert [cohort.start for cohort in found.cohorts] == told


def test_columns_that_are_never_apart_are_counted_together() -> None:
    figures = np.array([[1.0, 2.0, 0.5], [3.0, 6.0, 0.5]])
    assert not are_few_solvable(figures[:, :2], [np.array([2, 3])])
    assert are_few_solvable(figures[:, :2], [np.array([2, 2])])
    assert are_few_solvable(figures, [np.array([2, 3, 4])])
    assert not are_few_solvable(figures, [np.array([2, 3, 0])])
    assert are_few_solvable(figures, [np.array([2, 3, 9]), np.array([2, 0, 9])])

"""Gains are asked for once, of those measured twice, and laid beside the mean of the others."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.unit.training.programme.growth_worlds import grown
from training.programme import equity_gains
from training.programme.equity_gains import Gained, compare_gains, gained, shares_passed, told_of_gains
from training.programme.equity_links import Links
from training.programme.equity_told import Told
from training.programme.ledger import Ledger

N = 100
TWICE = np.arange(N) % 4 != 0


def of(gain: float, half: float) -> SimpleNamespace:
    return SimpleNamespace(n_learners=0, gain=gain, low=gain - half, high=gain + half)


def test_what_is_asked_and_what_is_kept(monkeypatch) -> None:
    asked = []

    def gains(programme, groups, *, months):
        asked.append((programme, groups, months))
        told = iter([of(0.1, 0.0196), None, of(np.nan, 0.1), of(0.3, 0.196)])
        return {name: next(told) for name in groups}

    shares = np.where(TWICE[:, None], 0.5, np.nan)
    monkeypatch.setattr(equity_gains, "gains", gains)
    monkeypatch.setattr(equity_gains, "shares_passed", lambda _: shares)
    first, last = np.arange(N) < 40, np.arange(N) >= 40
    found = gained("programme", {"x": {"a": first, "b": last}, "y": {"a": last, "c": first}})
    ((programme, groups, months),) = asked
    assert (programme, months) == ("programme", 12)
    assert [group.tolist() for group in groups.values()] == [
        (its & TWICE).tolist() for its in (first, last, last, first)
    ]
    assert list(found["x"]) == ["a"]
    assert list(found["y"]) == ["c"]
    assert (found["x"]["a"].gain, found["y"]["c"].gain) == (0.1, 0.3)
    assert found["x"]["a"].error == pytest.approx(0.01, rel=1e-4)
    assert found["y"]["c"].people.tolist() == (first & TWICE).tolist()
    assert found["x"]["a"].shares is shares


def groups_of(parts: np.ndarray, gains: list[tuple[str, float, float]], shares=None) -> dict[str, Gained]:
    rng = np.random.default_rng(1)
    shares = rng.random((len(parts), 2)) if shares is None else shares
    return {name: Gained(parts == i, gain, error, shares) for i, (name, gain, error) in enumerate(gains)}


def told() -> Told:
    return Told(Ledger(np.ones(N, np.bool_)), Links())


def test_the_others_by_how_many_they_are() -> None:
    parts = np.repeat([0, 1, 2], (20, 50, 30))
    its = compare_gains(groups_of(parts, [("a", 0.1, 0.03), ("b", 0.2, 0.02), ("c", 0.4, 0.04)]))[0]
    assert (its.group, its.n_learners, its.n_others) == ("a", 20, 80)
    rest = (50 * 0.2 + 30 * 0.4) / 80
    assert its.others == pytest.approx(rest)
    assert its.difference == pytest.approx(0.1 - rest)
    error = np.sqrt(0.03**2 + (50 / 80 * 0.02) ** 2 + (30 / 80 * 0.04) ** 2)
    t19 = 2.09302
    assert its.high - its.value == pytest.approx(t19 * 0.03, rel=1e-4)
    assert its.difference_high - its.difference == pytest.approx(t19 * error, rel=1e-4)


def test_of_few_nothing_is_told() -> None:
    groups = groups_of(np.repeat([0, 1], (4, 96)), [("a", 0.1, 0.01), ("b", 0.1, 0.01)])
    assert told_of_gains(groups, told()) == {}
    assert compare_gains({}) == []


def differing(n: int, *columns: str) -> np.ndarray:
    """Shares at the start and then, of which some people have others than all the rest."""
    more = np.where(np.arange(N) < n, np.linspace(0.1, 0.3, N), 0.0)
    vary = np.linspace(0.2, 0.6, N) if "gain" in columns else np.full(N, 0.5)
    start = vary + more * ("start" in columns)
    return np.column_stack([start, vary + more * ("later" in columns or "gain" in columns)])


@pytest.mark.parametrize("columns", [("start",), ("later",), ("start", "later"), ("gain",)])
@pytest.mark.parametrize(("n_unlike", "is_told"), [(0, True), (1, False), (4, False), (5, True)])
def test_of_what_few_passed_unlike_all_others_nothing_is_told(
    columns: tuple[str, ...], n_unlike: int, is_told: bool
) -> None:
    three = [("a", 0.1, 0.01), ("b", 0.1, 0.01), ("c", 0.1, 0.01)]
    its = told()
    groups = groups_of(np.repeat([0, 1, 2], (30, 40, 30)), three, differing(n_unlike, *columns))
    assert list(told_of_gains(groups, its)) == ["a", "b", "c"][not is_told :]
    assert its.n_values == (not is_told)


def test_what_people_passed_at_both_times_by_a_loop() -> None:
    made, _, _ = grown(3, n=40, n_items=19)
    shares = shares_passed(made)
    attempts = made.dataset.tables["attempts"].sort_values("occurred_at")
    n_twice = 0
    for at, who in enumerate(made.learners["learner_id"]):
        seen: set[str] = set()
        passed: tuple[list[bool], list[bool]] = ([], [])
        for row in attempts[attempts["learner_id"] == who].itertuples():
            if row.item_id not in seen:
                passed[row.occurred_at.year > 2023].append(row.passed)
            seen.add(row.item_id)
        is_twice = min(map(len, passed)) >= 5
        n_twice += is_twice
        expected = [np.mean(its) for its in passed] if is_twice else [np.nan, np.nan]
        assert shares[at] == pytest.approx(expected, nan_ok=True)
    assert 5 < n_twice < 40

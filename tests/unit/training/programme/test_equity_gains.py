"""Gains are asked for once, of those measured twice, and laid beside the mean of the others."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from training.programme.equity_gains import Gained, compare_gains, gained
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

    growth = SimpleNamespace(measured_twice=lambda *_, months: TWICE & (months == 12), gains=gains)
    monkeypatch.setitem(sys.modules, "training.programme.growth", growth)
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


def test_the_others_by_how_many_they_are() -> None:
    parts = np.repeat([0, 1, 2], (20, 50, 30))
    groups = {
        name: Gained(parts == i, gain, error)
        for i, (name, gain, error) in enumerate([("a", 0.1, 0.03), ("b", 0.2, 0.02), ("c", 0.4, 0.04)])
    }
    its = compare_gains(groups, Ledger(np.ones(N, np.bool_)))[0]
    assert (its.group, its.n_learners, its.n_others) == ("a", 20, 80)
    rest = (50 * 0.2 + 30 * 0.4) / 80
    assert its.others == pytest.approx(rest)
    assert its.difference == pytest.approx(0.1 - rest)
    error = np.sqrt(0.03**2 + (50 / 80 * 0.02) ** 2 + (30 / 80 * 0.04) ** 2)
    t19 = 2.09302
    assert its.high - its.value == pytest.approx(t19 * 0.03, rel=1e-4)
    assert its.difference_high - its.difference == pytest.approx(t19 * error, rel=1e-4)


def test_of_few_nothing_is_told() -> None:
    parts = np.repeat([0, 1], (4, 96))
    groups = {name: Gained(parts == i, 0.1, 0.01) for i, name in enumerate("ab")}
    assert compare_gains(groups, Ledger(np.ones(N, np.bool_))) == []

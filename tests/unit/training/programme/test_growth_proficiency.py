"""Curves are those that loops find, of the answers that count."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.programme import growth_naive as naive
from tests.unit.training.programme.growth_worlds import NOW, START, programme
from training.programme.growth_proficiency import GRID, curves, spells
from training.programme.ledger import Ledger


def answers(seed: int, n: int = 120) -> pd.DataFrame:
    """Answers of people at any time, to items of three skills, some of them again and again."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(n):
        days = np.sort(rng.uniform(0, rng.uniform(30, 1_000), rng.integers(3, 60)))
        for day in days:
            item = int(rng.integers(0, 60))
            rows.append(
                {
                    "learner_id": f"p{person:05}",
                    "item_id": f"i{item:03}",
                    "passed": bool(rng.random() < 0.25 + 0.0005 * day),
                    "occurred_at": START + timedelta(seconds=round(day * 86_400)),
                    "skill_ids": [f"s{item % 3}"] if item % 7 else ["s0", "s1"],
                }
            )
    return pd.DataFrame(rows)


def test_spells_are_those_that_a_loop_finds() -> None:
    made = programme(answers(1))
    found = spells(made)
    assert found is not None
    wanted = naive.spell(made.dataset.tables["attempts"], pd.Timestamp(NOW))
    for at, learner in enumerate(made.learners["learner_id"]):
        month, reached = wanted[learner]
        assert found.months[at] == pytest.approx(month)
        assert found.reached[at] == reached
    assert 30 < found.reached.sum() < 110


def test_curves_are_those_that_a_loop_finds() -> None:
    made = programme(answers(2, 600))
    found = spells(made)
    assert found is not None
    half = np.arange(600) < 300
    groups = {"first": half, "second": ~half}
    shown = curves(found, groups, Ledger(np.ones(600, np.bool_)))
    assert {point.group for point in shown.points} == {None, "first", "second"}
    for point in shown.points:
        group = np.ones(600, np.bool_) if point.group is None else groups[point.group]
        months, reached = found.months[group].tolist(), found.reached[group].tolist()
        wanted = naive.survival(months, reached, point.months)
        assert (point.share, point.low, point.high) == pytest.approx(wanted, abs=1e-6)
        assert point.months in GRID
        assert 0 < point.low < point.share < point.high < 1


def in_row(passes: str, skill: str = "s", again: int = 0) -> pd.DataFrame:
    """One person's answers, a day each, to different items; some first ones again at the end."""
    return pd.DataFrame(
        [
            {
                "learner_id": "p00000",
                "item_id": f"i{at % (len(passes) - again)}",
                "passed": passed == "1",
                "occurred_at": START + timedelta(days=at),
                "skill_ids": [skill],
            }
            for at, passed in enumerate(passes)
        ]
    )


@pytest.mark.parametrize(
    ("passes", "again", "day"),
    [("1111", 0, None), ("11110", 0, 4), ("01111", 0, 4), ("1100110", 0, None), ("1100111101", 0, 7)],
)
def test_proficient_is_who_passed_four_of_the_last_five(passes: str, again: int, day: int | None) -> None:
    found = spells(programme(in_row(passes, again=again)))
    assert found is not None
    assert found.reached.tolist() == [day is not None]
    last = len(passes) - 1 if day is None else day
    assert found.months[0] == pytest.approx(last / 30.4375)


def test_items_seen_before_make_nobody_proficient() -> None:
    found = spells(programme(in_row("0000011111", again=5)))
    assert found is not None
    assert found.reached.tolist() == [False]


def test_nothing_of_later_than_now_counts() -> None:
    made = programme(answers(3))
    attempts = made.dataset.tables["attempts"]
    later = attempts.assign(occurred_at=attempts["occurred_at"] + pd.Timedelta(days=2_000), passed=True)
    later["item_id"] = "new" + later["item_id"]
    more = programme(pd.concat([attempts, later]).drop(columns="event_id"))
    one, other = spells(made), spells(more)
    assert one is not None
    assert other is not None
    assert one.months.tolist() == other.months.tolist()
    assert one.reached.tolist() == other.reached.tolist()


def test_who_lags_is_behind_and_labels_alone_are_not() -> None:
    slow, fast = answers(4, 300), answers(5, 300)
    fast["passed"] |= np.random.default_rng(0).random(len(fast)) < 0.4
    fast["learner_id"] = "q" + fast["learner_id"].str[1:]
    made = programme(pd.concat([slow, fast]))
    found = spells(made)
    assert found is not None
    is_slow = made.learners["learner_id"].str.startswith("p").to_numpy(np.bool_)
    ledger = Ledger(np.ones(600, np.bool_))
    at_6 = {
        p.group: p for p in curves(found, {"slow": is_slow, "fast": ~is_slow}, ledger).points if p.months == 6
    }
    assert at_6["slow"].high < at_6["fast"].low
    shuffled = np.random.default_rng(1).permutation(is_slow)
    ledger = Ledger(np.ones(600, np.bool_))
    at_6 = {
        p.group: p for p in curves(found, {"a": shuffled, "b": ~shuffled}, ledger).points if p.months == 6
    }
    assert at_6["a"].low < at_6["b"].high
    assert at_6["b"].low < at_6["a"].high


def test_without_times_or_skills_there_are_none() -> None:
    rows = answers(6, 30)
    assert spells(programme(rows, has_clock=False)) is None
    assert spells(programme(rows.assign(skill_ids=[[] for _ in range(len(rows))]))) is None

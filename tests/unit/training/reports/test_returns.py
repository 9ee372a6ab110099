"""Reports on returns: every table recomputed, words that fit the figures, and nobody who stands out."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.errors import ConfigurationError
from tests.unit.training.programme.returns_world import (
    NEVER,
    NOW,
    Floats,
    learners,
    made,
    outcomes,
    programme,
)
from training.reports.page import write_report
from training.reports.returns import returns_reports
from training.reports.sheet import About, NotShown, Report

# Two begin too early, six in period 3, five in 5, four late, eight never; of the last one nothing is clear.
START = [0] * 2 + [3] * 6 + [5] * 5 + [10] * 4 + [NEVER] * 8 + [4]
SIZES = [6, 7, *[8] * 11, *[5] * 4, *[9] * 8, 10]
N_PERIODS = 12


def world() -> tuple[Floats, Floats, pd.DataFrame]:
    rng = np.random.default_rng(1)
    values = made(rng, START, n_periods=N_PERIODS, effect=3.0).round(2)
    since = np.arange(N_PERIODS) - np.array(START)[:, None]
    cost = np.where(since >= 0, rng.integers(10, 90, since.shape), 0).astype(float)
    rows = outcomes(values, START, cost)
    rows.loc[(rows["unit_id"] == "u025") & (rows.index % 5 == 0), "treated"] = pd.NA
    return values, cost, rows


def report(rows: pd.DataFrame, people: pd.DataFrame | None = None, **given: Any) -> Report:
    people = learners(SIZES) if people is None else people
    (found,) = returns_reports(programme(rows, people), **given)
    assert isinstance(found, Report)
    return found


def tables(found: Report) -> dict[str, pd.DataFrame]:
    return {sheet.name: sheet.rows for sheet in found.sheets}


def sides(rows: pd.DataFrame, last: int, ahead: int = 0) -> dict[int, tuple[list[str], list[str]]]:
    """Units by start that are judged, and those they are compared with, by loops over rows."""
    unclear = set(rows.loc[rows["treated"].isna(), "unit_id"])
    month = rows["occurred_at"].dt.year * 12 + rows["occurred_at"].dt.month
    at = month - month.min()
    n_periods = int(at.max()) + 1
    seen: dict[str, set[int]] = {}
    begin: dict[str, int] = {}
    for unit, period, treated in zip(rows["unit_id"], at, rows["treated"], strict=True):
        if unit in unclear:
            continue
        seen.setdefault(unit, set()).add(period)
        if treated:
            begin[unit] = min(begin.get(unit, n_periods), period)
    found = {}
    for start in sorted(set(begin.values())):
        window = set(range(start - 1 - ahead, start + last + 1))
        if min(window) < 0 or max(window) >= n_periods:
            continue
        its = [unit for unit in seen if begin.get(unit) == start and window <= seen[unit]]
        others = [u for u in seen if begin.get(u, n_periods) > start + last + ahead and window <= seen[u]]
        if its and len(others) >= 5:
            found[start] = (its, others)
    return found


def expected_course(rows: pd.DataFrame, last: int, since: int) -> dict[str, float]:
    values = rows.pivot(index="unit_id", columns="occurred_at", values="value")
    values.columns = range(values.shape[1])
    rises, levels, others = [], [], set()
    for start, (its, theirs) in sides(rows, last).items():
        if start + since < 0:
            continue
        rise = values[start + since] - values[start - 1]
        mean = rise[theirs].mean()
        rises += [rise[unit] - mean for unit in its]
        levels += [values.loc[unit, start + since] for unit in its]
        others |= set(theirs)
    return {
        "n_units": len(rises),
        "n_comparison": len(others),
        "mean": float(np.mean(levels)),
        "expected": float(np.mean(levels) - np.mean(rises)),
        "difference": float(np.mean(rises)),
    }


def test_every_table_is_what_loops_over_the_rows_give() -> None:
    _, cost, rows = world()
    given = tables(report(rows, value_per_unit=40.0))
    course = given["by-period"]
    last = int(course["month"].max()) - 1
    assert course["month"].tolist() == [*range(-4, 0), 0, *range(1, last + 2)]
    assert course["phase"].tolist() == ["before"] * 4 + ["compared with"] + ["after"] * (last + 1)
    for row in course.to_dict("records"):
        for name, value in expected_course(rows, last, row["month"] - 1).items():
            assert row[name] == pytest.approx(value), (row["month"], name)
        assert row["low"] <= row["difference"] <= row["high"]
    groups = sides(rows, last)
    by_start = given["by-start"]
    assert by_start["began"].tolist() == ["2022-04", "2022-06"]
    for row, start in zip(by_start.to_dict("records"), (3, 5), strict=True):
        alone = rows[~rows["unit_id"].isin(groups[8 - start][0])]
        assert row["n_units"] == len(groups[start][0])
        assert row["n_comparison"] == len(groups[start][1])
        effects = [expected_course(alone, last, since)["difference"] for since in range(last + 1)]
        assert row["difference"] == pytest.approx(np.mean(effects))
        assert row["low"] < row["difference"] < row["high"]
    brought = np.cumsum(course["difference"][course["month"] > 0])
    judged = [int(unit[1:]) for its, _ in groups.values() for unit in its]
    spent = [
        np.mean([cost[unit, : START[unit] + since + 1].sum() for unit in judged]) for since in range(last + 1)
    ]
    money = given["return"]
    assert money["month"].tolist() == list(range(1, last + 2))
    for name, value in {
        "effect_so_far": brought,
        "cost_so_far": spent,
        "value_so_far": 40.0 * brought,
        "return_so_far": 40.0 * brought - spent,
    }.items():
        assert money[name].tolist() == pytest.approx(list(value)), name
    assert (money["low"] < money["return_so_far"]).all()
    assert (money["return_so_far"] < money["high"]).all()
    compared = {unit for _, others in groups.values() for unit in others}
    assert given["who"].to_dict("list") == {
        "group": [
            "Began; judged here",
            "Had not begun; compared with",
            "Took part so early that no month before is known",
            "Began; not followed long enough, or values missing",
            "Not clear whether or when they took part",
        ],
        "n_units": [11, len(compared), 2, 4, 1],
        "n_people": [88, sum(SIZES[int(unit[1:])] for unit in compared), 13, 20, 10],
    }


def test_the_answer_tells_figures_of_the_tables() -> None:
    _, _, rows = world()
    found = report(rows, value_per_unit=40.0)
    given = tables(found)
    end, after = given["return"].iloc[-1], given["by-period"][given["by-period"]["month"] > 0]
    said = " ".join(found.answer)
    assert f"gain of {end['return_so_far']:,.0f} a team" in said
    assert f"cost {end['cost_so_far']:,.0f}:" in said
    assert f"For all 11 teams that is a gain of {11 * end['return_so_far']:,.0f}" in said
    assert f"was {after['difference'].mean():.1f} higher than would be expected" in said
    share = after["difference"].mean() / after["expected"].mean()
    assert f"That is {share:.1%} of what was expected" in said
    paid = given["return"]["return_so_far"] >= 0
    month = next(m for m in given["return"]["month"] if paid[given["return"]["month"] >= m].all())
    assert f"paid for itself by the end of month {month};" in said
    even = end["cost_so_far"] / end["effect_so_far"]
    assert f"more is worth {even:,.0f} for one team" in said or f"more is worth {even:,.2f} for" in said


def simple(
    effect: float, cost: float, *, drift: float = 0.0, first: int = 6, noise: float = 0.5
) -> pd.DataFrame:
    start = [first] * 10 + [NEVER] * 10
    since = np.arange(14) - np.array(start)[:, None]
    values = made(np.random.default_rng(2), start, n_periods=14, effect=effect, drift=drift, noise=noise)
    return outcomes(values, start, np.where(since >= 0, cost, 0.0))


@pytest.mark.parametrize(
    ("effect", "cost", "worth", "verdict"),
    [
        (5.0, 10.0, 10.0, "it was worth its cost"),
        (5.0, 99.0, 10.0, "it was not worth its cost"),
        (5.0, 50.0, 10.0, "whether it was worth its cost is not certain"),
        (-5.0, 10.0, -10.0, "it was worth its cost"),
        (5.0, 10.0, -10.0, "it was not worth its cost"),
    ],
)
def test_the_first_sentence_is_the_verdict(effect: float, cost: float, worth: float, verdict: str) -> None:
    found = report(simple(effect, cost), learners([8] * 20), value_per_unit=worth)
    assert found.answer[0].startswith(f"If both groups would have moved alike without it, {verdict}: ")
    assert ("point of sales less" if worth < 0 else "point of sales more") in found.answer[0]


def test_without_a_value_the_worth_that_pays_is_told() -> None:
    found = report(simple(5.0, 50.0), learners([8] * 20))
    assert "depends on what sales is worth, which was not given" in found.answer[0]
    assert "return_so_far" not in tables(found)["return"]
    chance = report(simple(0.0, 50.0), learners([8] * 20))
    assert any(line.startswith("No difference that could not be chance: over") for line in chance.answer)
    assert "can be named at which it surely pays" in chance.answer[0]
    assert chance.sections[1].chart is None


def test_different_trends_come_first_and_take_the_trust() -> None:
    drifting = report(simple(0.0, 5.0, drift=0.8), learners([8] * 20), value_per_unit=9.0)
    assert drifting.answer[0].startswith("This comparison cannot be trusted: already before they began")
    assert "cannot be trusted" in drifting.sections[0].chart.says  # type: ignore[union-attr]
    assert ": it became 0.8" in drifting.answer[0]
    assert any("whether it was worth its cost cannot be said" in line for line in drifting.answer)
    assert "return_so_far" not in tables(drifting)["return"]
    assert drifting.sections[1].chart is None
    steady = report(simple(5.0, 5.0), learners([8] * 20), value_per_unit=9.0)
    assert not any("cannot be trusted" in line for line in steady.answer)
    assert any("both groups moved alike" in line for line in steady.answer)


def test_what_cannot_be_checked_is_said_so() -> None:
    blind = report(simple(5.0, 5.0, first=1), learners([8] * 20))
    assert any("moved alike before cannot be checked" in line for line in blind.answer)
    weak = report(simple(0.3, 5.0, first=2, noise=3.0), learners([8] * 20))
    assert any("too little to rule out" in line for line in weak.answer)


def test_without_cost_only_the_effect_is_told() -> None:
    rows = simple(5.0, 5.0).assign(cost=np.nan)
    found = report(rows, learners([8] * 20), value_per_unit=9.0)
    assert found.answer[0].startswith("Over their first 8 months, sales of 10 teams that began was ")
    assert found.answer[-1].startswith("What it cost is not known")
    assert "return" not in tables(found)


@pytest.mark.parametrize("others", [np.nan, 0.0, 100.0])
def test_the_cost_of_one_unit_is_not_told(others: float) -> None:
    cost = np.full((20, 14), others)
    cost[0, 6:] = 1234.5
    rows = simple(5.0, 0.0).assign(cost=cost.ravel())
    found = report(rows, learners([8] * 20), value_per_unit=9.0)
    assert "return" not in tables(found)
    assert found.answer[-1].startswith("What it cost cannot be told of so few")
    assert any(line.startswith("What it cost, and for how many teams") for line in found.cannot_show)
    assert not any("Cost is known for" in line for line in found.cannot_show)
    assert found.n_withheld > 0
    assert not any("for cost does" in line for line in found.method)


def test_reports_that_cannot_be_given_say_why() -> None:
    nothing = programme(outcomes(np.ones((2, 2)), [1, 1]).iloc[:0], learners([5, 5]))
    (found,) = returns_reports(nothing)
    assert found == NotShown(
        "returns",
        "Return on learning",
        "Is the programme worth its cost?",
        "there are no outcomes; a table outcomes of teams or people over time would bring it",
    )
    (found,) = returns_reports(programme(outcomes(np.ones((9, 5)), [2] * 9), learners([5] * 9)))
    assert isinstance(found, NotShown)
    assert "no 5 units that were measured before and after" in found.reason


def test_each_measure_has_a_report_and_a_value_is_of_one() -> None:
    rows = simple(5.0, 5.0)
    both = pd.concat([rows, rows.assign(measure="Sales!"), rows.assign(measure="sick days")])
    made_of = programme(both, learners([8] * 20))
    found = returns_reports(made_of)
    assert [one.name for one in found] == [
        "returns-sales-team",
        "returns-sales-team-2",
        "returns-sick-days-team",
    ]
    with pytest.raises(ConfigurationError, match="--value-per-unit is of one measure"):
        returns_reports(made_of, value_per_unit=1.0)
    (one,) = returns_reports(made_of, value_per_unit=1.0, measure="sick days")
    assert one.name == "returns-sick-days-team"
    with pytest.raises(ConfigurationError, match="--measure 'sicknes' is not in outcomes"):
        returns_reports(made_of, measure="sicknes")


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_a_value_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ConfigurationError, match="--value-per-unit is"):
        returns_reports(programme(simple(1.0, 1.0), learners([8] * 20)), value_per_unit=value)
    with pytest.raises(ConfigurationError, match="--anticipation is -1"):
        returns_reports(programme(simple(1.0, 1.0), learners([8] * 20)), ahead=-1)


@pytest.mark.parametrize("value", [None, 30.0])
def test_pages_are_written_the_same_each_time_and_small_figures_have_their_digits(
    tmp_path: Path, value: float | None
) -> None:
    rows = simple(5.0, 5.0)
    rows["value"] /= 1000
    about = About("made", "0", NOW, False)
    pages = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        found = report(rows, learners([8] * 20), value_per_unit=value)
        pages.append([file.read_bytes() for file in write_report(found, about, folder)])
    assert pages[0] == pages[1]
    after = tables(found)["by-period"].iloc[-1]
    written = f"{after['difference']:.4f}"
    assert written == after["difference_written"]
    assert written in pages[0][0].decode()


def test_people_who_are_units_are_counted_once() -> None:
    people = learners([1] * 20)
    people["learner_id"] = people["team_id"]
    found = report(simple(5.0, 5.0).assign(unit_kind="learner"), people, value_per_unit=30.0)
    assert "for one person in one month" in found.answer[0]
    assert found.name == "returns-sales-learner"
    who = tables(found)["who"]
    assert who["n_units"].tolist() == who["n_people"].tolist() == [10, 10]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["team", "team", "learner"]))
def test_nobody_can_be_told_apart(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 40))
    start = rng.choice([0, 2, 3, 4, 6, NEVER], n, p=[0.1, 0.25, 0.15, 0.1, 0.1, 0.3]).tolist()
    values = made(rng, start, n_periods=9, effect=1.0)
    values[rng.random(values.shape) < rng.choice([0, 0.02])] = np.nan
    # Costs that all differ, of all or of some, in all months or in some.
    cost = np.where(rng.random(values.shape) < rng.choice([0, 0.05]), 0.0, rng.gamma(2, 20, values.shape))
    cost[rng.random(n) < rng.choice([0, 0.3])] = np.nan
    rows = outcomes(values, start, cost, kind=kind)
    rows.loc[rows["unit_id"].isin(["u003", "u007"]) & (rng.random(len(rows)) < 0.1), "treated"] = pd.NA
    sizes = rng.integers(0, rng.choice([3, 6]), n) if kind == "team" else np.ones(n, int)
    people = learners(sizes.tolist())
    if kind == "learner":
        people["learner_id"] = people["team_id"]
    (found,) = returns_reports(programme(rows, people, n_resamples=20), ahead=0)
    if isinstance(found, Report):
        groups = shown_groups(found, rows)
        heads = {f"u{i:03}": max(int(size), 1) for i, size in enumerate(sizes)}
        # Everybody by the groups that they are in: people of one part can be told from all others.
        parts: dict[tuple[bool, ...], int] = {}
        for unit in sorted(set(rows["unit_id"])):
            part = tuple(unit in group for group in groups)
            parts[part] = parts.get(part, 0) + heads[unit]
        assert all(size >= 5 for size in parts.values())


def shown_groups(found: Report, rows: pd.DataFrame) -> list[set[str]]:
    """Units that each row of a report is about, from the rows alone."""
    given = tables(found)
    course = given["by-period"]
    last = int(course["month"].max()) - 1
    cohorts = sides(rows, last)
    treated = {unit for its, _ in cohorts.values() for unit in its}
    compared = {unit for _, others in cohorts.values() for unit in others}
    groups = [treated, compared]
    if "return" in given:
        groups += cost_groups(rows, cohorts, last)
    month = rows["occurred_at"].dt.year * 12 + rows["occurred_at"].dt.month
    at = month - month.min()
    there = set(zip(rows["unit_id"], at, strict=True))
    for number, n, m in zip(course["month"], course["n_units"], course["n_comparison"], strict=True):
        its, others = set(), set()
        for start, (one, other) in cohorts.items():
            one_there = [unit for unit in one if (unit, start + number - 1) in there]
            other_there = [unit for unit in other if (unit, start + number - 1) in there]
            if one_there and other_there:
                its |= set(one_there)
                others |= set(other_there)
        assert (len(its), len(others)) == (n, m)
        assert min(n, m) >= 5
        groups += [its, others]
    if "by-start" in given:
        names = {str(pd.Period("2022-01", "M") + start): start for start in cohorts}
        groups += [set(group) for name in given["by-start"]["began"] for group in cohorts[names[name]]]
    return groups + left_out(given["who"], rows, treated, compared)


def cost_groups(
    rows: pd.DataFrame, cohorts: dict[int, tuple[list[str], list[str]]], last: int
) -> list[set[str]]:
    """Units whose cost is known and that spend anything, by period of the window, from the rows alone."""
    cost = rows.pivot(index="unit_id", columns="occurred_at", values="cost")
    cost.columns = range(cost.shape[1])
    groups: list[set[str]] = []
    for since in range(last + 1):
        known, spends = set(), set()
        for start, (its, _) in cohorts.items():
            for unit in its:
                before = cost.loc[unit, : start - 1].sum() if since == 0 else 0.0
                now = cost.loc[unit, start + since]
                known |= {unit} if now == now else set()
                spends |= {unit} if before > 0 or now > 0 else set()
        assert not 0 < len(known) < 5
        assert not 0 < len(spends) < 5
        groups += [known, spends]
    return groups


def left_out(who: pd.DataFrame, rows: pd.DataFrame, treated: set[str], compared: set[str]) -> list[set[str]]:
    unclear = set(rows.loc[rows["treated"].isna(), "unit_id"])
    first = rows["occurred_at"].min()
    begun = set(rows.loc[rows["treated"].fillna(False), "unit_id"]) - unclear
    early = set(rows.loc[rows["treated"].fillna(False) & (rows["occurred_at"] == first), "unit_id"]) - unclear
    rest = set(rows["unit_id"]) - unclear - begun
    named = {
        "Began; judged here": treated,
        "Had not begun; compared with": compared,
        "Took part so early that no month before is known": early,
        "Began; not followed long enough, or values missing": begun - early - treated,
        "Had not begun; not compared with": rest - compared,
        "Not clear whether or when they took part": unclear,
    }
    for name, count in zip(who["group"], who["n_units"], strict=True):
        assert len(named[name]) == count, name
    return [named[name] for name in who["group"]]


def test_words_on_the_chart_do_not_lie_on_each_other() -> None:
    chart = report(world()[2], value_per_unit=40.0).sections[0].chart
    assert chart is not None
    chart.figure.canvas.draw()
    (axes,) = chart.figure.axes
    boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.x0)
    assert len(boxes) == 2
    assert all(one.x1 <= other.x0 for one, other in pairwise(boxes))
    assert boxes[0].x0 >= 0
    assert boxes[-1].x1 <= chart.figure.bbox.x1

"""Reports on returns: every table recomputed by loops over rows, and what cannot be reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recommender.errors import ConfigurationError
from tests.unit.training.programme.returns_world import NOW, learners, outcomes, programme
from tests.unit.training.reports.returns_by_hand import SIZES, START, report, sides, simple, tables, world
from training.reports.page import write_report
from training.reports.returns import returns_reports
from training.reports.sheet import About, NotShown


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

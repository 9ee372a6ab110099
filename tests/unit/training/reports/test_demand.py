"""The report on demand: each table in full, each sentence's figures, and nobody who stands out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.programme.demand_world import (
    IDS,
    NOW,
    SKILLS,
    Planted,
    asked_in,
    crowded,
    holders,
    postings_of,
    wilson,
    world,
)
from training.programme.demand import demand
from training.programme.demand_trend import trends
from training.reports.demand import demand_reports
from training.reports.page import write_report
from training.reports.sheet import About, NotShown, Report, Sheet

ABOUT = About("made", "f" * 64, NOW, False, "m")


def report_of(programme: Planted) -> Report:
    (report,) = demand_reports(programme)
    assert isinstance(report, Report)
    return report


def sheet(report: Report, name: str) -> Sheet:
    (found,) = (one for one in report.sheets if one.name == name)
    return found


def expected_rows(programme: Planted) -> pd.DataFrame:
    """The table of every skill by loops; of trends, whose figures have a test of their own, by `trends`."""
    postings = programme.tables_of("postings")
    rows = [
        row for row in postings.itertuples() if row.posted_at > pd.Timestamp(NOW) - pd.Timedelta(days=365)
    ]
    asked = np.array([[skill in asked_in(row) for skill in IDS] for row in postings.itertuples()])
    at = postings["posted_at"].dt.tz_localize(None).to_numpy("datetime64[s]")
    line = trends(asked, at)
    found = demand(programme, SKILLS, postings)
    out: list[dict[str, Any]] = []
    for k, skill in enumerate(IDS):
        n = sum(skill in asked_in(row) for row in rows)
        low, high = wilson(n, len(rows))
        word = {1: "rising", -1: "falling", 0: "could be chance"}[int(line.call[k])]
        own: dict[str, Any] = {
            "skill_id": skill,
            "skill": SKILLS["name"][k],
            "postings": n,
            "asked_share": n / len(rows),
            "asked_low": low,
            "asked_high": high,
            "start_share": line.start[k],
            "end_share": line.end[k],
            "change": line.change[k],
            "change_low": line.low[k],
            "change_high": line.high[k],
            "trend": "too few to say" if np.isnan(line.change[k]) else word,
        }
        if found.supply is not None and found.quadrants is not None:
            names = ("mean", "low", "high", "reached", "reached_low", "reached_high")
            titles = ("mastery", "mastery_low", "mastery_high", "at_level", "at_level_low", "at_level_high")
            own |= {t: getattr(found.supply, name)[k] for t, name in zip(titles, names, strict=True)}
            short = found.quadrants.much[k] and found.quadrants.scarce[k]
            own["asked_much_and_scarce"] = "yes" if short else "no"
        out.append(own)
    return pd.DataFrame(sorted(out, key=lambda row: -row["postings"]))


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True), check_dtype=False, rtol=1e-9)


@pytest.fixture(scope="module")
def made() -> Planted:
    return world(n_postings=400)


@pytest.fixture(scope="module")
def report(made: Planted) -> Report:
    return report_of(made)


def test_the_tables_in_full(made: Planted, report: Report) -> None:
    rows = expected_rows(made)
    same(sheet(report, "skills").rows, rows)
    same(sheet(report, "asked-and-scarce").rows, rows[rows["asked_much_and_scarce"] == "yes"])
    called = rows[rows["trend"].isin(["rising", "falling"])]
    same(sheet(report, "trends").rows, called.sort_values("change", key=lambda c: -c.abs(), kind="stable"))
    assert set(rows["trend"]) == {"rising", "could be chance", "too few to say"}
    assert 0 < (rows["asked_much_and_scarce"] == "yes").sum() < len(rows)
    assert 0 < rows["at_level"].notna().sum() < len(rows)


def test_the_table_of_postings_in_full(made: Planted, report: Report) -> None:
    rows = list(made.tables_of("postings").itertuples())
    expected = []
    for year in sorted({row.posted_at.year for row in rows}):
        its = [row for row in rows if row.posted_at.year == year]
        expected.append(
            {
                "year": str(year),
                "postings": len(its),
                "with_list": sum(len(row.skill_ids) > 0 for row in its) / len(its),
                "with_text": sum(isinstance(row.text, str) for row in its) / len(its),
                "nothing_found": sum(not asked_in(row) for row in its) / len(its),
                "skills_each": sum(len(asked_in(row)) for row in its) / len(its),
            }
        )
    found = sheet(report, "postings").rows
    same(found[list(expected[0])], pd.DataFrame(expected))
    assert set(found) == set(expected[0])


def test_what_it_answers(made: Planted, report: Report) -> None:
    rows = expected_rows(made)
    short = rows[rows["asked_much_and_scarce"] == "yes"]
    n = sum(
        row.posted_at > pd.Timestamp(NOW) - pd.Timedelta(days=365)
        for row in made.tables_of("postings").itertuples()
    )
    here, _ = holders(made, "data")
    first = short.iloc[0]
    assert report.answer[0] == (
        f"1 of 6 skills is asked for much and scarce here. It is {first.skill}, which "
        f"{first.asked_share:.0%} of postings ask for (between {first.asked_low:.0%} and "
        f"{first.asked_high:.0%}) and of which {first.mastery:.0%} of people here would pass a typical task "
        f"(between {first.mastery_low:.0%} and {first.mastery_high:.0%}). (By the {n} postings of the twelve "
        f"months up to 1 March 2026 and {len(here)} people.)"
    )
    text = " ".join(report.answer)
    least, most = rows["mastery"].min(), rows["mastery"].max()
    assert f"{least:.0%} of people would pass a typical task; of the one that most have, {most:.0%}." in text
    top = rows.iloc[0]
    assert (
        f"{top.skill} ({top.asked_share:.0%}, between {top.asked_low:.0%} and {top.asked_high:.0%})" in text
    )
    rise = rows[rows["trend"] == "rising"].iloc[0]
    assert rise.skill == "SQL"
    postings = made.tables_of("postings")["posted_at"]
    days = [f"{at.day} {at:%B %Y}" for at in (postings.min(), postings.max())]
    assert (
        f"Asked for ever more between {days[0]} and {days[1]}: SQL (from {rise.start_share:.0%} of postings "
        f"to {rise.end_share:.0%}, a rise of between {100 * rise.change_low:.0f} and "
        f"{100 * rise.change_high:.0f} points)."
    ) in text
    assert "No skill is asked for ever less: no difference that could not be chance." in text
    nothing = sum(not asked_in(row) for row in made.tables_of("postings").itertuples()) / 400
    assert f"In {nothing:.0%} of all 400 postings no skill of the catalogue was found." in text


def test_the_most_asked_for_of_several_scarce_skills_comes_first() -> None:
    programme = world(n_postings=400)
    assert programme.mastery is not None
    programme.answered = programme.mastery > 0.5
    programme.mastery[:, [IDS.index("data"), IDS.index("sql")]] *= 0.5
    programme.mastery[:, IDS.index("coaching")] = 0.95
    report = report_of(programme)
    names = list(sheet(report, "asked-and-scarce").rows["skill"])
    assert set(names) == {"Data", "SQL"}
    assert report.answer[0].startswith(
        f"2 of 6 skills are asked for much and scarce here. Most of all: {names[0]},"
    )
    assert report.answer[1].startswith(f"Next: {names[1]}, which ")


def test_a_skill_that_one_person_has_answered_on_is_told_nowhere() -> None:
    programme = world(n_people=60)
    assert programme.mastery is not None
    programme.answered = programme.mastery > 0.5
    programme.answered[:, [IDS.index("data"), IDS.index("sql")]] = False
    programme.answered[0, IDS.index("data")] = True
    report = report_of(programme)
    rows = sheet(report, "skills").rows.set_index("skill_id")
    people = ["mastery", "mastery_low", "mastery_high", "at_level", "at_level_low", "at_level_high"]
    assert rows.loc[["data", "sql"], [*people, "asked_much_and_scarce"]].isna().all(axis=None)
    assert rows.loc[["quality", "java", "coaching", "spare"], people[:3]].notna().all(axis=None)
    text = " ".join(report.cannot_show)
    assert "Whether we have 1 skill: one to four people have answered on it, or have not" in text
    assert "Whether we have 1 skill: nobody here has answered on it" in text
    assert "came to the catalogue after" not in text
    assert " of 4 skills " in report.answer[0]
    assert not {"Data", "SQL"} & set(sheet(report, "asked-and-scarce").rows["skill"])


def test_where_of_no_skill_it_can_be_told_no_figure_of_people_is_there() -> None:
    programme = world(n_people=60)
    assert programme.mastery is not None
    programme.answered = np.zeros_like(programme.mastery, np.bool_)
    programme.answered[0] = True
    report = report_of(programme)
    rows = sheet(report, "skills").rows
    assert rows[["mastery", "at_level", "asked_much_and_scarce"]].isna().all(axis=None)
    assert "people" not in " ".join(report.answer)
    assert "has answered on" not in " ".join(report.cannot_show)
    assert "nan" not in " ".join([*report.answer, *report.cannot_show, *report.sections[0].text])
    assert report.n_withheld == len(IDS)


def test_what_falls_is_called_a_fall_of_so_many_points() -> None:
    back = postings_of(400, 3)
    back["posted_at"] = (
        pd.Timestamp(NOW) - (back["posted_at"] - back["posted_at"].min()) - pd.Timedelta(hours=2)
    )
    (said,) = (line for line in report_of(world(postings=back)).answer if "ever less between" in line)
    low, high = map(int, re.findall(r"a fall of between (\d+) and (\d+) points", said)[0])
    assert 0 < low < high
    assert "SQL" in said


def test_it_says_what_it_cannot_show(made: Planted, report: Report) -> None:
    text = " ".join(report.cannot_show)
    told = int(expected_rows(made)["at_level"].notna().sum())
    assert f"but for {told} of 6 skills" in text
    assert "Whether 1 of 6 skills are asked for ever more" in text
    unknown = sum(s not in IDS for row in made.tables_of("postings").itertuples() for s in row.skill_ids)
    assert f"{unknown} entries in postings' lists" in text
    assert made.mastery is not None
    assert report.n_withheld == 6 - told


def test_postings_that_ask_for_ever_more_skills_are_a_warning(made: Planted) -> None:
    drift = "postings came to ask for more skills each"
    assert drift in " ".join(report_of(made).cannot_show), "SQL is added to all the others in this world"
    table = postings_of(200, 1).assign(
        text=None, skill_ids=[["data"] if at % 2 else ["java", "sql"] for at in range(200)]
    )
    table["text"] = table["text"].astype("str")
    assert "postings came to ask" not in " ".join(report_of(world(postings=table)).cannot_show)


def test_nothing_of_later_than_now_is_reported(made: Planted, report: Report) -> None:
    later = postings_of(200, 9, until=NOW + pd.Timedelta(days=2000)).query("posted_at > @NOW")
    later = later.assign(posting_id="later-" + later["posting_id"])
    assert len(later) > 100
    more = world(n_postings=400, postings=pd.concat([made.tables_of("postings"), later]))
    with no_pictures():
        changed = report_of(more)
    assert (changed.answer, changed.cannot_show) == (report.answer, report.cannot_show)
    for one, other in zip(changed.sheets, report.sheets, strict=True):
        same(one.rows, other.rows)


def test_without_a_model_demand_is_told_and_supply_is_not() -> None:
    report = report_of(world(model=False))
    assert "there is no trained model" in report.cannot_show[0]
    assert [s.name for s in report.sheets] == ["trends", "skills", "postings"]
    assert not {"mastery", "at_level", "asked_much_and_scarce"} & set(sheet(report, "skills").rows)
    assert report.n_withheld == 0
    text = " ".join([*report.answer, *report.method])
    assert "people" not in text
    blind = world()
    assert isinstance(blind.bundle, SimpleNamespace)
    blind.bundle.skills = None
    assert "the trained model has no skill model" in report_of(blind).cannot_show[0]
    assert "fewer than five people" in report_of(world(n_people=4)).cannot_show[0]


def without(name: str) -> Planted:
    programme = world()
    tables = {key: table for key, table in programme.dataset.tables.items() if key != name}
    return Planted(tables, programme.mastery)


@pytest.mark.parametrize(
    ("programme", "reason"),
    [
        (without("postings"), "There are no job postings"),
        (without("skills"), "There is no catalogue of skills"),
        (world(n_postings=29), "There are 29 job postings, too few"),
    ],
)
def test_what_is_missing_is_said(programme: Planted, reason: str) -> None:
    (found,) = demand_reports(programme)
    assert isinstance(found, NotShown)
    assert found.reason.startswith(reason)
    assert found.name == "skill-demand"


def test_thirty_postings_are_enough_and_then_too_few_for_trends() -> None:
    table = postings_of(30, 1, days=100)
    report = report_of(world(postings=table))
    assert "that takes postings over 180 days or more" in " ".join(report.cannot_show)
    assert sheet(report, "trends").rows.empty


def test_postings_that_ask_for_nothing_of_ours() -> None:
    table = postings_of(60, 1).assign(text="Gardening", skill_ids=[[] for _ in range(60)])
    text = " ".join(report_of(world(postings=table)).answer)
    assert "None of our skills is asked for" in text
    assert "none of 6 skills is both asked for much and scarce here" in text
    assert "In 100% of all 60 postings no skill" in text


def test_the_same_programme_gives_the_same_pages(made: Planted, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for one, other in zip(
        write_report(report_of(made), ABOUT, tmp_path / "a"),
        write_report(report_of(world(n_postings=400)), ABOUT, tmp_path / "b"),
        strict=True,
    ):
        assert one.read_bytes() == other.read_bytes()
        assert len(one.read_bytes()) < 300_000


def test_no_learner_is_named_and_pictures_say_what_they_show(
    made: Planted, report: Report, tmp_path: Path
) -> None:
    page, *tables = write_report(report, ABOUT, tmp_path)
    for file in (page, *tables):
        text = file.read_text()
        assert not any(who in text for who in made.learners["learner_id"])
    charts = [section.chart for section in report.sections if section.chart is not None]
    assert len(charts) == 2
    short = sheet(report, "asked-and-scarce").rows
    assert (
        f"{len(short)} of them are asked for much and scarce (shaded), most of all {short['skill'][0]}"
        in charts[0].says
    )
    assert "1 of them rise and 0 fall" in charts[1].says


FORTY = postings_of(40, 1)


@contextmanager
def no_pictures() -> Iterator[None]:
    """Draw nothing: pictures are of the rows of the tables and take most of the time."""
    with patch("training.reports.demand.quadrant_chart"), patch("training.reports.demand.trend_chart"):
        yield


@settings(max_examples=60, deadline=None)
@given(n=st.integers(3, 45), seed=st.integers(0, 2**32 - 1))
def test_nobody_can_be_told_apart_by_what_is_shown(n: int, seed: int) -> None:
    programme = world(n_people=n, seed=seed, postings=FORTY)
    with no_pictures():
        rows = sheet(report_of(programme), "skills").rows
    here, _ = holders(programme, "data")
    groups = [here] if "mastery" in rows else []
    for row in rows.itertuples():
        if groups and row.at_level == row.at_level:
            groups.append(holders(programme, str(row.skill_id))[1])
    everybody = set(programme.learners["learner_id"])
    assert not groups or crowded(groups, here)
    assert groups or len(here) < 5
    assert everybody >= here

"""The report on mentors: its table held against loops over people, and what it names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.programme.engagement_world import NOW, SKILLS, Person, programme
from tests.unit.training.programme.test_mentors import able_people, asked, champion, could, gap
from training.reports.mentors import mentors_reports
from training.reports.page import as_page, write_report
from training.reports.sheet import About, NotShown, Report


def report_of(people: list[Person]) -> Report:
    (report,) = mentors_reports(programme(people))
    assert isinstance(report, Report)
    return report


def test_the_table_is_that_of_loops_over_people() -> None:
    people = able_people(51, 400)
    report = report_of(people)
    rows = report.sheets[0].rows
    assert sorted(rows["skill"]) == ["Care", "Code", "Data", "Talk"]
    for _, row in rows.iterrows():
        skill = row["skill"].lower()
        own = [p for p in people if asked(p, skill)]
        n_could = int(could(people, skill).sum())
        assert row["area"] == SKILLS[skill][0]
        assert row["n_asked"] == len(own)
        assert row["missing_points"] == pytest.approx(100 * np.mean([gap(p, skill) for p in own]))
        counts = {
            "n_need": sum(gap(p, skill) > 0.0 for p in own),
            "n_mentors": n_could,
            "n_champions": sum(champion(p, skill) for p in people),
        }
        for name, n in counts.items():
            assert pd.isna(row[name]) or row[name] == n
        words = "five or more" if pd.isna(row["n_mentors"]) else f"{n_could:,}"
        assert row["mentors"] == ("fewer than five" if n_could < 5 else words)
    assert rows["n_mentors"].notna().any()
    assert rows["n_need"].notna().any()


def test_a_skill_with_need_and_no_mentor_is_named() -> None:
    expert = [("data", True, 3.0 + k) for k in range(60)]
    people = [Person("analyst") for _ in range(20)]
    people += [Person("chief", answers=expert, can_mentor=True) for _ in range(9)]
    report = report_of(people)
    assert report.answer[0].startswith("For 2 of the 3 skills")
    assert "Code (20 people's roles ask for it" in report.answer[1]
    assert "Data (" not in report.answer[1]
    assert "Data (" in report.answer[2]
    assert "p0" not in repr(report.sheets[0].rows.to_dict())


def test_fewer_than_five_are_never_counted(tmp_path: Path) -> None:
    expert = [("data", True, 3.0 + k) for k in range(60)]
    people = [Person("analyst") for _ in range(20)] + [Person("chief") for _ in range(20)]
    people += [Person("chief", answers=expert, can_mentor=True) for _ in range(3)]
    report = report_of(people)
    row = report.sheets[0].rows.set_index("skill").loc["Data"]
    assert row["mentors"] == "fewer than five"
    assert pd.isna(row["n_mentors"])
    assert pd.isna(row["n_champions"])
    about = About("made", "0" * 64, NOW, True)
    assert len(write_report(report, about, tmp_path)) == 2
    assert "Hatched" in as_page(report, about)


def test_where_nobody_agreed_or_nothing_is_asked_it_says_why() -> None:
    for people, word in (
        ([Person("clerk") for _ in range(9)], "can_mentor"),
        ([Person(None, can_mentor=True) for _ in range(9)], "role_skills"),
        ([Person("clerk", can_mentor=True) for _ in range(3)], "more people"),
    ):
        (one,) = mentors_reports(programme(people))
        assert isinstance(one, NotShown)
        assert word in one.reason
    (one,) = mentors_reports(programme(able_people(52, 30), None))
    assert isinstance(one, NotShown)
    assert "model" in one.reason

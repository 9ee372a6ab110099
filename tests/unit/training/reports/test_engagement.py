"""Reports on engagement: tables held against loops over people, answers, and what cannot be shown."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.programme.engagement_world import (
    BUNDLE,
    MODULES,
    NOW,
    ROLES,
    SKILLS,
    Person,
    bundle,
    busy,
    dataset,
    programme,
    random_people,
)
from training.programme.engagement_figures import Ratio, Share
from training.programme.programme import Programme
from training.reports.engagement import engagement_reports
from training.reports.engagement_behind import behind_report
from training.reports.page import write_report
from training.reports.sheet import About, NotShown, Report

STEPS = ("started", "finished", "mastered", "recorded", "used")
SEGMENT = {role: segment for role, (segment, _) in ROLES.items()}
PEOPLE = busy(random_people(np.random.default_rng(41), 800))


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    found = engagement_reports(programme(PEOPLE))
    assert all(isinstance(one, Report) for one in found)
    return {one.name: one for one in found if isinstance(one, Report)}


def sheet(report: Report, name: str) -> pd.DataFrame:
    return next(one for one in report.sheets if one.name == name).rows


def n_reached(p: Person, skills: tuple[str, ...]) -> list[int]:
    """Skills that somebody reached each step with."""
    n = [0] * 5
    for s in skills:
        last = [uses for skill, quarter, uses in p.uses if skill == s and quarter == 1]
        ways = (p.started(s), p.finished(s), p.mastered(s), bool(last), bool(last) and last[0] >= 13)
        for i in range(5):
            n[i] += all(ways[: i + 1])
    return n


def same(shown: Any, expected: float) -> bool:
    return bool(pd.isna(shown)) or shown == pytest.approx(expected)


def hold_funnel(row: pd.Series[Any], people: list[Person], skills: tuple[str, ...]) -> int:
    """Compare a row with loops; return how many of its figures are shown."""
    n = np.array([n_reached(p, skills) for p in people], float)
    assert row["n_people"] == len(people)
    for i, step in enumerate(STEPS):
        assert same(row[step], n[:, i].mean())
    for i, (_, step) in enumerate(pairwise(STEPS)):
        if step == "recorded":
            continue
        ratio = Ratio.of(n[:, i + 1], n[:, i])
        assert same(row[f"{step}_share"], n[:, i + 1].sum() / n[:, i].sum())
        assert same(row[f"{step}_low"], ratio.low)
        assert same(row[f"{step}_high"], ratio.high)
        assert pd.isna(row[f"{step}_share"]) == pd.isna(row[f"{step}_span"])
    return int(row.notna().sum())


def test_tables_of_the_funnel_are_those_of_loops(reports: dict[str, Report]) -> None:
    theirs = [p for p in PEOPLE if any(p.started(s) for s in SKILLS)]
    areas = {"all skills": tuple(SKILLS), "technical": ("code", "data"), "human": ("talk", "care")}
    rows = sheet(reports["engagement"], "areas")
    assert rows["of"].tolist() == list(areas)
    shown = [hold_funnel(row, theirs, areas[row["of"]]) for _, row in rows.iterrows()]
    assert min(shown) >= 12
    rows = sheet(reports["engagement"], "segments")
    assert len(rows) >= 2
    for _, row in rows.iterrows():
        own = [p for p in theirs if SEGMENT.get(p.role or "") == row["of"]]
        assert hold_funnel(row, own, tuple(SKILLS)) >= 12


def hold_share(row: pd.Series[Any], names: tuple[str, str, str, str], n_has: int, n: int) -> None:
    values = dict(zip(names, (n_has, *_figures(n_has, n)), strict=True))
    for name, value in values.items():
        assert same(row[name], value)


def _figures(n_has: int, n: int) -> tuple[float, float, float]:
    share = Share.of(n_has, n)
    return n_has / n, share.low, share.high


def test_tables_of_who_falls_behind_are_those_of_loops(reports: dict[str, Report]) -> None:
    from tests.unit.training.programme.test_engagement_behind import sign_of

    by_hand = [(p, sign_of(p)) for p in PEOPLE]
    n_shown = 0
    for name in ("segments", "roles"):
        for _, row in sheet(reports["falling-behind"], name).iterrows():
            who = row["people"]
            own = [
                sign
                for p, sign in by_hand
                if sign is not None
                and (who == "everybody" or who in (SEGMENT.get(p.role or ""), (p.role or "").upper()))
            ]
            assert row["n_people"] == len(own)
            for sign in ("idle", "slow", "failing"):
                names = (f"{sign}_n", f"{sign}_share", f"{sign}_low", f"{sign}_high")
                hold_share(row, names, own.count(sign), len(own))
                n_shown += not pd.isna(row[f"{sign}_n"])
    assert n_shown >= 7
    everybody = sheet(reports["falling-behind"], "segments").iloc[0]
    assert not everybody.isna().any()


def test_tables_of_what_fades_are_those_of_loops() -> None:
    from tests.unit.training.programme.test_engagement_fading import asked, due, idle, is_of, lost

    people = random_people(np.random.default_rng(44), 800)
    report = engagement_reports(programme(people))[2]
    assert isinstance(report, Report)
    rows = sheet(report, "skills")
    assert len(rows) >= 2
    assert rows["n_unpractised"].notna().any()
    for _, row in rows.iterrows():
        skill = row["skill"].lower()
        own = [p for p in people if asked(p, skill)]
        values = np.array([lost(p, skill) for p in own])
        assert row["n_asked"] == len(own)
        half = 1.9645 * values.std(ddof=1) / np.sqrt(len(own))
        figures = row["lost"], row["lost_low"], row["lost_high"]
        mean = -values.mean()
        assert figures == pytest.approx((mean, mean - half, mean + half), rel=0.01, abs=1e-9)
        those = [p for p in own if idle(p, skill)]
        assert same(row["n_unpractised"], len(those))
        assert same(row["then"], float(np.mean([p.used(skill, 182.0) for p in those])))
        assert same(row["now"], float(np.mean([p.used(skill) for p in those])))
    for _, row in sheet(report, "due").iterrows():
        own = [p for p in people if is_of(p) and row["people"] in ("everybody", SEGMENT.get(p.role or ""))]
        assert row["n_people"] == len(own)
        hold_share(row, ("n_due", "share", "low", "high"), sum(map(due, own)), len(own))


def test_a_domain_that_is_finished_and_not_mastered_is_named() -> None:
    answers = [(s, s in ("talk", "care"), 5.0 + k) for s in SKILLS for k in range(9)]
    modules = [(m, "completed", 20.0) for m in MODULES]
    people = [Person("clerk", answers=answers, modules=modules) for _ in range(30)]
    report = engagement_reports(programme(people))[0]
    assert isinstance(report, Report)
    named = next(line for line in report.answer if line.startswith("Finished but not mastered"))
    assert "technical skills" in named
    assert "human" not in named
    passes = [(s, True, d) for s, _, d in answers]
    report = engagement_reports(programme([replace(p, answers=passes) for p in people]))[0]
    assert isinstance(report, Report)
    assert any(line.startswith("No area stands out") for line in report.answer)


def test_a_role_where_more_people_stopped_is_named_and_none_where_labels_are_shuffled() -> None:
    rng = np.random.default_rng(42)

    def answer(roles: list[str], idle: np.ndarray) -> str:
        people = [
            Person(r, modules=[("m-code", "started", 70.0 if i else 7.0)])
            for r, i in zip(roles, idle, strict=True)
        ]
        report = behind_report(programme(people))
        assert isinstance(report, Report)
        return next(line for line in report.answer if ("ole" in line and "stand" in line) or "Roles" in line)

    roles = ["clerk"] * 80 + ["analyst"] * 80
    idle = rng.random(160) < np.repeat([0.2, 0.6], 80)
    assert "ANALYST" in answer(roles, idle)
    assert "CLERK" not in answer(roles, idle)
    named = [answer(list(rng.permutation(roles)), idle).startswith("Roles where") for _ in range(20)]
    assert sum(named) <= 3


def test_what_fades_most_is_named() -> None:
    answers = [("talk", True, 200.0 + k) for k in range(3)]
    people = [Person("clerk", answers=answers) for _ in range(12)] + [Person("analyst") for _ in range(12)]
    report = engagement_reports(programme(people))[2]
    assert isinstance(report, Report)
    assert "Most faded, on average over all people whose role asks for the skill: Talk, " in report.answer[1]
    assert report.answer[0].startswith("50% (")


def test_nobody_is_named(reports: dict[str, Report]) -> None:
    for report in reports.values():
        text = repr((report.answer, report.cannot_show, [one.rows.to_dict() for one in report.sheets]))
        assert "p0" not in text


def test_the_same_programme_gives_the_same_files(reports: dict[str, Report], tmp_path: Path) -> None:
    again = {one.name: one for one in engagement_reports(programme(PEOPLE)) if isinstance(one, Report)}
    about = About("made", "0" * 64, NOW, True)
    for name, report in reports.items():
        for folder, one in (("a", report), ("b", again[name])):
            (tmp_path / folder).mkdir(exist_ok=True)
            write_report(one, about, tmp_path / folder)
    made = (path for path in (tmp_path / "a").rglob("*") if path.is_file())
    files = sorted(path.relative_to(tmp_path / "a") for path in made)
    assert len(files) == 3 + 3 + 2 + 2
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_without_a_model_only_what_is_finished_is_shown() -> None:
    for theirs in (None, bundle(known=False)):
        funnel, behind, fading = engagement_reports(programme(PEOPLE, theirs))
        assert isinstance(funnel, Report)
        assert "mastered" not in sheet(funnel, "areas").columns
        assert any("there is no model" in line for line in funnel.cannot_show)
        assert isinstance(behind, NotShown)
        assert isinstance(fading, NotShown)


def test_without_tables_or_times_it_says_why() -> None:
    made = dataset(PEOPLE[:40])
    bare = replace(
        made, tables={k: v for k, v in made.tables.items() if k not in ("completions", "adoption")}
    )
    funnel, _, _ = engagement_reports(Programme(bare, NOW, BUNDLE))
    assert isinstance(funnel, NotShown)
    assert "completions" in funnel.reason
    _, behind, fading = engagement_reports(Programme(replace(made, has_clock=False), NOW, BUNDLE))
    for one in (behind, fading):
        assert isinstance(one, NotShown)
        assert "when it happened" in one.reason
    nobody = engagement_reports(programme([Person(None, modules=[("m-code", "completed", 5.0)])] * 9))
    assert isinstance(nobody[1], NotShown)
    assert "role_skills" in nobody[1].reason


def test_finished_modules_alone_make_no_step_of_starting() -> None:
    people = [Person("clerk", modules=[("m-code", "completed", 5.0)]) for _ in range(9)]
    report = engagement_reports(programme(people))[0]
    assert isinstance(report, Report)
    rows = sheet(report, "areas")
    assert "started" not in rows.columns
    assert rows["finished"].tolist() == [1.0, 1.0, 0.0]
    assert any("finished modules only" in line for line in report.cannot_show)


def test_what_is_left_out_is_counted(reports: dict[str, Report]) -> None:
    few = engagement_reports(programme(random_people(np.random.default_rng(43), 30)))
    assert any(one.n_withheld > 0 for one in few if isinstance(one, Report))
    for report in reports.values():
        for one in report.sections:
            assert one.chart is None or len(one.chart.says) > 30

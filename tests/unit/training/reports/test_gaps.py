"""Reports on skill gaps: every table by hand, in full, and words that say what the tables say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.unit.training.programme.gaps_by_hand import ByHand, interval, verdicts
from tests.unit.training.programme.gaps_world import (
    FIRST,
    NOW,
    PROFILES,
    TITLES,
    Counted,
    answers,
    catalog,
    person,
    programme,
    random_world,
)
from training.reports.gaps import gaps_reports
from training.reports.page import as_page
from training.reports.sheet import About, NotShown, Report

BY = ("role", "team", "segment")
SEGMENTS = {"user": "Users", "builder": "Builders", "leader": "Leaders"}
KEYS = {"12 months ago": "12_months_ago", "6 months ago": "6_months_ago", "the start": "the_start"}


def reports(world: Counted) -> dict[str, Report]:
    found = {}
    for by, its in zip(BY, gaps_reports(world), strict=True):
        assert isinstance(its, Report)
        found[by] = its
    return found


def tables(report: Report) -> dict[str, pd.DataFrame]:
    return {sheet.name: sheet.rows for sheet in report.sheets}


def told(value: float | None) -> float:
    return np.nan if value is None else round(value, 3)


def name_of(group: str, by: str) -> str:
    if not group:
        return f"No {by} given"
    return {**TITLES, **SEGMENTS}.get(group, group)


def surely(cell: Any) -> float:
    low, gap = cell["low"], cell["gap"]
    return float(gap if pd.isna(low) else low)


class Expected:
    """The tables of one report, worked out by hand."""

    def __init__(self, world: Counted, by: str) -> None:
        self.hand, self.by = ByHand(world, by), by
        hand = self.hand
        short = {n: sum(1 - hand.ready[i] for i in g) / len(g) for n, g in hand.groups.items()}
        short = {name: short[name] if name in hand.ready_told else -1.0 for name in short}
        self.order = sorted(hand.groups, key=lambda name: (-round(short[name], 9), name))
        matters = {
            s: sum(PROFILES[hand.role(i) or ""][s][1] * hand.gap[i, s] for i in its)
            for s, its in hand.skills.items()
        }
        self.skills = sorted(matters, key=lambda s: (-round(matters[s], 9), s))

    def gap(self, of: frozenset[str], s: str) -> dict[str, float]:
        mean, low, high, _ = interval([self.hand.gap[i, s] for i in sorted(of)])
        low, high = low if low is None else max(low, 0.0), high if high is None else min(high, 1.0)
        return {"n_people": len(of), "gap": told(mean), "low": told(low), "high": told(high)}

    def skills_rows(self) -> list[dict[str, Any]]:
        rows = []
        for s in self.skills:
            of, whole = self.hand.skills[s], "no" if s in self.hand.joined else "yes"
            required = np.mean([PROFILES[self.hand.role(i) or ""][s][0] for i in of])
            row = {"skill": f"Skill {s.upper()}", "required": told(float(required))}
            rows.append(row | self.gap(of, s) | {"is_everybody": whole})
        return rows

    def widest_rows(self) -> list[dict[str, Any]]:
        cells = [
            {"group": name_of(group, self.by), "skill": f"Skill {s.upper()}", **self.gap(of, s)}
            for (group, s), of in sorted(self.hand.cells.items())
        ]
        sure = [cell for cell in cells if surely(cell) > 0.0]
        return sorted(sure, key=lambda cell: -surely(cell))[:15]

    def _moved(self, group: str, moment: str) -> dict[str, Any]:
        hand = self.hand
        of = hand.moved.get((group, moment))
        if of is None:
            blank = dict.fromkeys(("n_people", "change", "low", "high"), np.nan)
            return blank | {"verdict": None, "is_everybody": None}
        then, ids = hand.ready_then(moment), sorted(of)
        mean, low, high, _ = interval([hand.ready[i] - then[i] for i in ids])
        there = hand.there(moment) & (hand.among if group == "*" else hand.groups[group])
        return {
            "n_people": len(of),
            "change": told(mean),
            "low": told(low),
            "high": told(high),
            "verdict": self._verdict(group, moment),
            "is_everybody": "yes" if of == there else "no",
        }

    def _verdict(self, group: str, moment: str) -> str:
        hand, then = self.hand, self.hand.ready_then(moment)
        groups = ["*"] if group == "*" else [g for g in hand.groups if (g, moment) in hand.moved]
        changes = [interval([hand.ready[i] - then[i] for i in sorted(hand.moved[g, moment])]) for g in groups]
        return verdicts(changes)[groups.index(group)]

    def moments(self) -> list[str]:
        return [moment for moment in KEYS if ("*", moment) in self.hand.moved]

    def moved_rows(self) -> list[dict[str, Any]]:
        return [{"since": moment} | self._moved("*", moment) for moment in self.moments()]

    def groups_rows(self) -> list[dict[str, Any]]:
        rows = []
        for group in self.order:
            ready = [1 - self.hand.ready[i] for i in sorted(self.hand.groups[group])]
            short, low, high, _ = interval(ready)
            row: dict[str, Any] = {
                "group": name_of(group, self.by),
                "n_people": len(ready),
                "ready": told(1 - short),
                "ready_low": told(None if high is None else max(1 - high, 0.0)),
                "ready_high": told(None if low is None else min(1 - low, 1.0)),
            }
            if group not in self.hand.ready_told:
                row |= dict.fromkeys(("ready", "ready_low", "ready_high"), np.nan)
            for moment in self.moments():
                row |= {f"{k}_{KEYS[moment]}": v for k, v in self._moved(group, moment).items()}
            rows.append(row)
        return rows

    def gaps_rows(self) -> list[dict[str, Any]]:
        rows = []
        for group in self.order:
            row: dict[str, Any] = {
                "group": name_of(group, self.by),
                "n_people": len(self.hand.groups[group]),
            }
            for s in self.skills:
                cell = self.hand.cells.get((group, s))
                blank = dict.fromkeys(("n_people", "gap", "low", "high"), np.nan)
                its = self.gap(cell, s) if cell else blank
                row |= {f"{k}_skill_{s}": v for k, v in its.items()}
            rows.append(row)
        return rows


def same(shown: pd.DataFrame, rows: list[dict[str, Any]]) -> None:
    """Every row and column, in order of rows."""
    expected = pd.DataFrame(rows)
    assert set(shown.columns) == set(expected.columns) or not rows
    assert len(shown) == len(rows)
    for column in expected:
        one, other = shown[column].tolist(), expected[column].tolist()
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            if isinstance(b, str):
                assert a == b, (column, i)
            elif b is None or np.isnan(b):
                assert pd.isna(a), (column, i)
            else:
                # A tenth of a point: rounding of halves may go either way.
                assert a == pytest.approx(b, abs=1.01e-3 if round(b, 3) == b else 1e-9), (column, i)


@pytest.mark.parametrize("seed", [0, 2, 3])
@pytest.mark.parametrize("by", BY)
def test_every_table_is_what_hand_work_gives(seed: int, by: str) -> None:
    world = random_world(seed, 90, 4)
    expected, report = Expected(world, by), reports(world)[by]
    its = tables(report)
    same(its["moved"], expected.moved_rows())
    same(its["groups"], expected.groups_rows())
    assert report.n_withheld == expected.hand.n_withheld
    assert expected.hand.moved
    assert ("skills" in its) == bool(expected.hand.skills)
    if "skills" not in its:
        return
    same(its["skills"], expected.skills_rows())
    same(its["gaps"], expected.gaps_rows())
    widest = expected.widest_rows()
    assert len(its["widest"]) == len(widest)
    same(
        its["widest"].sort_values(["group", "skill"], ignore_index=True),
        sorted(widest, key=lambda row: (row["group"], row["skill"])),
    )
    assert its["widest"].apply(surely, axis=1).is_monotonic_decreasing


def planted(seed: int) -> Counted:
    """Six teams of ten clerks: t3 lacks skill D; t1 learned last year and nobody else did."""
    rng = np.random.default_rng(seed)
    people, attempts = [], []
    for i in range(60):
        team = f"t{i // 10}"
        people.append(person(i, role_id="clerk", team_id=team))
        for s in ("a", "d"):
            chance = 0.05 if (team, s) == ("t3", "d") else 0.4
            row = people[-1]["learner_id"]
            attempts += answers(row, s, FIRST, *(rng.random(40) < chance))
            chance = 0.95 if team == "t1" else chance
            later = pd.Timestamp(NOW) - pd.Timedelta(days=60)
            attempts += answers(row, s, later, *(rng.random(40) < chance))
    return programme(people, attempts)


def test_of_a_team_most_of_which_are_alike_no_mean_is_told() -> None:
    report = reports(planted(6))["team"]
    groups = tables(report)["gaps"].set_index("group")
    assert pd.isna(groups.loc["t3", ["gap_skill_d", "low_skill_d", "high_skill_d", "n_people_skill_d"]]).all()
    assert not any("t3 in Skill D" in line for line in report.answer)


def lacking(n_clerks: int, n_short: int) -> Counted:
    """Two teams of clerks who all have skill D, but for some of the first."""
    people, attempts = [], []
    for i in range(2 * n_clerks):
        people.append(person(i, role_id="clerk", team_id=f"t{i // n_clerks}"))
        row = people[-1]["learner_id"]
        attempts += answers(row, "a", FIRST, *([True] * 9))
        attempts += answers(row, "d", FIRST, *([False] * (i + 1) if i < n_short else [True] * 9))
    return programme(people, attempts)


@pytest.mark.parametrize("n_short", [1, 4, 5])
def test_what_one_to_four_people_lack_follows_from_no_table(n_short: int) -> None:
    report = reports(lacking(12, n_short))["team"]
    its = tables(report)
    gaps, told_of = its["gaps"].set_index("group"), n_short == 5
    assert pd.isna(gaps.loc["t0", "gap_skill_d"]) == (not told_of)
    assert pd.isna(its["groups"].set_index("group").loc["t0", "ready"]) == (not told_of)
    whole = its["skills"].set_index("skill")["n_people"]["Skill D"]
    assert whole == (24 if told_of else 12), "else it is only of the team that lacks nothing"
    assert gaps.loc["t1", "gap_skill_d"] == 0.0
    assert (report.n_withheld == 0) == told_of
    assert any(line.startswith("How ready") for line in report.answer) == (not told_of)
    assert as_page(report, About("made", "0" * 64, NOW, False))


def test_the_team_that_lacks_a_skill_and_the_one_that_learned_are_named() -> None:
    report = reports(planted(3))["team"]
    its = tables(report)
    assert its["widest"].loc[0, ["group", "skill"]].tolist() == ["t3", "Skill D"]
    assert any(
        "that is most surely wide is that of t3 in Skill D" in s and "is picked" in s for s in report.answer
    )
    groups = its["groups"].set_index("group")
    assert groups["verdict_12_months_ago"]["t1"] == "rose"
    rest = groups.drop("t1")
    holds = (rest["low_12_months_ago"] <= 0.0) & (rest["high_12_months_ago"] >= 0.0)
    assert holds.sum() >= 4
    assert any("1 rose and 0 fell" in line for line in report.answer)
    assert report.answer[0].startswith("The gap that matters most is in Skill D")


def test_what_happens_after_now_changes_nothing() -> None:
    world = random_world(5, 50)
    later = random_world(5, 50)
    frame, learners = later.dataset.tables["attempts"], later.dataset.tables["learners"]
    after = pd.Timestamp(NOW) + pd.Timedelta(days=3)
    more = [row for i in range(50) for row in answers(f"person-{i:03d}", "a", after, *[True] * 9)]
    newcomers = pd.DataFrame([person(900 + i, role_id="clerk", team_id="t0") for i in range(9)])
    newcomers["hired_at"] = after
    tables_after = {
        "attempts": pd.concat([frame, pd.DataFrame(more)], ignore_index=True),
        "learners": pd.concat([learners, newcomers], ignore_index=True),
    }
    later.dataset.tables.update(tables_after)  # type: ignore[attr-defined]
    for by, report in reports(world).items():
        same_one = reports(later)[by]
        assert report.answer == same_one.answer
        assert report.cannot_show == same_one.cannot_show
        for name, rows in tables(report).items():
            pd.testing.assert_frame_equal(rows, tables(same_one)[name])


def test_the_same_programme_gives_the_same_pages() -> None:
    about = About("made", "0" * 64, NOW, False)
    one, other = (reports(random_world(6, 40))["team"] for _ in range(2))
    assert as_page(one, about) == as_page(other, about)


def test_words_say_what_tables_say_and_name_nobody() -> None:
    world = random_world(2, 90, 4)
    for by, report in reports(world).items():
        its = tables(report)
        text = " ".join(
            (
                *report.answer,
                *(t for s in report.sections for t in (s.chart.says if s.chart else "", *s.text)),
            )
        )
        least = its["groups"].iloc[0]
        assert f"The least ready {by} is {least['group']}, at {least['ready']:.0%}" in text
        first = its["skills"].iloc[0]
        assert f"is in {first['skill']}" in report.answer[0]
        assert f"{int(first['n_people']):,} people" in report.answer[0]
        for row in its["moved"].to_dict("records"):
            line = next(one for one in report.answer if one.startswith(f"Since {row['since']}, "))
            assert f"the same {int(row['n_people']):,} people" in line
            assert (row["verdict"] in line) or "no difference that could not be chance" in line
        page = as_page(report, About("made", "0" * 64, NOW, False))
        assert not any(i in page for i in world.learners["learner_id"])


def test_charts_have_labels_within_reason_and_every_told_cell() -> None:
    world = random_world(2, 90, 4)
    report = reports(world)["team"]
    charts = [section.chart.figure for section in report.sections if section.chart is not None]
    heat, ready = charts
    texts = [text.get_text() for text in heat.axes[0].texts]
    cells = tables(report)["gaps"].filter(regex="^gap_").to_numpy().ravel()
    whole = tables(report)["skills"]["gap"]
    assert sorted(map(int, texts)) == sorted(round(100 * v) for v in [*cells[~np.isnan(cells)], *whole])
    assert [t.get_text() for t in ready.axes[0].get_yticklabels()] == tables(report)["groups"][
        "group"
    ].tolist()
    for figure in charts:
        assert isinstance(figure, Figure)
        sizes = [t.get_fontsize() for axes in figure.axes for t in (*axes.texts, *axes.get_yticklabels())]
        assert min(sizes) >= 9.0


def test_the_chart_of_movement_shows_what_the_table_says() -> None:
    report = reports(planted(3))["team"]
    (ready,) = [s.chart.figure for s in report.sections if s.chart and len(s.chart.figure.axes) == 2]
    groups = tables(report)["groups"]
    marks = [line for line in ready.axes[1].lines if line.get_marker() not in ("None", None, "")]
    for y, mark in enumerate(marks):
        assert float(mark.get_ydata()[0]) == y  # type: ignore[index]
        assert float(mark.get_xdata()[0]) == pytest.approx(  # type: ignore[index]
            100 * groups["change_12_months_ago"][y], abs=0.051
        )
        kind = {"rose": "^", "fell": "v"}.get(groups["verdict_12_months_ago"][y], "o")
        assert mark.get_marker() == kind
    assert [mark.get_marker() for mark in marks].count("^") == 1
    assert len(marks) == 6


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"skills": None}, "cannot read mastery"),
        ({"of": type(catalog()).from_tables({})}, "No role says"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_shown(changed: dict[str, Any], reason: str) -> None:
    (only,) = gaps_reports(random_world(1, 20, **changed))
    assert isinstance(only, NotShown)
    assert reason in only.reason


def test_without_a_model_nothing_is_shown() -> None:
    world = random_world(1, 20)
    world.bundle = None
    (only,) = gaps_reports(world)
    assert isinstance(only, NotShown)
    assert "no trained model" in only.reason


def test_a_partition_that_nobody_has_is_not_shown_and_others_are() -> None:
    world = programme(
        [person(i, role_id="clerk") for i in range(12)], answers("person-000", "a", FIRST, True)
    )
    role, team, segment = gaps_reports(world)
    assert isinstance(role, Report)
    assert isinstance(segment, Report)
    assert isinstance(team, NotShown)
    assert "team" in team.reason


def test_groups_all_too_small_are_not_shown() -> None:
    people = [person(i, role_id="clerk", team_id=f"t{i // 3}") for i in range(12)]
    _, team, _ = gaps_reports(programme(people, answers("person-000", "a", FIRST, True)))
    assert isinstance(team, NotShown)
    assert "at least 5 people" in team.reason


def test_without_times_movement_is_said_to_be_missing() -> None:
    report = reports(random_world(1, 60, has_clock=False))["role"]
    assert "moved" not in tables(report)
    assert any("getting better" in line for line in report.cannot_show)
    assert any("cannot be told" in line for line in report.answer)

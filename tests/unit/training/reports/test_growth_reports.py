"""Every figure of the reports on learning once more, by loops; and what they say where they cannot tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.programme import growth_naive as naive
from tests.unit.training.programme.growth_worlds import NOW, START, asked, grown, programme, sitting
from training.programme.growth import Gain
from training.programme.growth_groups import Growth, GrowthFound, Returned, growth
from training.programme.growth_proficiency import Curves
from training.programme.programme import Programme
from training.reports import growth_words
from training.reports.growth import growth_reports
from training.reports.page import write_report
from training.reports.sheet import About, NotShown, Report

N = 240
WIDTH = 1.959964


def world(seed: int = 2) -> Programme:
    """People of two segments and two cohorts; a part of each is measured again after 6 and 12 months."""
    rng = np.random.default_rng(seed)
    difficulty, ability = rng.normal(0, 1, 26), rng.normal(0, 1, N)
    leads = np.arange(N) % 3 == 0
    began = np.where(np.arange(N) % 2 == 0, 0.0, 200.0)
    again = {0.0: np.arange(N) % 12 < 11, 6.0: np.arange(N) % 12 < 9, 12.0: np.arange(N) % 12 < 8}
    rows = []
    items = asked(rng, np.zeros((N, 26)), 24)
    for at, (month, gain) in enumerate(((0.0, 0.0), (6.0, 0.5), (12.0, 1.0))):
        part = items[:, 8 * at : 8 * at + 8]
        one = sitting(rng, ability + gain * (1 + leads), difficulty, part, month, began)
        rows.append(one[np.repeat(again[month], 8)])
    # Everybody gives an answer when they begin, to what no check asks.
    rows.append(
        sitting(rng, ability, difficulty, items[:, :1], 0.0, began).assign(item_id="m", module_id="m")
    )
    learners = pd.DataFrame(
        {
            "learner_id": [f"p{at:05}" for at in range(N)],
            "segment": np.where(leads, "leader", "user"),
            "role_id": pd.array(np.where(leads, "r1", "r2"), dtype="str"),
        }
    )
    roles = pd.DataFrame({"role_id": ["r1", "r2"], "title": ["Head of yard", "Clerk"]})
    return programme(pd.concat(rows), learners, n_resamples=4, more={"roles": roles})


@pytest.fixture(scope="module")
def made() -> Programme:
    return world()


@pytest.fixture(scope="module")
def reports(made: Programme) -> dict[str, Report]:
    return {one.name: one for one in growth_reports(made) if isinstance(one, Report)}


class Loops:
    """Levels of groups by loops, for all people and for the resamples that a programme draws."""

    def __init__(self, made: Programme) -> None:
        self.attempts, self.now = made.dataset.tables["attempts"], pd.Timestamp(made.now)
        self.ids = made.learners["learner_id"].tolist()
        self.sittings = naive.sittings_of(self.attempts, self.now)
        drawn = made.rng("growth").multinomial(len(self.ids), [1 / len(self.ids)] * len(self.ids), size=4)
        draws = [[1.0] * len(self.ids), *drawn.tolist()]
        self.weights = [dict(zip(self.ids, draw, strict=True)) for draw in draws]
        self.mix = naive.mix_of(self.sittings)
        self.known: dict[tuple[frozenset[str], int], np.ndarray] = {}
        self.b = [naive.difficulties(self.sittings, weight) for weight in self.weights]

    def level(self, people: Iterable[str], month: int) -> np.ndarray:
        key = frozenset(people), month
        if key not in self.known:
            self.known[key] = self.new_level(*key)
        return self.known[key]

    def new_level(self, people: frozenset[str], month: int) -> np.ndarray:
        chosen = {(who, month): self.sittings[who, month] for who in people}
        return np.array(
            [
                naive.level(chosen, b, self.mix, weight, self.b[0])
                for b, weight in zip(self.b, self.weights, strict=True)
            ]
        )

    def eligible(self, month: int) -> set[str]:
        with_start = {who for who, at in self.sittings if at == 0}
        return {who for who in with_start if naive.is_over(self.attempts, who, month, self.now)}

    def again(self, month: int) -> set[str]:
        return {who for who in self.eligible(month) if (who, month) in self.sittings}


def bounds(draws: np.ndarray) -> list[float]:
    error = float(np.std(draws[1:], ddof=1))
    return [float(draws[0]), float(draws[0]) - WIDTH * error, float(draws[0]) + WIDTH * error]


def agrees(row: Any, columns: list[str], wanted: list[float | None]) -> None:
    for column, value in zip(columns, wanted, strict=True):
        shown = row[column]
        if value is None:
            assert pd.isna(shown), column
        else:
            near = 4e-3 if column.endswith(("low", "high")) else 1e-3
            assert shown == pytest.approx(value, abs=near), column


GAIN = ["gain", "gain_low", "gain_high"]


@pytest.fixture(scope="module")
def loops(made: Programme) -> Loops:
    return Loops(made)


def sheet(report: Report, name: str) -> pd.DataFrame:
    return next(one.rows for one in report.sheets if one.name == name)


def test_every_figure_of_growth_by_segment_is_that_of_loops(reports: dict[str, Report], loops: Loops) -> None:
    report = reports["growth-by-segment"]
    assert [one.name for one in report.sheets] == ["everybody", "groups", "against-rest", "returned"]
    everybody, groups = sheet(report, "everybody"), sheet(report, "groups")
    rest, returned = sheet(report, "against-rest"), sheet(report, "returned")
    leads = {who for at, who in enumerate(loops.ids) if at % 3 == 0}
    members = {"leader": leads, "user": set(loops.ids) - leads}
    assert everybody["months"].tolist() == [6, 12]
    assert [(row.months, row.group) for row in groups.itertuples()] == [
        (month, name) for month in (6, 12) for name in ("user", "leader")
    ]
    for rows, of in ((everybody, None), (groups, members)):
        for _, row in rows.iterrows():
            among = set(loops.ids) if of is None else of[row["group"]]
            again, eligible = loops.again(row["months"]) & among, loops.eligible(row["months"]) & among
            assert row["people"] == len(again)
            assert row["people_eligible"] == len(eligible)
            start, later = loops.level(again, 0), loops.level(again, row["months"])
            agrees(
                row,
                ["share_again", "passed_at_start", "passed_later", *GAIN],
                [len(again) / len(eligible), start[0], later[0], *bounds(later - start)],
            )
    for _, row in rest.iterrows():
        own = loops.again(12) & members[row["group"]]
        others = loops.again(12) - own
        draws = (
            loops.level(own, 12) - loops.level(own, 0) - (loops.level(others, 12) - loops.level(others, 0))
        )
        assert (row["months"], row["people"]) == (12, len(own))
        agrees(row, ["more_than_rest", "more_than_rest_low", "more_than_rest_high"], bounds(draws))
        # Of two groups the one is the rest of the other: their chances are the same.
        error = np.std(draws[1:], ddof=1)
        assert row["beyond_chance"] == ("yes" if abs(draws[0]) / error > WIDTH else "no")
    assert rest["group"].tolist() == ["user", "leader"]
    assert returned["months"].tolist() == [6, 12]
    for _, row in returned.iterrows():
        again = loops.again(row["months"])
        gone = loops.eligible(row["months"]) - again
        assert (row["people_again"], row["people_not_again"]) == (len(again), len(gone))
        ours, theirs = loops.level(again, 0), loops.level(gone, 0)
        agrees(
            row,
            ["passed_again", "passed_not_again", "difference", "difference_low", "difference_high"],
            [ours[0], theirs[0], *bounds(ours - theirs)],
        )


def test_everybody_is_the_same_in_each_partition(reports: dict[str, Report]) -> None:
    tables = [sheet(reports[f"growth-by-{kind}"], "everybody") for kind in ("cohort", "segment", "role")]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[0], tables[2])
    by_role, by_segment = (sheet(reports[f"growth-by-{kind}"], "groups") for kind in ("role", "segment"))
    assert by_role["group"].tolist() == ["Clerk", "Head of yard"] * 2
    assert by_role["gain"].tolist() == pytest.approx(by_segment["gain"].tolist())
    cohorts = sheet(reports["growth-by-cohort"], "groups")
    assert cohorts["group"].tolist() == ["winter 2022/23", "summer 2023"] * 2


def test_every_figure_of_proficiency_is_that_of_loops(reports: dict[str, Report], made: Programme) -> None:
    spells = naive.spell(made.dataset.tables["attempts"], pd.Timestamp(made.now))
    table = sheet(reports["proficiency-by-segment"], "curves")
    segment = dict(zip(made.learners["learner_id"], made.learners["segment"], strict=True))
    assert len(table) >= 3
    for row in table.itertuples():
        own = [one for who, one in spells.items() if row.group in ("everybody", segment[who])]
        reached = sum(hit and month <= row.months for month, hit in own)
        followed = sum(month >= row.months and not (hit and month <= row.months) for month, hit in own)
        assert (row.people, row.people_reached, row.people_followed) == (len(own), reached, followed)
        wanted = naive.survival([m for m, _ in own], [hit for _, hit in own], row.months)
        assert (row.share, row.share_low, row.share_high) == pytest.approx(wanted, abs=1e-6)


def test_the_first_line_is_the_answer_with_its_figures(reports: dict[str, Report]) -> None:
    row = sheet(reports["growth-by-role"], "everybody").set_index("months").loc[12]
    assert reports["growth-by-role"].answer[0] == (
        f"12 months after they began, people pass {100 * row['gain']:.1f} more of the same 100 items than "
        "at the "
        f"start, {100 * row['passed_later']:.0f} for {100 * row['passed_at_start']:.0f} (between "
        f"{100 * row['gain_low']:.1f} and {100 * row['gain_high']:.1f}; {row['people']:,.0f} people "
        "measured both "
        "times)."
    )
    assert "is how people changed" in reports["growth-by-role"].answer[-1]


def test_pages_name_nobody_and_are_the_same_each_time(
    made: Programme, reports: dict[str, Report], tmp_path: Path
) -> None:
    again = {one.name: one for one in growth_reports(world()) if isinstance(one, Report)}
    assert set(again) == set(reports)
    about = About("world", "0" * 64, NOW, True)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    for name, report in reports.items():
        first = write_report(report, about, tmp_path / "one")
        second = write_report(again[name], about, tmp_path / "two")
        for one, other in zip(first, second, strict=True):
            text = one.read_text()
            assert text == other.read_text()
            assert not any(who in text for who in made.learners["learner_id"])
            assert len(text) < 300_000


def found_with(gain: Gain, rest: Gain | None, *, differs: bool) -> GrowthFound:
    everybody = Growth(None, 12, 100, 0.4, 0.4 + gain.gain, gain)
    group = Growth("yard", 12, 50, 0.4, 0.5, gain, rest, differs)
    returned = Returned(12, 60, 40, 0.4, 0.45, Gain(100, -0.05, -0.08, -0.02))
    return GrowthFound(12, "checks", (everybody,), (group,), (returned,))


def test_what_could_be_chance_is_never_called_a_gain() -> None:
    none = found_with(Gain(60, 0.01, -0.02, 0.04), Gain(60, 0.02, -0.01, 0.05), differs=False)
    lines = growth_words.answer("role", none)
    assert lines[0] == (
        "12 months after they began, there is no difference from the start that could not be chance (+1.0, "
        "between "
        "-2.0 and +4.0 of 100 items; 60 people)."
    )
    assert "did not gain more or less than everybody else" in lines[2]
    less = found_with(Gain(60, -0.03, -0.05, -0.01), Gain(60, -0.06, -0.09, -0.03), differs=True)
    lines = growth_words.answer("role", less)
    assert "people pass 3.0 fewer of the same 100 items" in lines[0]
    assert "(between 1.0 and 5.0; 60 people" in lines[0]
    assert lines[1] == (
        "Of 100 people who could be measured again after 12 months, 60% were; at the start these passed "
        "5.0 fewer "
        "of 100 items than the others (between 2.0 and 8.0), so the gains need not hold for those."
    )
    assert lines[2] == "After 12 months gained less than everybody else: yard (-6.0, between -9.0 and -3.0)."


def test_where_no_items_link_two_times_it_is_said_and_not_drawn() -> None:
    rng = np.random.default_rng(0)
    ability, difficulty = rng.normal(0, 1, 100), rng.normal(0, 1, 24)
    items = np.tile(np.arange(24), (100, 1))
    rows = [
        sitting(rng, ability, difficulty, items[:, :12], 0.0),
        sitting(rng, ability, difficulty, items[:, 12:], 12.0),
    ]
    shown = growth_reports(programme(pd.concat(rows), n_resamples=5))
    assert [one.name for one in shown] == [
        "growth",
        "proficiency-by-cohort",
        "growth-by-segment",
        "growth-by-role",
    ]
    reasons = {one.name: one.reason for one in shown if isinstance(one, NotShown)}
    assert "at a fixed date" in reasons["growth"]
    assert "learners.segment" in reasons["growth-by-segment"]
    assert "learners.role_id" in reasons["growth-by-role"]


def test_a_report_that_may_not_be_told_says_so(monkeypatch: pytest.MonkeyPatch, made: Programme) -> None:
    module = "training.reports.growth"
    kinds = iter(range(9))
    of_kind = growth

    def refused(*args: Any) -> GrowthFound | None:
        return None if next(kinds) == 1 else of_kind(*args)

    monkeypatch.setattr(f"{module}.growth", refused)
    monkeypatch.setattr(f"{module}_proficiency.curves", lambda *_: Curves({}, ()))
    shown = {one.name: one for one in growth_reports(made)}
    assert isinstance(shown["growth-by-cohort"], Report)
    for name in ("growth-by-segment", "proficiency-by-cohort", "proficiency-by-role"):
        found = shown[name]
        assert isinstance(found, NotShown)
        assert "few people" in found.reason


def test_without_dated_answers_nothing_is_shown() -> None:
    made, _, _ = grown(0, n=30)
    attempts = made.dataset.tables["attempts"]
    for blind in (
        programme(attempts, has_clock=False),
        programme(attempts, now=START - timedelta(days=1)),
    ):
        (only,) = growth_reports(blind)
        assert isinstance(only, NotShown)
        assert "completions do not" in only.reason
    assert datetime(2026, 1, 1, tzinfo=UTC) == NOW

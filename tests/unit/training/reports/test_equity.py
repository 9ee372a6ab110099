"""What the report on equity answers, what it says that it cannot, and its pages."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from tests.unit.training.programme.equity_world import sites, world
from tests.unit.training.reports.equity_by_hand import ABOUT, SHEETS, all_rows, report
from training.programme.programme import Programme
from training.reports.equity import equity_reports
from training.reports.page import as_page
from training.reports.sheet import NotShown


def test_the_answer_is_what_the_tables_say(monkeypatch) -> None:
    made = world(sites(600, 0), 0, too_high={"c": 0.1})
    its = report(made, monkeypatch)
    rows = all_rows(its)
    count = rows["verdict"].value_counts()
    n = count["a difference that may matter"]
    assert its.answer[0] == (
        f"Perhaps: {n} of {len(rows)} comparisons between 4 groups of 600 people together show a difference "
        f"that may matter; {count['no difference that matters']} show no difference that matters, of "
        f"{count.get('too few to say', 0)} too little is known."
    )
    row = rows[(rows["measure"] == "Passes expected too many") & (rows["group"] == "c")].iloc[0]
    assert its.answer[1] == (
        f"c ({row.n_learners} people): passes that the model expects beyond those there are {row.value:.1%}, "
        f"for everybody else {row.others:.1%}; {100 * row.difference:.1f} points more (between "
        f"{100 * row.difference_low:.1f} and {100 * row.difference_high:.1f} points)."
    )
    assert "no input" in its.answer[-1]


def test_no_difference_is_told_as_such(monkeypatch) -> None:
    its = report(world(sites(2500, 4, (0.5, 0.5)), 4, n_answers=(15, 25)), monkeypatch)
    assert its.answer[0].startswith("No difference that may matter was found in")
    assert "The widest of those known well enough, too small to matter: " in its.answer[1]
    assert not any("Perhaps" in line for line in its.answer)


def test_less_is_told_as_less(monkeypatch) -> None:
    its = report(world(sites(900, 5, (0.6, 0.4)), 5, too_hard={"b": 0.5}), monkeypatch)
    line = next(x for x in its.answer if "places of the list with a module on level" in x)
    # Of two groups one is told; the other is its mirror.
    told = [x for x in its.answer if "with a module on level" in x]
    assert told == [line]
    low, high = re.search(r"\(between ([\d.]+) and ([\d.]+) points\)", line).groups()
    assert line.startswith("a (")
    assert "points more" in line
    assert float(low) < float(high)


def test_pages_are_written_and_small(monkeypatch) -> None:
    page = as_page(report(world(sites(400, 6), 6), monkeypatch), ABOUT)
    assert len(page) < 400_000
    assert page.count("<svg") == 5
    assert not re.search(r"p0\d\d\d", page), "no learner is named"


def test_what_cannot_be_shown_is_said(monkeypatch) -> None:
    full = report(world(sites(300, 7), 7), monkeypatch)
    assert not any("no skill model" in line or "no bundle" in line for line in full.cannot_show)
    bare = report(replace(world(sites(300, 7), 7), answers=None, offered=None), monkeypatch)
    assert [sheet.name for sheet in bare.sheets] == ["gain"]
    assert any("no skill model" in line for line in bare.cannot_show)
    assert any("no bundle that recommends" in line for line in bare.cannot_show)
    nobody = np.zeros(300, np.bool_)
    without = report(world(sites(300, 7), 7, twice=nobody), monkeypatch)
    assert [sheet.name for sheet in without.sheets] == SHEETS[:-1]
    assert any("gained more than another" in line for line in without.cannot_show)


def test_nothing_to_show(monkeypatch) -> None:
    (one,) = equity_reports(world(["a"] * 50, 8).put_in(monkeypatch))
    assert isinstance(one, NotShown)
    assert "no two groups" in one.reason
    nobody = np.zeros(100, np.bool_)
    empty = replace(world(sites(100, 8), 8, twice=nobody), answers=None, offered=None)
    (one,) = equity_reports(empty.put_in(monkeypatch))
    assert isinstance(one, NotShown)
    assert "neither a skill model" in one.reason
    programme = world(sites(100, 8), 8).put_in(monkeypatch)
    del programme.learners["group_site"]
    (one,) = equity_reports(programme)
    assert isinstance(one, NotShown)
    assert "no column of groups" in one.reason


def test_each_column_has_a_name_of_its_own(monkeypatch) -> None:
    programme: Programme = world(sites(200, 9), 9).put_in(monkeypatch)
    programme.learners["group_Site!"] = programme.learners["group_site"]
    programme.learners["group_"] = programme.learners["group_site"]
    names = [its.name for its in equity_reports(programme)]
    assert names == ["equity-site", "equity-site-2", "equity-groups"]


def test_names_are_of_one_report_each(monkeypatch) -> None:
    programme: Programme = world(sites(200, 9), 9).put_in(monkeypatch)
    for column in ("group_a", "group_A", "group_a_2", "group_A!", "group_a-2"):
        programme.learners[column] = programme.learners["group_site"]
    names = [its.name for its in equity_reports(programme)]
    assert names == ["equity-site", "equity-a", "equity-a-2", "equity-a-2-2", "equity-a-3", "equity-a-2-3"]


def test_little_known_is_not_no_difference(monkeypatch) -> None:
    its = report(world(sites(1200, 4, (0.49, 0.49, 0.02)), 4, n_answers=(15, 25)), monkeypatch)
    count = all_rows(its)["verdict"].value_counts()
    n, n_little, n_same = count.sum(), count["too few to say"], count["no difference that matters"]
    assert count.size == 2
    assert 0 < n_same < 0.8 * n
    assert its.answer[0] == (
        f"Of {n} comparisons between 3 groups of 1,200 people together too little is known for {n_little}; "
        f"the other {n_same} show no difference that matters."
    )

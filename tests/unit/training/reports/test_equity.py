"""Every figure of the report recomputed from what people did, and nobody told apart by it."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student
from sklearn.metrics import log_loss, roc_auc_score

from tests.unit.training.programme.equity_world import NOW, World, sites, world
from training.programme.programme import Programme
from training.reports.equity import equity_reports
from training.reports.page import as_page
from training.reports.sheet import About, NotShown, Report

ABOUT = About("made", "0" * 12, NOW, False)
SHEETS = ["expected", "told-apart", "surprise", "difficulty", "kinds", "gain"]
MATTERS = {"Surprise": 0.03, "Passes expected too many": 0.02, "Pass told from fail": 0.03} | {
    "Chance of passing": 0.05,
    "Gain in 12 months": 0.05,
}
LIST_MEASURES = (
    "Places filled",
    "Places on level",
    "Places easier than that",
    "Places harder than that",
    "Places with format “video”",
    "Places with format “course”",
    "Places with level “beginner”",
)


def report(made: World, patch: pytest.MonkeyPatch) -> Report:
    (its,) = equity_reports(made.put_in(patch))
    assert isinstance(its, Report)
    return its


def all_rows(its: Report) -> pd.DataFrame:
    return pd.concat([sheet.rows for sheet in its.sheets], ignore_index=True)


def value_of(made: World, measure: str, people: np.ndarray) -> float:
    """A measure of some people, in a loop over them."""
    answers, offered = made.answers, made.offered
    rows = [i for i, who in enumerate(answers.learner.tolist()) if people[who]]
    y, p = answers.passed[rows], answers.predicted[rows]
    match measure:
        case "Passes expected too many":
            return float(sum(p) / len(p) - sum(y) / len(y))
        case "Pass told from fail":
            return float(roc_auc_score(y, p))
        case "Surprise":
            return float(log_loss(y, p))
        case "Gain in 12 months":
            counts = [(made.gain.get(made.labels[i], 0.1)) for i in np.flatnonzero(people & made.twice)]
            return float(np.mean(counts))
        case "Chance of passing":
            who = np.flatnonzero(people)
            return float(offered.success[who].sum() / offered.n_success[who].sum())
    counts = places_of(made)
    who = [i for i in range(len(people)) if people[i] and offered.served[i]]
    return sum(counts[measure][i] / 10 for i in who) / len(who)


def places_of(made: World) -> dict[str, np.ndarray]:
    """Places by measure."""
    offered = made.offered
    return {
        "Places filled": offered.filled,
        "Places on level": offered.on_level,
        "Places easier than that": offered.easier,
        "Places harder than that": offered.harder,
    } | {f"Places with {what} “{name}”": its for (what, name), its in offered.kinds.items()}


def gives_away(places: np.ndarray) -> bool:
    """Whether one to four people have such places, or others."""
    return any(1 <= count <= 4 for count in ((places > 0).sum(), (places < 10).sum()))


def people_of(made: World, measure: str) -> np.ndarray:
    """Whom a measure is of."""
    answered = np.isin(np.arange(len(made.labels)), made.answers.learner)
    if measure in LIST_MEASURES:
        return answered & made.offered.served
    if measure == "Chance of passing":
        return answered & (made.offered.n_success > 0)
    return answered & made.twice if measure == "Gain in 12 months" else answered


def error_of(made: World, measure: str, group: np.ndarray, rest: np.ndarray) -> tuple[float, float]:
    """Standard errors of a value and of a difference, by drawing people one by one."""
    if measure == "Gain in 12 months":
        one = 0.04 / 1.959964
        sizes = [(made.labels[rest] == name).sum() for name in sorted(set(made.labels[rest]))]
        weights = np.array(sizes) / sum(sizes)
        return one, float(np.sqrt(one**2 + ((weights * one) ** 2).sum()))
    rng = np.random.default_rng(11)
    own, gaps = [], []
    people = len(made.labels)
    for _ in range(60):
        values = []
        for part in (group, rest):
            drawn = np.bincount(rng.choice(np.flatnonzero(part), part.sum()), minlength=people)
            values.append(weighted(made, measure, drawn))
        own.append(values[0])
        gaps.append(values[0] - values[1])
    few = np.sqrt(group.sum() / (group.sum() - 1))
    return few * np.std(own, ddof=1), few * np.std(gaps, ddof=1)


def weighted(made: World, measure: str, times: np.ndarray) -> float:
    """A measure of people who each count several times."""
    answers, offered = made.answers, made.offered
    w = times[answers.learner]
    y, p = answers.passed, answers.predicted
    match measure:
        case "Passes expected too many":
            return float(np.average(p - y, weights=w))
        case "Pass told from fail":
            return float(roc_auc_score(y, p, sample_weight=w))
        case "Surprise":
            return float(log_loss(y, p, sample_weight=w))
        case "Chance of passing":
            return float((times * offered.success).sum() / (times * offered.n_success).sum())
    counts = places_of(made)
    return float((times * counts[measure]).sum() / (10 * times.sum()))


def test_every_table_in_full(monkeypatch) -> None:
    labels = sites(260, 1, (0.4, 0.3, 0.3))
    labels[:8] = "z few"  # too few to be judged, enough to be told
    twice = np.arange(260) % 3 != 2
    twice[:8] = True
    planted = {"too_high": {"c": 0.15}, "too_hard": {"b": 0.4}, "gain": {"a": 0.3}}
    made = world(labels, 1, twice=twice, n_resamples=600, **planted)
    its = report(made, monkeypatch)
    assert [sheet.name for sheet in its.sheets] == SHEETS
    rows = all_rows(its)
    measures = [*MATTERS, *LIST_MEASURES]
    told = {(m, g) for m in measures for g in ("a", "b", "c", "z few")}
    # Two of the eight have lists that are not full. Shares by difficulty or format would tell of these places
    # if all were told: what fewest people have is not.
    eight = {m: its[:8] for m, its in places_of(made).items()}
    assert {m for m, places in eight.items() if gives_away(places)} == {"Places filled"}
    told -= {("Places filled", "z few")}
    for family in (LIST_MEASURES[1:4], LIST_MEASURES[4:6]):
        order = {m: i for i, m in enumerate(("Places easier than that", *LIST_MEASURES))}
        told -= {(min(family, key=lambda m: ((eight[m] > 0).sum(), order[m])), "z few")}
    assert set(zip(rows["measure"], rows["group"], strict=True)) == told
    assert len(rows) == len(told)
    p_of = {}
    for row in rows.itertuples():
        people = people_of(made, row.measure)
        others = np.isin(labels, [g for m, g in told if m == row.measure and g != row.group])
        group, rest = people & (labels == row.group), people & others
        assert (row.n_learners, row.n_others) == (group.sum(), rest.sum())
        assert row.value == pytest.approx(value_of(made, row.measure, group))
        assert row.others == pytest.approx(value_of(made, row.measure, rest))
        assert row.difference == pytest.approx(row.value - row.others)
        assert row.matters_from == MATTERS.get(row.measure, 0.1)
        free = group.sum() - 1, min(group.sum(), rest.sum()) - 1
        half = np.array([(row.high - row.low) / 2, (row.difference_high - row.difference_low) / 2])
        assert (row.low + row.high) / 2 == pytest.approx(row.value)
        assert (row.difference_low + row.difference_high) / 2 == pytest.approx(row.difference)
        errors = half / student.ppf(0.975, free)
        tolerance = 0.001 if row.measure == "Gain in 12 months" else 0.35
        assert errors == pytest.approx(error_of(made, row.measure, group, rest), rel=tolerance, abs=1e-9)
        if group.sum() >= 30:
            p_of[row.measure, row.group] = 2 * student.sf(abs(row.difference) / errors[1], free[1])
    smallest, adjusted = 0.0, {}
    for i, (key, p) in enumerate(sorted(p_of.items(), key=lambda pair: pair[1])):
        smallest = max(smallest, min(1.0, p * (len(p_of) - i)))
        adjusted[key] = smallest
    for row in rows.itertuples():
        its_p = adjusted.get((row.measure, row.group))
        assert (row.adjusted_p == pytest.approx(its_p)) if its_p is not None else np.isnan(row.adjusted_p)
        within = -row.matters_from < row.difference_low and row.difference_high < row.matters_from
        verdict = "too few to say"
        if its_p is not None and within:
            verdict = "no difference that matters"
        elif its_p is not None and its_p < 0.05:
            verdict = "a difference that may matter"
        assert row.verdict == verdict
    assert set(rows["verdict"]) == {
        "too few to say",
        "a difference that may matter",
        "no difference that matters",
    }


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


def planted(places: np.ndarray, value: float, *where: int) -> np.ndarray:
    """Give some people other places."""
    its = places.copy()
    its[list(where)] = value
    return its


def test_the_one_place_of_one_person_is_not_told(monkeypatch) -> None:
    made = world(sites(300, 3, (0.5, 0.5)), 3)
    one = int(np.flatnonzero(made.labels == "a")[0])
    empty, full = np.zeros(300), np.full(300, 10.0)
    rare = planted(empty, 1.0, one)
    kinds = {("format", "rare"): rare, ("format", "usual"): full - rare, ("level", "all"): full}
    kinds[("level", "none")] = empty
    lists = replace(
        made.offered, filled=full, easier=empty, on_level=planted(full, 9.0, one), harder=rare, kinds=kinds
    )
    its = report(replace(made, offered=lists), monkeypatch)
    shown = set(all_rows(its)["measure"])
    assert not {m for m in shown if "rare" in m or "usual" in m or "on level" in m or "harder" in m}
    assert {"Places filled", "Places with level “all”", "Places with level “none”"} <= shown
    # Two groups each of: on level, harder, rare and usual.
    assert its.n_withheld == 8
    assert any(line.startswith("8 shares of places of lists: fewer than five") for line in its.cannot_show)
    page = as_page(its, ABOUT)
    assert "0.0007" not in page
    assert (
        "harder" not in next(x.chart.says for x in its.sections if "difficult" in x.title).split("group.")[1]
    )


def test_one_list_that_is_not_full_is_not_told(monkeypatch) -> None:
    made = world(sites(300, 3, (0.4, 0.3, 0.3)), 3)
    one = int(np.flatnonzero(made.labels == "a")[0])
    full = planted(np.full(300, 10.0), 9.0, one)
    half = np.where(np.arange(300) % 2 == 0, 10.0, 0.0)
    kinds = {("format", "one"): np.minimum(half, full), ("format", "two"): np.minimum(10 - half, full)}
    rows = all_rows(
        report(replace(made, offered=replace(made.offered, filled=full, kinds=kinds)), monkeypatch)
    )
    assert set(rows.loc[rows["measure"] == "Places filled", "group"]) == {"b", "c"}
    told = rows[rows["measure"].str.startswith("Places with format")]
    # Both formats together would tell of the empty place.
    assert (told["group"] == "a").sum() == 1
    assert set(told.loc[told["group"] != "a", "group"]) == {"b", "c"}


def test_chances_are_shown_without_places(monkeypatch) -> None:
    made = world(sites(300, 3, (0.5, 0.5)), 3)
    empty = np.zeros(300)
    few = planted(empty, 1.0, *(int(np.flatnonzero(made.labels == g)[0]) for g in "ab"))
    lists = replace(made.offered, easier=few, on_level=few, harder=few)
    its = report(replace(made, offered=lists), monkeypatch)
    (section,) = (x for x in its.sections if "difficult" in x.title)
    assert section.chart is None
    assert set(section.sheet.rows["measure"]) == {"Chance of passing"}
    as_page(its, ABOUT)


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


def check_places(made: World, names: np.ndarray, shown: dict[str, set[str]]) -> None:
    """No share that is told, nor what is left of all places, is of one to four people."""
    listed = people_of(made, "Places filled")
    for measure, places in places_of(made).items():
        for group in shown[measure]:
            assert not gives_away(places[listed & (names == group)])
            assert not gives_away(places[listed & np.isin(names, list(shown[measure] - {group}))])
    for group in set(names):
        own = listed & (names == group)
        for family in (LIST_MEASURES[1:4], LIST_MEASURES[4:6], LIST_MEASURES[6:]):
            told = [places_of(made)[m][own] for m in family if group in shown[m]]
            if told:
                assert not gives_away(sum(told))
                rest = made.offered.filled[own] - sum(told)
                assert group not in shown["Places filled"] or not 1 <= (rest > 0).sum() <= 4


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(12, 70), n_sites=st.integers(2, 5))
def test_nobody_is_told_apart(seed: int, n: int, n_sites: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.choice(list("abcde")[:n_sites], n).astype(object)
    labels[rng.random(n) < 0.1] = None
    masks = [rng.random(n) < rng.choice([0.5, 0.85, 1.0]) for _ in range(4)]
    masks[0][0] = True
    made = world(
        labels,
        seed,
        answered=masks[0],
        lists=masks[1],
        chances=masks[2],
        twice=masks[3],
        n_resamples=10,
    )
    with pytest.MonkeyPatch.context() as patch:
        (its,) = equity_reports(made.put_in(patch))
    if isinstance(its, NotShown):
        return
    names = np.where(pd.isna(labels), "not recorded", labels)
    rows = all_rows(its)
    shown = defaultdict(set)
    for row in rows.itertuples():
        shown[row.measure].add(row.group)
    told = []
    for measure, groups in shown.items():
        people = people_of(made, measure)
        everybody = people & np.isin(names, list(groups))
        for group in groups:
            told += [people & (names == group), everybody & (names != group)]
            row = rows[(rows["measure"] == measure) & (rows["group"] == group)].iloc[0]
            assert (row.n_learners, row.n_others) == (told[-2].sum(), told[-1].sum())
    check_places(made, names, shown)
    among = np.isin(np.arange(n), made.answers.learner)
    parts = defaultdict(int)
    for i in np.flatnonzero(among):
        parts[tuple(bool(group[i]) for group in told)] += 1
    assert all(count >= 5 for count in parts.values())

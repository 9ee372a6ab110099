"""Nobody is told apart by the report on equity."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.programme.equity_world import World, sites, world
from tests.unit.training.reports.equity_by_hand import (
    ABOUT,
    LIST_MEASURES,
    all_rows,
    gives_away,
    people_of,
    places_of,
    report,
)
from training.reports.equity import equity_reports
from training.reports.page import as_page
from training.reports.sheet import NotShown


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

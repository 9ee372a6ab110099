"""Nobody is told apart by the report on equity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.unit.training.programme.equity_world import sites, world
from tests.unit.training.reports.equity_by_hand import ABOUT, all_rows, report
from training.reports.page import as_page


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
    assert any(line.startswith("8 values of groups: all but fewer than five") for line in its.cannot_show)
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

"""Every figure of the report recomputed from what people did."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

from tests.unit.training.programme.equity_world import sites, world
from tests.unit.training.programme.known_values import few
from tests.unit.training.reports.equity_by_hand import (
    LIST_MEASURES,
    MATTERS,
    SHEETS,
    all_rows,
    error_of,
    people_of,
    places_of,
    report,
    value_of,
)


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
    # Two of the eight have lists that are not full, and two have no place that is easier; six have one such.
    # Both follow from other kinds of places if all of these are told: what fewest people have is not.
    eight = {measure: (places[:8], places) for measure, places in places_of(made).items()}
    assert {measure for measure, its in eight.items() if few(*its)} == {LIST_MEASURES[0], LIST_MEASURES[2]}
    assert few(made.offered.n_success[:8], made.offered.n_success)
    withheld = ("Chance of passing", *(LIST_MEASURES[i] for i in (0, 2, 3, 4)))
    told -= {(measure, "z few") for measure in withheld}
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

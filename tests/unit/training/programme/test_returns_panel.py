"""Outcomes by unit and period, when units began, and who is compared with whom."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.unit.training.programme.returns_world import NEVER, outcomes
from training.programme.returns_design import choose_design, periods_ahead
from training.programme.returns_panel import Panel, panels


def panel_of(rows: pd.DataFrame) -> Panel:
    (panel,) = panels(rows)
    return panel


def flat(start: list[int], n_periods: int = 12, cost: np.ndarray | None = None) -> pd.DataFrame:
    return outcomes(np.ones((len(start), n_periods)), start, cost)


def test_values_of_a_month_are_averaged_and_costs_added() -> None:
    rows = flat([1, NEVER], 3, np.full((2, 3), 10.0))
    again = rows.iloc[[1]].assign(value=4.0, cost=5.0)
    panel = panel_of(pd.concat([rows, again]))
    assert panel.units == ("u000", "u001")
    np.testing.assert_array_equal(panel.value, [[1, 2.5, 1], [1, 1, 1]])
    np.testing.assert_array_equal(panel.cost, [[10, 15, 10], [10, 10, 10]])
    assert panel.start.tolist() == [1, 3]
    assert panel.has_begun.tolist() == [True, False]
    assert str(panel.month(2)) == "2022-03"


def test_what_is_not_there_is_missing_and_a_cost_that_is_unknown_is_not_nothing() -> None:
    rows = flat([1, NEVER], 3, np.array([[0.0, np.nan, 2.0], [0.0, 0.0, 0.0]]))
    panel = panel_of(rows.drop(index=[4]))
    np.testing.assert_array_equal(panel.value, [[1, 1, 1], [1, np.nan, 1]])
    np.testing.assert_array_equal(panel.cost, [[0, np.nan, 2], [0, np.nan, 0]])


def test_months_that_lie_apart_alike_make_one_period() -> None:
    panel = panel_of(outcomes(np.ones((2, 5)), [2, NEVER], step=3))
    assert (panel.step, panel.n_periods, panel.start.tolist()) == (3, 5, [2, 5])
    assert str(panel.month(4)) == "2023-01"


def test_measures_and_kinds_of_units_are_apart() -> None:
    rows = pd.concat([flat([1]), flat([1]).assign(measure="errors"), flat([1]).assign(unit_kind="learner")])
    assert [(p.measure, p.kind) for p in panels(rows)] == [
        ("errors", "team"),
        ("sales", "learner"),
        ("sales", "team"),
    ]


def test_who_stops_has_begun_and_who_does_not_say_is_not_clear() -> None:
    rows = flat([2, 2, NEVER], 6)
    rows.loc[4:5, "treated"] = False
    rows.loc[7, "treated"] = pd.NA
    panel = panel_of(rows)
    assert panel.start.tolist() == [2, 2, 6]
    assert panel.is_clear.tolist() == [True, False, True]


def test_units_that_begin_are_compared_with_such_as_have_not_by_the_end() -> None:
    # Six begin in period 4, five in 9, five never. A window to period 8 has ten to compare with, a longer
    # one five; of seven periods with 6 * 5 / 11 and five with 6 * 10 / 16 the first tell more.
    start = [4] * 6 + [9] * 5 + [NEVER] * 5
    design = choose_design(panel_of(flat(start, 12)), 0)
    assert design is not None
    (cohort,) = design.cohorts
    assert (cohort.start, design.last, design.n_window, design.base) == (4, 7, 8, -1)
    assert cohort.treated.tolist() == [0, 1, 2, 3, 4, 5]
    assert cohort.comparison.tolist() == [11, 12, 13, 14, 15]
    early = choose_design(panel_of(flat(start, 10)), 0)
    assert early is not None
    assert early.last == 4
    assert early.cohorts[0].comparison.tolist() == list(range(6, 16))


def test_with_anticipation_the_base_is_earlier_and_comparison_begins_later() -> None:
    start = [4] * 6 + [NEVER] * 5
    design = choose_design(panel_of(flat(start, 10)), 2)
    assert design is not None
    # Of who has not begun by the last period, 9, it is not known whether period 10 is the start.
    assert (design.base, design.last, design.n_window) == (-3, 3, 6)
    assert design.cohorts[0].comparison.tolist() == list(range(6, 11))


def test_units_without_a_value_in_the_window_or_before_are_not_in() -> None:
    rows = flat([0] * 5 + [3] * 7 + [NEVER] * 7, 6)
    rows.loc[(rows["unit_id"] == "u005") & (rows.index % 6 == 2), "value"] = np.nan
    rows.loc[(rows["unit_id"] == "u012") & (rows.index % 6 == 4), "value"] = np.nan
    rows.loc[rows["unit_id"] == "u006", "treated"] = pd.NA
    rows.loc[rows["unit_id"] == "u013", "treated"] = pd.NA
    design = choose_design(panel_of(rows), 0)
    assert design is not None
    assert np.flatnonzero(design.treated).tolist() == [7, 8, 9, 10, 11]
    assert np.flatnonzero(design.comparison).tolist() == [14, 15, 16, 17, 18]


@pytest.mark.parametrize(
    "start", [[3] * 12, [3] * 4 + [NEVER] * 9, [3] * 9 + [NEVER] * 4, [0] * 9 + [NEVER] * 9]
)
def test_fewer_than_five_on_a_side_are_not_compared(start: list[int]) -> None:
    assert choose_design(panel_of(flat(start)), 0) is None


def test_no_window_is_longer_than_two_years() -> None:
    design = choose_design(panel_of(flat([1] * 5 + [NEVER] * 5, 40)), 0)
    assert design is not None
    assert design.n_window == 24


@pytest.mark.parametrize(("first_cost", "ahead"), [(4, 0), (3, 1), (2, 2), (1, 0), (0, 0)])
def test_cost_before_the_marked_start_tells_that_it_is_late(first_cost: int, ahead: int) -> None:
    # From three periods before on cost is said to have nothing to do with the start.
    start = [4] * 5 + [NEVER] * 5
    period = np.arange(12)
    cost = np.where((np.arange(10)[:, None] < 5) & (period >= first_cost), 100.0, 0.0)
    assert periods_ahead(panel_of(flat(start, 12, cost))) == ahead


@pytest.mark.parametrize(("n_spend", "ahead"), [(4, 0), (5, 1)])
def test_costs_of_fewer_than_five_units_do_not_tell_when_it_begins(n_spend: int, ahead: int) -> None:
    cost = np.where(np.arange(12) >= 4, 100.0, 0.0) * np.ones((12, 1))
    cost[:n_spend, 3] = 900.0
    assert periods_ahead(panel_of(flat([4] * 7 + [NEVER] * 5, 12, cost))) == ahead
    cost[n_spend:] = 0.0
    assert periods_ahead(panel_of(flat([4] * 7 + [NEVER] * 5, 12, cost))) == ahead


def test_a_little_cost_before_or_none_at_all_tells_nothing() -> None:
    start = [4] * 5 + [NEVER] * 5
    period = np.arange(12)
    cost = np.where(period >= 4, 100.0, np.where(period == 3, 9.0, 0.0)) * np.ones((10, 1))
    assert periods_ahead(panel_of(flat(start, 12, cost))) == 0
    assert periods_ahead(panel_of(flat(start, 12))) == 0
    assert periods_ahead(panel_of(flat(start, 12, np.zeros((10, 12))))) == 0

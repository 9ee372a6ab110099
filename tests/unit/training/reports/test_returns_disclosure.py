"""Nobody stands out in a report on returns, whatever of it is put together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.programme.returns_attack import (
    Cohorts,
    cost_so_far,
    effect,
    known_costs,
    known_values,
    solved,
)
from tests.unit.training.programme.returns_world import NEVER, Floats, learners, made, outcomes, programme
from tests.unit.training.reports.returns_by_hand import report, sides, simple, tables
from training.reports.returns import returns_reports
from training.reports.sheet import Report


@pytest.mark.parametrize("others", [np.nan, 0.0, 100.0])
def test_the_cost_of_one_unit_is_not_told(others: float) -> None:
    cost = np.full((20, 14), others)
    cost[0, 6:] = 1234.5
    rows = simple(5.0, 0.0).assign(cost=cost.ravel())
    found = report(rows, learners([8] * 20), value_per_unit=9.0)
    assert "return" not in tables(found)
    assert found.answer[-1].startswith("What it cost cannot be told of so few")
    assert any(line.startswith("What it cost, and for how many teams") for line in found.cannot_show)
    assert not any("Cost is known for" in line for line in found.cannot_show)
    assert found.n_withheld > 0
    assert not any("for cost does" in line for line in found.method)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["team", "team", "learner"]))
def test_nobody_can_be_told_apart(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 40))
    start = rng.choice([0, 2, 3, 4, 6, NEVER], n, p=[0.1, 0.25, 0.15, 0.1, 0.1, 0.3]).tolist()
    values = made(rng, start, n_periods=9, effect=1.0)
    values[rng.random(values.shape) < rng.choice([0, 0.02])] = np.nan
    # Costs that all differ, of all or of some, in all months or in some.
    cost = np.where(rng.random(values.shape) < rng.choice([0, 0.05]), 0.0, rng.gamma(2, 20, values.shape))
    cost[rng.random(n) < rng.choice([0, 0.3])] = np.nan
    rows = outcomes(values, start, cost, kind=kind)
    rows.loc[rows["unit_id"].isin(["u003", "u007"]) & (rng.random(len(rows)) < 0.1), "treated"] = pd.NA
    sizes = rng.integers(0, rng.choice([3, 6]), n) if kind == "team" else np.ones(n, int)
    people = learners(sizes.tolist())
    if kind == "learner":
        people["learner_id"] = people["team_id"]
    (found,) = returns_reports(programme(rows, people, n_resamples=20), ahead=0)
    if isinstance(found, Report):
        groups = shown_groups(found, rows)
        heads = {f"u{i:03}": max(int(size), 1) for i, size in enumerate(sizes)}
        # Everybody by the groups that they are in: people of one part can be told from all others.
        parts: dict[tuple[bool, ...], int] = {}
        for unit in sorted(set(rows["unit_id"])):
            part = tuple(unit in group for group in groups)
            parts[part] = parts.get(part, 0) + heads[unit]
        assert all(size >= 5 for size in parts.values())


def shown_groups(found: Report, rows: pd.DataFrame) -> list[set[str]]:
    """Units that each row of a report is about, from the rows alone."""
    given = tables(found)
    course = given["by-period"]
    last = int(course["month"].max()) - 1
    cohorts = sides(rows, last)
    treated = {unit for its, _ in cohorts.values() for unit in its}
    compared = {unit for _, others in cohorts.values() for unit in others}
    groups = [treated, compared]
    if "return" in given:
        groups += cost_groups(rows, cohorts, last)
    month = rows["occurred_at"].dt.year * 12 + rows["occurred_at"].dt.month
    at = month - month.min()
    there = set(zip(rows["unit_id"], at, strict=True))
    for number, n, m in zip(course["month"], course["n_units"], course["n_comparison"], strict=True):
        its, others = set(), set()
        for start, (one, other) in cohorts.items():
            one_there = [unit for unit in one if (unit, start + number - 1) in there]
            other_there = [unit for unit in other if (unit, start + number - 1) in there]
            if one_there and other_there:
                its |= set(one_there)
                others |= set(other_there)
        assert (len(its), len(others)) == (n, m)
        assert min(n, m) >= 5
        groups += [its, others]
    if "by-start" in given:
        names = {str(pd.Period("2022-01", "M") + start): start for start in cohorts}
        groups += [set(group) for name in given["by-start"]["began"] for group in cohorts[names[name]]]
    return groups + left_out(given["who"], rows, treated, compared)


def cost_groups(
    rows: pd.DataFrame, cohorts: dict[int, tuple[list[str], list[str]]], last: int
) -> list[set[str]]:
    """Units whose cost is known and that spend anything, by period of the window, from the rows alone."""
    cost = rows.pivot(index="unit_id", columns="occurred_at", values="cost")
    cost.columns = range(cost.shape[1])
    groups: list[set[str]] = []
    for since in range(last + 1):
        known, spends = set(), set()
        for start, (its, _) in cohorts.items():
            for unit in its:
                before = cost.loc[unit, : start - 1].sum() if since == 0 else 0.0
                now = cost.loc[unit, start + since]
                known |= {unit} if now == now else set()
                spends |= {unit} if before > 0 or now > 0 else set()
        assert not 0 < len(known) < 5
        assert not 0 < len(spends) < 5
        groups += [known, spends]
    return groups


def left_out(who: pd.DataFrame, rows: pd.DataFrame, treated: set[str], compared: set[str]) -> list[set[str]]:
    unclear = set(rows.loc[rows["treated"].isna(), "unit_id"])
    first = rows["occurred_at"].min()
    begun = set(rows.loc[rows["treated"].fillna(False), "unit_id"]) - unclear
    early = set(rows.loc[rows["treated"].fillna(False) & (rows["occurred_at"] == first), "unit_id"]) - unclear
    rest = set(rows["unit_id"]) - unclear - begun
    named = {
        "Began; judged here": treated,
        "Had not begun; compared with": compared,
        "Took part so early that no month before is known": early,
        "Began; not followed long enough, or values missing": begun - early - treated,
        "Had not begun; not compared with": rest - compared,
        "Not clear whether or when they took part": unclear,
    }
    for name, count in zip(who["group"], who["n_units"], strict=True):
        assert len(named[name]) == count, name
    return [named[name] for name in who["group"]]


def alike(rng: np.random.Generator, values: Floats, start: list[int]) -> Floats:
    """Values of which some units share theirs: in all periods or some, or what they change by."""
    same = rng.random(len(values)) < rng.uniform(0.2, 0.8)
    if rng.random() < 0.6:
        same[np.array(start) > 6] = True
    cells = same[:, None] & (rng.random(values.shape[1]) < rng.choice([0.3, 1]))
    shared = [
        np.zeros_like(values),
        rng.integers(0, 2, (len(values), 1)),
        rng.integers(0, 2, values.shape),
        rng.random((len(values), 1)),
    ][rng.integers(4)]
    values = np.where(cells, shared, values)
    return np.where(rng.random(values.shape) < rng.choice([0, 0, 0.03]), rng.random(values.shape), values)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from(["team", "learner"]))
def test_no_value_of_few_can_be_solved_from_all_figures(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(12, 40))
    start = rng.choice([0, 2, 3, 4, 6, NEVER], n, p=[0.1, 0.25, 0.15, 0.1, 0.1, 0.3]).tolist()
    values = made(rng, start, n_periods=9, effect=1.0)
    cost = rng.gamma(2, 20, values.shape)
    if rng.random() < 0.7:
        values = alike(rng, values, start)
    if rng.random() < 0.7:
        cost = alike(rng, cost, start)
    values[rng.random(values.shape) < rng.choice([0, 0.02, 0.1])] = np.nan
    cost[rng.random(n) < rng.choice([0, 0, 0.3])] = np.nan
    rows = outcomes(values, start, cost, kind=kind)
    sizes = rng.integers(0, rng.choice([3, 12]), n) if kind == "team" else np.ones(n, int)
    people = learners(sizes.tolist())
    if kind == "learner":
        people["learner_id"] = people["team_id"]
    (found,) = returns_reports(programme(rows, people, n_resamples=20), ahead=0)
    if not isinstance(found, Report):
        return
    given = tables(found)
    last = int(given["by-period"]["month"].max()) - 1
    units = [int(unit[1:]) for unit in sorted(set(rows["unit_id"]))]
    place = {f"u{unit:03}": i for i, unit in enumerate(units)}
    cohorts = {
        first: ([place[u] for u in its], [place[u] for u in others])
        for first, (its, others) in sides(rows, last).items()
    }
    # What there is no row of has no cost either.
    value, cost = values[units], np.where(np.isnan(values), np.nan, cost)[units]
    heads = [max(int(sizes[unit]), 1) for unit in units]
    figures = figures_of(given, value, cohorts, last)
    for known in known_values(value, cohorts, [month - 1 for month in given["by-period"]["month"]]):
        assert not solved(figures, known, heads)
    if "return" in given:
        spent = cost_so_far(cost, cohorts, last)
        same_as(spent, given["return"]["cost_so_far"], cost)
        for known in known_costs(cost, cohorts, last):
            assert not solved(spent, known, heads)


def figures_of(given: dict[str, pd.DataFrame], value: Floats, cohorts: Cohorts, last: int) -> list[Floats]:
    """Weights of all means and effects of a report; they give what it tells."""
    by_period = [effect(value, cohorts, month - 1) for month in given["by-period"]["month"]]
    same_as([level for level, _ in by_period], given["by-period"]["mean"], value)
    same_as([its for _, its in by_period], given["by-period"]["difference"], value)
    figures = [one for pair in by_period for one in pair if one.any()]
    if "by-start" in given:
        names = {str(pd.Period("2022-01", "M") + start): start for start in cohorts}
        its = [
            np.mean(
                [effect(value, {names[name]: cohorts[names[name]]}, since)[1] for since in range(last + 1)],
                axis=0,
            )
            for name in given["by-start"]["began"]
        ]
        same_as(its, given["by-start"]["difference"], value)
        figures += its
    return figures


def same_as(figures: list[Floats], told: pd.Series[float], value: Floats) -> None:
    assert [float((one * np.nan_to_num(value)).sum()) for one in figures] == pytest.approx(told.tolist())

"""A made organisation for tests of reports on returns, and who is compared with whom in it, by loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.unit.training.programme.returns_world import NEVER, Floats, learners, made, outcomes, programme
from training.reports.returns import returns_reports
from training.reports.sheet import Report

# Two begin too early, six in period 3, five in 5, four late, eight never; of the last one nothing is clear.
START = [0] * 2 + [3] * 6 + [5] * 5 + [10] * 4 + [NEVER] * 8 + [4]
SIZES = [6, 7, *[8] * 11, *[5] * 4, *[9] * 8, 10]
N_PERIODS = 12


def world() -> tuple[Floats, Floats, pd.DataFrame]:
    rng = np.random.default_rng(1)
    values = made(rng, START, n_periods=N_PERIODS, effect=3.0).round(2)
    since = np.arange(N_PERIODS) - np.array(START)[:, None]
    cost = np.where(since >= 0, rng.integers(10, 90, since.shape), 0).astype(float)
    rows = outcomes(values, START, cost)
    rows.loc[(rows["unit_id"] == "u025") & (rows.index % 5 == 0), "treated"] = pd.NA
    return values, cost, rows


def report(rows: pd.DataFrame, people: pd.DataFrame | None = None, **given: Any) -> Report:
    people = learners(SIZES) if people is None else people
    (found,) = returns_reports(programme(rows, people), **given)
    assert isinstance(found, Report)
    return found


def tables(found: Report) -> dict[str, pd.DataFrame]:
    return {sheet.name: sheet.rows for sheet in found.sheets}


def sides(rows: pd.DataFrame, last: int, ahead: int = 0) -> dict[int, tuple[list[str], list[str]]]:
    """Units by start that are judged, and those they are compared with, by loops over rows."""
    unclear = set(rows.loc[rows["treated"].isna(), "unit_id"])
    month = rows["occurred_at"].dt.year * 12 + rows["occurred_at"].dt.month
    at = month - month.min()
    n_periods = int(at.max()) + 1
    seen: dict[str, set[int]] = {}
    begin: dict[str, int] = {}
    for unit, period, treated in zip(rows["unit_id"], at, rows["treated"], strict=True):
        if unit in unclear:
            continue
        seen.setdefault(unit, set()).add(period)
        if treated:
            begin[unit] = min(begin.get(unit, n_periods), period)
    found = {}
    for start in sorted(set(begin.values())):
        window = set(range(start - 1 - ahead, start + last + 1))
        if min(window) < 0 or max(window) >= n_periods:
            continue
        its = [unit for unit in seen if begin.get(unit) == start and window <= seen[unit]]
        others = [u for u in seen if begin.get(u, n_periods) > start + last + ahead and window <= seen[u]]
        if its and len(others) >= 5:
            found[start] = (its, others)
    return found


def simple(
    effect: float, cost: float, *, drift: float = 0.0, first: int = 6, noise: float = 0.5
) -> pd.DataFrame:
    start = [first] * 10 + [NEVER] * 10
    since = np.arange(14) - np.array(start)[:, None]
    values = made(np.random.default_rng(2), start, n_periods=14, effect=effect, drift=drift, noise=noise)
    return outcomes(values, start, np.where(since >= 0, cost, 0.0))

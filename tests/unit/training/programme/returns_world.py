"""Small made organisations whose outcomes are known, for tests of returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.datasets.dataset import Dataset
from training.programme.programme import Programme

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NEVER = 10_000
Floats = NDArray[np.float64]


def outcomes(
    values: Floats,
    start: Sequence[int],
    cost: Floats | None = None,
    *,
    kind: str = "team",
    measure: str = "sales",
    step: int = 1,
) -> pd.DataFrame:
    """Table of outcomes by month from January 2022; no row where there is no value."""
    n, n_periods = values.shape
    unit, at = (axis.ravel() for axis in np.indices((n, n_periods)))
    months = pd.date_range("2022-01-20", periods=n_periods, freq=pd.DateOffset(months=step), tz="UTC")
    rows = pd.DataFrame(
        {
            "unit_id": np.array([f"u{i:03}" for i in range(n)])[unit],
            "unit_kind": kind,
            "measure": measure,
            "value": values.ravel(),
            "occurred_at": months.as_unit("us")[at],
            "treated": pd.array(at >= np.asarray(start)[unit], dtype="boolean"),
            "cost": np.nan if cost is None else cost.ravel(),
        }
    )
    return rows[rows["value"].notna()].reset_index(drop=True)


def learners(sizes: Sequence[int]) -> pd.DataFrame:
    """Table of learners of teams u000, u001, ... of some sizes; all were hired long ago."""
    teams = [f"u{i:03}" for i, size in enumerate(sizes) for _ in range(size)]
    return pd.DataFrame(
        {
            "learner_id": [f"p{i:04}" for i in range(len(teams))],
            "team_id": pd.Series(teams, dtype="str"),
            "hired_at": pd.Series(pd.Timestamp("2015-01-01", tz="UTC"), range(len(teams))),
        }
    )


def programme(
    rows: pd.DataFrame, people: pd.DataFrame, *, now: datetime = NOW, n_resamples: int = 200, seed: int = 0
) -> Programme:
    """A programme of outcomes and learners alone."""
    dataset = Dataset("made", Path(), {"outcomes": rows, "learners": people}, (), "0", True, False)
    return Programme(dataset, now, seed=seed, n_resamples=n_resamples)


def made(
    rng: np.random.Generator,
    start: Sequence[int],
    *,
    n_periods: int = 24,
    effect: float = 0.0,
    growth: float = 0.0,
    drift: float = 0.0,
    noise: float = 2.0,
) -> Floats:
    """Values of units: unlike in level, one season for all, noise; and an effect that differs by unit.

    `effect` is that of the first period and `growth` what each further one adds, both on average; units that
    start before the end drift by `drift` a period.
    """
    begin = np.asarray(start)[:, None]
    n, period = len(start), np.arange(n_periods)
    since = period - begin
    strength = 1 + 0.3 * rng.standard_normal((n, 1))
    values = 90 + 6 * rng.standard_normal((n, 1)) + 2 * np.sin(period / 2) + 0.05 * period
    values = values + drift * period * (begin < n_periods) + noise * rng.standard_normal((n, n_periods))
    return np.asarray(values + strength * np.where(since >= 0, effect + growth * since, 0.0))

"""Job postings of the market around the organisation: which skills are asked for, and the more each month."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from training.datasets.dataset import Dataset
from training.datasets.sample.catalog import Floats
from training.datasets.sample.parameters import WEEKS_PER_MONTH
from training.datasets.sample.tables import TIME

_A_MONTH: Final = 30
_LARGEST_TREND: Final = 0.9
# skills that fade within this many days are those whose tools change, and whose demand grows
_TURNING_HALF_LIFE: Final = 330.0
_HALF_LIFE_SPAN: Final = 150.0
_OPENINGS: Final = (
    "{title} wanted in a growing team.",
    "We are hiring: {title}.",
    "{title}, permanent, hybrid.",
    "Join us as {title}.",
)
_ASKS: Final = (
    "You bring {skills}.",
    "What counts: {skills}.",
    "Needed from the first day: {skills}.",
    "Your strengths are {skills}.",
)


def demand_trend(half_life_days: Floats) -> Floats:
    """Yearly growth of the log demand for each skill: what changes fast is asked for ever more. Planted.

    Examples
    --------
    >>> demand_trend(np.array([180.0, 330.0, 720.0])).round(2).tolist()
    [0.69, 0.0, -0.89]
    """
    trend = _LARGEST_TREND * np.tanh((_TURNING_HALF_LIFE - half_life_days) / _HALF_LIFE_SPAN)
    return np.asarray(trend, np.float64)


def postings_table(
    dataset: Dataset, half_life_days: Floats, start: pd.Timestamp, n_months: int, rng: np.random.Generator
) -> pa.Table:
    """Table ``postings`` over all months.

    Parameters
    ----------
    dataset : Dataset
        The catalogue.
    half_life_days : float array, shape (n_skills,)
    start : Timestamp
    n_months : int
    rng : numpy Generator
    """
    roles, skills = dataset.tables["roles"], dataset.tables["skills"]
    at_skill = {skill: position for position, skill in enumerate(skills["skill_id"])}
    asked_for = dataset.tables["role_skills"].fillna({"importance": 1.0}).query("importance > 0")
    wanted = {
        role: ([at_skill[s] for s in rows["skill_id"]], rows["importance"].to_numpy(np.float64))
        for role, rows in asked_for.groupby("role_id")
    }
    titles = dict(zip(roles["role_id"], roles["title"], strict=True))
    words = [[name, *aliases] for name, aliases in zip(skills["name"], skills["aliases"], strict=True)]
    ids = skills["skill_id"].to_numpy(object)
    trend = demand_trend(half_life_days)
    role_ids = sorted(str(role) for role in wanted)
    rows = []
    for month in range(n_months):
        for _ in range(int(rng.poisson(_A_MONTH)) if role_ids else 0):
            role = role_ids[int(rng.integers(len(role_ids)))]
            position, importance = wanted[role]
            weight = importance * np.exp(trend[position] * month / 12)
            k = min(int(rng.integers(3, 8)), len(position))
            asked = rng.choice(position, k, replace=False, p=weight / weight.sum())
            named = [words[s][int(rng.integers(len(words[s])))] for s in asked]
            day = (month + rng.random()) * WEEKS_PER_MONTH * 7
            rows.append((np.floor(day), role, _text(titles[role], named, rng), [ids[s] for s in asked]))
    rows.sort(key=lambda row: row[0])
    return pa.table(
        {
            "posting_id": pa.array([f"posting-{n + 1:05d}" for n in range(len(rows))], pa.string()),
            "posted_at": pa.array([start + pd.Timedelta(days=row[0]) for row in rows], TIME),
            "role_id": pa.array([row[1] for row in rows], pa.string()),
            "text": pa.array([row[2] for row in rows], pa.string()),
            "skill_ids": pa.array([row[3] for row in rows], pa.list_(pa.string())),
        }
    )


def _text(title: str, named: list[str], rng: np.random.Generator) -> str:
    opening = _OPENINGS[int(rng.integers(len(_OPENINGS)))].format(title=title)
    listed = " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
    return f"{opening} {_ASKS[int(rng.integers(len(_ASKS)))].format(skills=listed)}"

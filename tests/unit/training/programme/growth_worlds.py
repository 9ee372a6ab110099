"""Made worlds in which people answer items twice or more, and what is true of them is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from training.datasets.dataset import Dataset
from training.programme.growth_sittings import DAYS
from training.programme.programme import Programme

START = datetime(2023, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def programme(
    attempts: pd.DataFrame,
    learners: pd.DataFrame | None = None,
    *,
    now: datetime = NOW,
    n_resamples: int = 100,
    more: Mapping[str, pd.DataFrame] | None = None,
    has_clock: bool = True,
) -> Programme:
    """Return a programme of attempts; items have no module and one skill where none are given."""
    rows = attempts.reset_index(drop=True)
    rows["event_id"] = [f"e{at:06}" for at in range(len(rows))]
    rows["score"] = rows["passed"].astype(float)
    for column, missing in (("module_id", None), ("skill_ids", [["skill"]])):
        if column not in rows:
            rows[column] = missing * len(rows) if missing else pd.Series(pd.NA, rows.index, "str")
    rows["occurred_at"] = pd.to_datetime(rows["occurred_at"], utc=True).astype("datetime64[us, UTC]")
    if learners is None:
        learners = pd.DataFrame({"learner_id": sorted(rows["learner_id"].unique())})
    for column in ("segment", "role_id"):
        if column not in learners:
            learners = learners.assign(**{column: pd.Series(pd.NA, learners.index, "str")})
    tables = {"learners": learners, "attempts": rows.sort_values(["occurred_at", "event_id"]), **(more or {})}
    made = Dataset("world", Path("world"), tables, (), "0" * 64, has_clock, simulated=True)
    return Programme(made, now, n_resamples=n_resamples)


def asked(rng: np.random.Generator, appeal: np.ndarray, n: int) -> np.ndarray:
    """Draw n different items for each person, by their appeal to them; shape (n_people, n)."""
    return np.argsort(-(appeal + rng.gumbel(size=appeal.shape)), axis=1)[:, :n]


def sitting(
    rng: np.random.Generator,
    ability: np.ndarray,
    difficulty: np.ndarray,
    items: np.ndarray,
    month: float,
    began: np.ndarray | None = None,
) -> pd.DataFrame:
    """Return what people answer to items some months after they began."""
    people = np.repeat(np.arange(len(ability)), items.shape[1])
    item = items.ravel()
    start = np.zeros(len(ability)) if began is None else began
    minutes = np.tile(np.arange(items.shape[1]), len(ability))
    return pd.DataFrame(
        {
            "learner_id": [f"p{one:05}" for one in people],
            "item_id": [f"i{one:03}" for one in item],
            "passed": rng.random(len(item)) < expit(ability[people] - difficulty[item]),
            "occurred_at": [
                START + timedelta(days=float(start[p] + DAYS * month), minutes=int(m))
                for p, m in zip(people, minutes, strict=True)
            ],
        }
    )


def share(ability: np.ndarray, difficulty: np.ndarray, mix: np.ndarray) -> float:
    """Share of a mix of items that people pass, in mean."""
    return float((expit(ability[:, None] - difficulty) @ mix).mean())


def grown(
    seed: int,
    *,
    n: int = 120,
    gain: float = 0.8,
    easier: float = 0.6,
    n_items: int = 60,
    n_asked: int = 12,
    n_resamples: int = 100,
) -> tuple[Programme, float, float]:
    """Make a world with easier items later and harder ones for the able.

    Also told are the points that such people gain on the mix of items, and the difference of raw shares.
    """
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0.0, 1.0, n_items)
    ability = rng.normal(0.0, 1.0, n)
    later = ability + rng.normal(gain, 0.4, n)
    first = asked(rng, difficulty * (easier + 0.5 * ability[:, None]), n_asked)
    second = asked(rng, difficulty * (-easier + 0.5 * later[:, None]), n_asked)
    rows = [
        sitting(rng, ability, difficulty, first, 0.0),
        sitting(rng, later, difficulty, second, 12.0),
    ]
    raw = float(rows[1]["passed"].mean() - rows[0]["passed"].mean())
    # Items seen before count no more.
    kept = np.concatenate([first.ravel(), second[~(second[:, :, None] == first[:, None, :]).any(axis=2)]])
    mix = np.bincount(kept, minlength=n_items) / len(kept)
    crowd = rng.normal(0.0, 1.0, 100_000)
    grown_crowd = crowd + rng.normal(gain, 0.4, len(crowd))
    truth = share(grown_crowd, difficulty, mix) - share(crowd, difficulty, mix)
    return programme(pd.concat(rows), n_resamples=n_resamples), truth, raw

"""Everybody's events in one order, and the positions of what they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.skills.difficulty import DifficultyTable

EVENT_TABLES = ("attempts", "completions", "self_assessments", "credentials_earned", "feedback")
ATTEMPT, COMPLETION, SELF, CREDENTIAL, FEEDBACK = range(len(EVENT_TABLES))
# Of an event without a time: before all others.
_NEVER = np.iinfo(np.int64).min

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class EventSequence:
    """All events in the order of learner, time and id: arrays of shape (n_events,), and their tables.

    `row` is the row in the table of the event's `kind`; `at` is in seconds, NaN without a time.
    """

    frames: Mapping[int, pd.DataFrame]
    n_learners: int
    learner: Ints
    kind: Ints
    row: Ints
    at: NDArray[np.float64]
    late: int

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], ids: pd.Series[Any], now: datetime) -> EventSequence:
        """Sort the tables of `EVENT_TABLES` that are there, by learner as in `ids`, until `now`."""
        index = pd.Index(ids)
        frames = {k: tables[name] for k, name in enumerate(EVENT_TABLES) if name in tables}
        learner, kind, row, micros = (
            np.concatenate([np.zeros(0, np.int64), *parts])
            for parts in (
                [index.get_indexer(pd.Index(f["learner_id"])) for f in frames.values()],
                [np.full(len(f), k) for k, f in frames.items()],
                [np.arange(len(f)) for f in frames.values()],
                [micros_of(f["occurred_at"]) for f in frames.values()],
            )
        )
        event_ids = [f["event_id"] if "event_id" in f else pd.Series(dtype="str") for f in frames.values()]
        rank = pd.factorize(pd.concat(event_ids), sort=True)[0] if event_ids else np.zeros(0, np.int64)
        on_time = micros <= round(now.timestamp() * 1e6)
        order = np.lexsort((rank, micros, learner))
        order = order[on_time[order]]
        at = np.where(micros == _NEVER, np.nan, micros / 1e6)
        return cls(
            frames, len(ids), learner[order], kind[order], row[order], at[order], int((~on_time).sum())
        )

    def of_kind(self, kind: int) -> tuple[Ints, pd.DataFrame]:
        """Places of one kind of event, and their rows in this order."""
        place = np.flatnonzero(self.kind == kind)
        frame = self.frames.get(kind)
        return place, pd.DataFrame() if frame is None else frame.take(self.row[place])

    def start_of(self, place: Ints) -> Ints:
        """Where the rows of each learner begin among events at these places, (n_learners + 1,)."""
        return np.searchsorted(self.learner[place], np.arange(self.n_learners + 1)).astype(np.int64)


class SkillCodes:
    """Numbers of skills: positions in the difficulty table, and for others numbers behind those."""

    def __init__(self, table: DifficultyTable) -> None:
        self.n_known = len(table.skill_ids)
        self._codes = dict(table.skill_index)

    def __call__(self, skill_id: str) -> int:
        """Return the number of a skill."""
        return self._codes.setdefault(skill_id, len(self._codes))

    @property
    def others(self) -> list[str]:
        """Skills that the table lacks."""
        return list(self._codes)[self.n_known :]


def numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Cells of a column that may be absent, NaN where empty."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(np.float64)


def positions(values: pd.Series[Any], ids: Sequence[str]) -> Ints:
    """Position of each value among ids, -1 for another or a missing one."""
    return pd.Index(list(ids), dtype="str").get_indexer(pd.Index(values)).astype(np.int64)


def is_done(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether completions say that their module was finished."""
    return np.asarray(frame["status"] == "completed", np.bool_)


def micros_of(times: pd.Series[Any]) -> Ints:
    """Microseconds since 1970 UTC; without a time before all others."""
    micros = times.dt.as_unit("us").astype("int64").to_numpy()
    return np.where(times.isna(), _NEVER, micros)

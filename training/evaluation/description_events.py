"""A dataset's events and first starts as arrays, for the parts of a description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.errors import DatasetError
from training.datasets.dataset import Dataset
from training.evaluation.description_values import Floats, Ints

Clock: TypeAlias = Literal["none", "months", "days", "times"]
"""What times tell: nothing (some are missing), the month, the day, or the time of day."""

CLOCK_WORDS: Final[dict[Clock, str]] = {
    "none": "not every event has a time",
    "months": "its times are first days of months",
    "days": "its times are whole days",
    "times": "its events have a time of day",
}
DAY_SECONDS: Final = 86_400
_MOSTLY: Final = 0.5
_EVENTS: Final = ("completions", "attempts")


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Every attempt and completion, learner by learner, the oldest first.

    Parameters
    ----------
    learner : int array, shape (n_events,)
        Ascending numbers from 0 of learners with an event.
    at : float array, shape (n_events,)
        Seconds since 1970 UTC; NaN without a clock.
    clock : {"none", "months", "days", "times"}
        What `at` tells. ``days`` when at least half of the events are at 00:00:00 UTC, ``months`` when at
        least half are so on the first day of a month.
    """

    learner: Ints
    at: Floats
    clock: Clock

    @property
    def same_learner(self) -> NDArray[np.bool_]:
        """Whether each event but the first is of the same learner as the one before it."""
        return np.equal(self.learner[1:], self.learner[:-1])


@dataclass(frozen=True, slots=True, eq=False)
class Starts:
    """The first start of every module by every learner, learner by learner, the oldest first.

    A start is the first row of ``completions`` with that learner and module, of any status: a view and the
    completion that follows it are one start. Rows of equal time keep their order.

    Parameters
    ----------
    learner, module : int arrays, shape (n_starts,)
        Numbers from 0, of learners ascending.
    at : float array, shape (n_starts,)
        Seconds since 1970 UTC; NaN without a clock.
    completed, abandoned : bool arrays, shape (n_starts,)
        Whether that learner and module has a row with that status, then or later.
    statuses : frozenset of str
        The statuses that occur in the dataset.
    """

    learner: Ints
    module: Ints
    at: Floats
    completed: NDArray[np.bool_]
    abandoned: NDArray[np.bool_]
    statuses: frozenset[str]


def events_of(dataset: Dataset) -> Events:
    """Return the attempts and completions of a dataset together.

    Raises
    ------
    DatasetError
        There is neither an attempt nor a completion.
    """
    frames = [dataset.tables[name] for name in _EVENTS if name in dataset.tables]
    ids = [frame["learner_id"] for frame in frames if len(frame)]
    if not ids:
        raise DatasetError(
            f"dataset {dataset.name} has neither attempts nor completions, so there is nothing to describe; "
            f"add table {_EVENTS[0]} or table {_EVENTS[1]}"
        )
    learner = numbered(pd.concat(ids))
    at = np.concatenate([_seconds(frame, dataset.has_clock) for frame in frames])
    order = np.lexsort((at, learner))
    return Events(learner[order], at[order], _clock(at))


def starts_of(dataset: Dataset) -> Starts | None:
    """Return the first starts of a dataset, None when it has no completions."""
    frame = dataset.tables.get("completions")
    if frame is None or frame.empty:
        return None
    learner, module = numbered(frame["learner_id"]), numbered(frame["module_id"])
    pairs = learner * (int(module.max()) + 1) + module
    # rows are in order of time, so the first of a pair is its start; sorting by learner keeps that order
    _, first, pair = np.unique(pairs, return_index=True, return_inverse=True)
    order = np.lexsort((first, learner[first]))
    rows = first[order]
    return Starts(
        learner[rows],
        module[rows],
        _seconds(frame, dataset.has_clock)[rows],
        _any_in_pair(frame["status"] == "completed", pair)[order],
        _any_in_pair(frame["status"] == "abandoned", pair)[order],
        frozenset(frame["status"].unique().tolist()),
    )


def numbered(ids: pd.Series[Any]) -> Ints:
    """Return numbers from 0 in place of ids, in the order in which the ids are first met."""
    return pd.factorize(ids)[0].astype(np.int64)


def _any_in_pair(flags: pd.Series[bool], pair: Ints) -> NDArray[np.bool_]:
    return np.bincount(pair, weights=flags.to_numpy(np.float64)) > 0


def _seconds(frame: pd.DataFrame, has_clock: bool) -> Floats:
    if not has_clock:
        return np.full(len(frame), np.nan)
    times: pd.Series[Any] = frame["occurred_at"]
    micros: Floats = times.dt.as_unit("us").astype("int64").to_numpy(np.float64)
    return micros / 1e6


def _clock(at: Floats) -> Clock:
    if np.isnan(at).any():
        return "none"
    at_midnight = at % DAY_SECONDS == 0
    if at_midnight.mean() < _MOSTLY:
        return "times"
    day = at.astype("datetime64[s]").astype("datetime64[D]")
    on_the_first = at_midnight & (day == day.astype("datetime64[M]").astype("datetime64[D]"))
    return "months" if on_the_first.mean() >= _MOSTLY else "days"

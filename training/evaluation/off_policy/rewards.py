"""What a shown module earned, from what the learner did after the answer and within a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from recommender.errors import ConfigurationError
from training.datasets.dataset import Dataset
from training.evaluation.off_policy.log import Floats, Ints, Log, positions, seconds

WINDOW_DAYS: Final = 28.0
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True, eq=False)
class Reward:
    """Rewards of the shown modules.

    Parameters
    ----------
    name : str
        One of `REWARDS`.
    values : float64 array, shape (n_shown,)
        In [0, 1].
    unused : int
        Rows of feedback, or events, that count for no answer: outside of every window, of a module that was
        not shown, or at the very moment of an answer.
    """

    name: str
    values: Floats
    unused: int


def reward_of(name: str, dataset: Dataset, log: Log, window_days: float = WINDOW_DAYS) -> Reward:
    """Look up what every shown module earned.

    An event after several answers that show its module counts for the first of those it is within the window
    of, and for no other: what was told once is not earned twice.

    Parameters
    ----------
    name : str
        One of `REWARDS`.
    window_days : float
        Days after the answer, above 0.

    Raises
    ------
    ConfigurationError
        There is no such reward, or the window is not above 0.
    """
    if name not in REWARDS:
        raise ConfigurationError(f"--reward is {name!r}; it must be one of {', '.join(REWARDS)}")
    if not window_days > 0:
        raise ConfigurationError(f"--window-days is {window_days:g}; it must be above 0")
    values, unused = REWARDS[name](dataset, log, window_days * _DAY)
    return Reward(name, values, unused)


def mature(log: Log, dataset: Dataset, window_days: float) -> np.ndarray:
    """Whether the window of each answer has passed by the end of the data, bool array (n_answers,)."""
    tables = (dataset.tables.get(name) for name in ("attempts", "completions", "feedback", "recommendations"))
    last = max(float(np.nanmax(_at(frame), initial=-np.inf)) for frame in tables if frame is not None)
    return log.at + window_days * _DAY <= last


def accepted(dataset: Dataset, log: Log, window: float) -> tuple[Floats, int]:
    """1 for a module with feedback ``accepted`` to that answer; without a time it counts as in time."""
    frame = dataset.tables.get("feedback")
    values = np.zeros(len(log.module))
    if frame is None:
        return values, 0
    frame = frame[frame["kind"] == "accepted"]
    answer = positions(frame["recommendation_id"], log.recommendation_ids)
    row = _row_of(log, answer, positions(frame["module_id"], log.module_ids))
    late = _at(frame) - np.append(log.at, np.nan)[answer]
    # Feedback names its answer, so it came after it whatever the clocks say to the second.
    used = (row >= 0) & ~(late > window) & ~(late < 0)
    values[row[used]] = 1.0
    return values, int((~used).sum())


def finished(dataset: Dataset, log: Log, window: float) -> tuple[Floats, int]:
    """1 for a module that the learner finished."""
    frame = dataset.tables.get("completions")
    values = np.zeros(len(log.module))
    if frame is None:
        return values, 0
    frame = frame[frame["status"] == "completed"]
    row = _first_answers(frame, frame["module_id"], log, window)
    values[row[row >= 0]] = 1.0
    return values, int((row < 0).sum())


def passed(dataset: Dataset, log: Log, window: float) -> tuple[Floats, int]:
    """Share of the module's items that the learner passed for the first time; 0 where it has no items."""
    attempts, items = dataset.tables.get("attempts"), dataset.tables.get("items")
    values = np.zeros(len(log.module))
    if attempts is None or items is None:
        return values, 0
    first = attempts[attempts["passed"]].drop_duplicates(["learner_id", "item_id"])
    module_of = items.set_index("item_id")["module_id"]
    row = _first_answers(first, first["item_id"].map(module_of), log, window)
    of_module = np.bincount(positions(module_of.dropna(), log.module_ids), minlength=len(log.module_ids))
    np.add.at(values, row[row >= 0], 1.0)
    return values / np.maximum(of_module[log.module], 1), int((row < 0).sum())


REWARDS: Final[Mapping[str, Callable[[Dataset, Log, float], tuple[Floats, int]]]] = MappingProxyType(
    {"accepted": accepted, "finished": finished, "passed": passed}
)
"""By name."""


def _first_answers(frame: pd.DataFrame, module_ids: pd.Series[Any], log: Log, window: float) -> Ints:
    """Shown row that each event counts for, (n_events,), -1 for none."""
    learner, module = (
        positions(frame["learner_id"], log.learner_ids),
        positions(module_ids, log.module_ids),
    )
    at, n_modules = _at(frame), len(log.module_ids)
    # Shown rows are in the order of time; a stable sort keeps it within learner and module.
    shown = log.learner[log.answer] * n_modules + log.module
    order = np.argsort(shown, kind="stable")
    keys, times = shown[order], log.at[log.answer][order]
    wanted = np.where((learner >= 0) & (module >= 0), learner * n_modules + module, -1)
    found = np.full(len(frame), -1, np.int64)
    begin, end = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
    for i in np.flatnonzero(end > begin).tolist():
        # The first answer whose window reaches the event; it must lie before it.
        place = begin[i] + int(np.searchsorted(times[begin[i] : end[i]], at[i] - window, "left"))
        if place < end[i] and times[place] < at[i]:
            found[i] = order[place]
    return found


def _row_of(log: Log, answer: Ints, module: Ints) -> Ints:
    """Shown row of pairs of answer and module, -1 for one that was not shown."""
    keys = log.answer * len(log.module_ids) + log.module
    order = np.argsort(keys)
    wanted = np.where((answer >= 0) & (module >= 0), answer * len(log.module_ids) + module, -1)
    place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    return np.where(keys[order][place] == wanted, order[place], -1)


def _at(frame: pd.DataFrame) -> Floats:
    return seconds(frame["occurred_at"])

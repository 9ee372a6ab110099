"""Logged answers as arrays: who was shown what, when, and how likely that was."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.errors import DatasetError
from training.datasets.dataset import Dataset

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TABLE = "recommendations"


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """Answers in the order of time; answer `i` shows the modules in rows ``start[i]:start[i + 1]``.

    Parameters
    ----------
    recommendation_ids : tuple of str, length n_answers
    learner_ids : tuple of str
        Of the dataset, in the order of its table.
    learner : int64 array, shape (n_answers,)
        Positions in `learner_ids`.
    at : float64 array, shape (n_answers,)
        Seconds since 1970 UTC, ascending.
    start : int64 array, shape (n_answers + 1,)
    module_ids : tuple of str
        Those of the dataset, then others that a policy may choose.
    module : int64 array, shape (n_shown,)
        Positions in `module_ids`, of each answer in the order of rank.
    propensity : float64 array, shape (n_shown,)
        Inclusion probabilities, in (0, 1].
    bundle_ids : tuple of str
        Models that answered, as far as the log names them.
    """

    recommendation_ids: tuple[str, ...]
    learner_ids: tuple[str, ...]
    learner: Ints
    at: Floats
    start: Ints
    module_ids: tuple[str, ...]
    module: Ints
    propensity: Floats
    bundle_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.learner)

    @property
    def answer(self) -> Ints:
        """Answer of each shown module, (n_shown,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    @property
    def n_shown(self) -> Ints:
        """Modules in each answer, (n_answers,)."""
        return np.diff(self.start)

    @property
    def explored(self) -> NDArray[np.bool_]:
        """Whether chance could have changed the answer, (n_answers,)."""
        return np.minimum.reduceat(self.propensity, self.start[:-1]) < 1.0

    def only(self, kept: NDArray[np.bool_]) -> Log:
        """Answers of which `kept`, bool array of shape (n_answers,), is true."""
        rows = np.repeat(kept, self.n_shown)
        return Log(
            tuple(np.array(self.recommendation_ids, object)[kept].tolist()),
            self.learner_ids,
            self.learner[kept],
            self.at[kept],
            np.concatenate([[0], np.cumsum(self.n_shown[kept])]).astype(np.int64),
            self.module_ids,
            self.module[rows],
            self.propensity[rows],
            self.bundle_ids,
        )


def read_log(dataset: Dataset, other_modules: Iterable[str] = ()) -> Log:
    """Read the table ``recommendations``.

    Parameters
    ----------
    dataset : Dataset
    other_modules : iterable of str
        Modules that policies may choose and the dataset may lack.

    Raises
    ------
    DatasetError
        There is no such table, events have no time, or a row lacks time or propensity, has propensity 0, or
        names another learner or moment than the rest of its answer.
    """
    frame = dataset.tables.get(_TABLE)
    if frame is None or frame.empty:
        raise DatasetError(
            f"dataset {dataset.path} has no table {_TABLE}; write what the service logged into it, with "
            "propensity and occurred_at"
        )
    if not dataset.has_clock:
        raise DatasetError(
            f"dataset {dataset.path} has events without occurred_at, so nobody knows what came before an "
            "answer; give every attempt and completion its time"
        )
    _check(frame)
    frame = frame.sort_values(["occurred_at", "recommendation_id", "rank"], kind="stable")
    sizes = frame.groupby("recommendation_id", sort=False).size()
    heads = frame.drop_duplicates("recommendation_id")
    learner_ids = tuple(dataset.tables["learners"]["learner_id"].tolist())
    known = dataset.tables["modules"]["module_id"].tolist()
    module_ids = tuple(dict.fromkeys([*known, *other_modules]))
    return Log(
        tuple(heads["recommendation_id"].tolist()),
        learner_ids,
        positions(heads["learner_id"], learner_ids),
        seconds(heads["occurred_at"]),
        np.concatenate([[0], np.cumsum(sizes.to_numpy())]).astype(np.int64),
        module_ids,
        positions(frame["module_id"], module_ids),
        frame["propensity"].to_numpy(np.float64),
        tuple(sorted(frame["bundle_id"].dropna().unique().tolist())),
    )


def _check(frame: pd.DataFrame) -> None:
    for column, remedy in (
        ("occurred_at", "give the moment of the answer"),
        (
            "propensity",
            "give the chance that the answer shows it, 1 where nothing was left to chance",
        ),
    ):
        if (missing := frame[column].isna()).any():
            raise DatasetError(f"{_name(frame, missing)}: {column} is missing; {remedy}")
    if (never := frame["propensity"] <= 0.0).any():
        raise DatasetError(
            f"{_name(frame, never)}: propensity is 0, but it was shown; give the chance that it had"
        )
    for column in ("learner_id", "occurred_at"):
        first = frame.groupby("recommendation_id")[column].transform("first")
        if (other := frame[column] != first).any():
            raise DatasetError(
                f"{_name(frame, other)}: {column} is not that of the rest of the answer; give every answer "
                "an id of its own"
            )


def _name(frame: pd.DataFrame, wrong: pd.Series[Any]) -> str:
    row = frame[wrong].iloc[0]
    return f"table {_TABLE}, answer {row['recommendation_id']!r}, module {row['module_id']!r}"


def positions(values: pd.Series[Any], ids: Iterable[str]) -> Ints:
    """Position of each value among unique ids; -1 for a missing or unknown one."""
    return pd.Index(list(ids), dtype="str").get_indexer(pd.Index(values)).astype(np.int64)


def seconds(times: pd.Series[Any]) -> Floats:
    """Seconds since 1970 UTC of times; NaN for a missing one."""
    micros = times.dt.as_unit("us").astype("int64").to_numpy(np.float64) / 1e6
    return np.where(times.isna(), np.nan, micros)


def rows_by_learner(frame: pd.DataFrame, ids: Collection[str]) -> tuple[Ints, Ints]:
    """Order of rows by learner and time, and where each learner's begin, (n_rows,) and (n_learners + 1,)."""
    learner = positions(frame["learner_id"], ids)
    order = np.lexsort((seconds(frame["occurred_at"]), learner))
    return order, np.searchsorted(learner[order], np.arange(len(ids) + 1)).astype(np.int64)

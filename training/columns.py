"""From a dataset's tables to the arrays that models are fitted on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recommender.domain.catalog import CATALOG_TABLES, Catalog, Ragged
from recommender.domain.dataset_format import SEGMENTS
from recommender.embeddings import build_interactions
from recommender.embeddings.histories import Interactions
from recommender.skills.columns import AttemptColumns
from training.datasets.dataset import Dataset
from training.evaluation.splits_holdout import HeldOut
from training.lessons import lessons_of


def catalog_of(dataset: Dataset) -> Catalog:
    """Return the catalogue that a dataset describes; columns without any value are left out."""
    tables = {}
    for name in CATALOG_TABLES:
        if name in dataset.tables:
            frame = dataset.tables[name]
            filled = [column for column in frame if _has_values(frame[column])]
            tables[name] = pa.Table.from_pandas(frame[filled], preserve_index=False)
    return Catalog.from_tables(tables)


def attempt_columns(dataset: Dataset, catalog: Catalog, *, pass_mark: float) -> AttemptColumns | None:
    """Return the attempts as columns, None when the dataset has none.

    Learners are numbered as in the dataset's table of learners; `pass_mark` is the one it was loaded with.
    """
    frame = dataset.tables.get("attempts")
    if frame is None or frame.empty:
        return None
    index = catalog.skill_index
    lists = frame["skill_ids"].tolist()
    role, segment = _places(dataset, catalog)
    return AttemptColumns(
        learner=_learner(frame, dataset).astype(np.int64),
        item=_positions(frame["item_id"], catalog.item_ids),
        skills=Ragged.of([[index[s] for s in dict.fromkeys(row)] for row in lists]),
        module=_positions(frame["module_id"], catalog.module_ids),
        passed=frame["passed"].to_numpy(np.float64),
        score=frame["score"].to_numpy(np.float64),
        at=_seconds(frame, dataset),
        n_learners=len(dataset.tables["learners"]),
        pass_mark=pass_mark,
        lessons=lessons_of(dataset, catalog),
        role=role,
        segment=segment,
        seconds=frame["duration_seconds"].to_numpy(np.float64),
    )


def interactions_of(dataset: Dataset, catalog: Catalog) -> Interactions | None:
    """Return every learner's first starts of modules, None when the dataset has no completion."""
    frame = dataset.tables.get("completions")
    if frame is None or frame.empty:
        return None
    role, segment = _places(dataset, catalog)
    return build_interactions(
        _learner(frame, dataset),
        _positions(frame["module_id"], catalog.module_ids),
        _seconds(frame, dataset),
        n_learners=len(role),
        role=role,
        segment=segment,
        n_modules=catalog.n_modules,
    )


def folds_of(dataset: Dataset) -> NDArray[np.int64] | None:
    """Return the published fold of each learner (n_learners,), 0 for none; None without a table of folds."""
    frame = dataset.tables.get("folds")
    if frame is None:
        return None
    folds = np.zeros(len(dataset.tables["learners"]), np.int64)
    folds[_learner(frame, dataset)] = frame["fold"].to_numpy(np.int64)
    return folds


def held_out_of(dataset: Dataset, catalog: Catalog) -> HeldOut | None:
    """Return the published test set in the order of its table; None without a table of it."""
    frame = dataset.tables.get("holdout")
    if frame is None:
        return None
    return HeldOut(
        _learner(frame, dataset).astype(np.int64), _positions(frame["module_id"], catalog.module_ids)
    )


def _places(dataset: Dataset, catalog: Catalog) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Role and segment of each learner, -1 where not known; without a segment that of the role."""
    learners = dataset.tables["learners"]
    role = _positions(learners["role_id"], catalog.roles.ids)
    segment = _positions(learners["segment"], SEGMENTS)
    by_role = np.where(role >= 0, np.append(catalog.roles.segment, -1)[role], -1)
    return role, np.where(segment >= 0, segment, by_role).astype(np.int32)


def _has_values(column: pd.Series[Any]) -> bool:
    if column.dtype == object:
        return any(len(value) for value in column)
    return bool(column.notna().any())


def _learner(frame: pd.DataFrame, dataset: Dataset) -> NDArray[np.int32]:
    return _positions(frame["learner_id"], dataset.tables["learners"]["learner_id"])


def _positions(values: pd.Series[Any], ids: Iterable[str]) -> NDArray[np.int32]:
    """Position of each value among unique ids; -1 for a missing one."""
    return pd.Index(list(ids), dtype="str").get_indexer(pd.Index(values)).astype(np.int32)


def _seconds(frame: pd.DataFrame, dataset: Dataset) -> NDArray[np.float64]:
    """Seconds since 1970 UTC of events; NaN for all of them unless the dataset has a clock."""
    if not dataset.has_clock:
        return np.full(len(frame), np.nan)
    times: pd.Series[Any] = frame["occurred_at"]
    micros = times.dt.as_unit("us").astype("int64").to_numpy(np.float64) / 1e6
    return np.where(times.isna(), np.nan, micros)

"""Reading the truth that lies beside a simulated dataset: for evaluation, never for training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recommender.errors import DatasetError
from training.datasets.files import read_table
from training.datasets.problems import Problem
from training.datasets.sample.simulate import TRUTH

REMEDY: Final = "write data and truth again, both at once, with python -m training sample"
"""What helps when the two do not belong together."""


def read_pass_probabilities(data: Path) -> pd.Series[float]:
    """Return the true probability of passing that each attempt had when it was made.

    It is that of passing by the simulation's own mark, a score of at least .5, from everything hidden:
    ability in the skills at that moment, difficulty, discrimination, guess and slip of the item.

    Parameters
    ----------
    data : Path
        Directory of a simulated dataset.

    Returns
    -------
    Series of float64 in [0, 1]
        By ``event_id`` of the attempt.

    Raises
    ------
    DatasetError
        There is no such truth, or it is damaged.
    """
    return _by_event(data, "attempts", "pass_probability", pa.types.is_floating, (0.0, 1.0)).astype(float)


def read_choice_ranks(data: Path) -> pd.Series[int]:
    """Return the place that each module had among those on offer when it was started for the first time.

    It is the place, from 1, by every term of the choice but its noise, among modules never started before.

    Parameters
    ----------
    data : Path
        Directory of a simulated dataset.

    Returns
    -------
    Series of int64, at least 1
        By ``event_id`` of the completion that is the first start.

    Raises
    ------
    DatasetError
        There is no such truth, or it is damaged.
    """
    return _by_event(data, "starts", "choice_rank", pa.types.is_integer, (1, np.inf)).astype(int)


def _by_event(
    data: Path,
    name: str,
    column: str,
    is_right: Callable[[pa.DataType], bool],
    bounds: tuple[float, float],
) -> pd.Series[Any]:
    """Return one column of a table of the truth by ``event_id``, checked."""
    table = _table(data, name)
    _require_column(table, name, "event_id", pa.types.is_string)
    _require_column(table, name, column, is_right)
    events, values = table["event_id"].to_pandas(), table[column].to_pandas()
    _refuse(table, name, "event_id", events.isna().to_numpy(), "is no id")
    _refuse(table, name, "event_id", events.duplicated().to_numpy(), "is there twice")
    low, high = bounds
    span = f"from {low:g} to {high:g}" if np.isfinite(high) else f"of at least {low:g}"
    _refuse(table, name, column, ~values.between(low, high).to_numpy(), f"is no number {span}")
    return pd.Series(values.to_numpy(), index=events.to_numpy(), name=column)


def _table(data: Path, name: str) -> pa.Table:
    file = data / TRUTH / f"{name}.parquet"
    if not file.parent.is_dir():
        raise DatasetError(
            f"{data} holds no directory {TRUTH}/, so what is true of it is not known; "
            "only data from python -m training sample has one"
        )
    if not file.is_file():
        raise DatasetError(f"{data} holds no {TRUTH}/{name}.parquet; {REMEDY}")
    try:
        return read_table(file)
    except DatasetError as error:
        raise DatasetError(f"in {file.parent}: {error}") from error


def _require_column(table: pa.Table, name: str, column: str, is_right: Callable[[pa.DataType], bool]) -> None:
    if column not in table.column_names:
        raise DatasetError(f"{TRUTH}/{name}.parquet has no column {column}; {REMEDY}")
    kind = table.schema.field(column).type
    if not is_right(kind):
        raise DatasetError(f"{TRUTH}/{name}.parquet, column {column}: {kind} is not its type; {REMEDY}")


def _refuse(table: pa.Table, name: str, column: str, wrong: NDArray[np.bool_], fault: str) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        row = int(rows[0])
        value = table[column][row].as_py()
        raise DatasetError(Problem(f"{TRUTH}/{name}", row + 1, column, value, fault, REMEDY).sentence)

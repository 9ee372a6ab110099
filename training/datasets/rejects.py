"""The rows that were refused, kept where somebody can look at them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from recommender.domain.dataset_format import LIST_SEPARATOR, TABLES
from training.datasets.directories import whole_directory
from training.datasets.problems import Problem, plain

_FIRST_CELLS = "_row,_reason"


def write_rejects(
    rejected: Mapping[str, Mapping[int, list[Problem]]], raw: Mapping[str, pa.Table], path: Path
) -> None:
    """Write ``NAME.csv`` for each table with refused rows; rejects of an earlier run are replaced.

    Parameters
    ----------
    rejected : mapping
        Table name to row number to what is wrong with the row.
    raw : mapping of str to pyarrow.Table
        The tables as they were read.
    path : Path
        Directory for the files; they hold ``_row`` and ``_reason`` and the row as it was.

    Raises
    ------
    DatasetError
        When the directory holds other things than rejects.
    """
    with whole_directory(path, _is_rejects) as new:
        for name, rows in rejected.items():
            if rows:
                _frame(raw[name], rows).to_csv(new / f"{name}.csv", index=False, lineterminator="\n")


def _frame(raw: pa.Table, rows: Mapping[int, list[Problem]]) -> pd.DataFrame:
    numbers = sorted(rows)
    cells = raw.take(pa.array([number - 1 for number in numbers]))
    told = {
        "_row": numbers,
        "_reason": ["; ".join(problem.sentence for problem in rows[number]) for number in numbers],
    }
    # a row that was refused before has a number and a reason of that time
    names = [name for name in raw.column_names if name not in told]
    return pd.DataFrame(told | {name: [_cell(plain(cell)) for cell in cells.column(name)] for name in names})


def _cell(value: object) -> object:
    return LIST_SEPARATOR.join(map(str, value)) if isinstance(value, list) else value


def _is_rejects(entry: Path) -> bool:
    if not (entry.is_file() and entry.suffix == ".csv" and entry.stem in TABLES):
        return False
    with entry.open(encoding="utf-8", errors="replace") as lines:
        return lines.readline().startswith(_FIRST_CELLS)

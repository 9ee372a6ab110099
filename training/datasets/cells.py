"""Tables from Arrow columns, as they lie in a file, to normalised pandas columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from recommender.domain.dataset_format import EXPECTED, Column, Table
from recommender.errors import DatasetError
from training.datasets.dataset import Finding
from training.datasets.faults import fault_of
from training.datasets.problems import Problem, plain, shown
from training.datasets.readers import WrongTypeError, missing_column, reader_of


@dataclass(slots=True)
class Cells:
    """One table on its way: its normalised columns, row numbers as index, and what came up.

    Parameters
    ----------
    frame : DataFrame
        Every declared column, in order; the index counts rows from 1. A cell that could not be read is
        missing here and has a problem.
    problems : list of Problem
        Cells that hold something else than their column's kind.
    findings : list of Finding
        What was turned into something else on the way.
    """

    frame: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_cells(table: Table, raw: pa.Table) -> Cells:
    """Normalise the columns of one table.

    Parameters
    ----------
    table : Table
        What the table should hold.
    raw : pyarrow.Table
        What its file holds.

    Returns
    -------
    Cells
        With unknown columns left out and named in one finding.

    Raises
    ------
    DatasetError
        When a required column is missing or a column's type can hold no cell of its kind.
    """
    _refuse_missing(table, raw)
    index = pd.RangeIndex(1, raw.num_rows + 1)
    open_columns = [name for name in raw.column_names if table.open_prefix and table.has(name)]
    names = list(dict.fromkeys([*(column.name for column in table.columns), *open_columns]))
    unknown = [name for name in raw.column_names if name not in names]
    columns: dict[str, pd.Series] = {}
    cells = Cells(pd.DataFrame(index=index))
    wrong: list[str] = []
    for name in names:
        spec = table.column(name)
        if name not in raw.column_names:
            columns[name] = missing_column(spec.kind, index)
            continue
        try:
            columns[name] = _read_column(table, spec, raw.column(name), cells).set_axis(index)
        except WrongTypeError:
            wrong.append(_wrong_type(table, spec, raw.column(name)))
    if wrong:
        raise DatasetError(*wrong)
    if unknown:
        text = f"unknown columns were left out: {', '.join(unknown)}"
        cells.findings.append(Finding("warning", table.name, text, len(unknown)))
    cells.frame = pd.DataFrame(columns, index=index)
    return cells


def _refuse_missing(table: Table, raw: pa.Table) -> None:
    missing = [name for name in table.required if name not in raw.column_names]
    if missing:
        there = ", ".join(raw.column_names)
        raise DatasetError(
            *(
                f"table {table.name} has no column {name}, which it needs (columns found: {there}); "
                f"add {name}: {EXPECTED[table.column(name).kind]} in every row"
                for name in missing
            )
        )


def _read_column(table: Table, spec: Column, column: pa.ChunkedArray, cells: Cells) -> pd.Series:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_null(column.type):
        return missing_column(spec.kind, pd.RangeIndex(len(column)))
    reading = reader_of(spec.kind)(column)
    for position in np.flatnonzero(reading.bad).tolist():
        value = plain(column[position])
        fault = fault_of(spec, value)
        remedy = "mend the value" if spec.required else "mend the value or leave the cell empty"
        cells.problems.append(Problem(table.name, position + 1, spec.name, value, fault, remedy))
    if reading.count:
        text = f"column {spec.name}: {reading.note}"
        cells.findings.append(Finding("info", table.name, text, reading.count))
    return reading.values


def _wrong_type(table: Table, spec: Column, column: pa.ChunkedArray) -> str:
    first = pc.index(column.is_valid(), True).as_py()
    return (
        f"{table.name} row {first + 1}, column {spec.name}: {shown(plain(column[first]))} is stored as "
        f"{column.type}, expected {spec.expected}; store the column as such"
    )

"""Rules on single cells: required, within bounds, one of the listed words.

The rules are a pandera schema made from the declared format, so that each is spelled once; pandera names
the row and the value of every failure, and the sentence is made here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from recommender.domain.dataset_format import LARGEST_WHOLE, NUMERIC_BOUNDS, WHOLE_KINDS, Column, Kind, Table
from training.datasets.problems import Problem

_LARGEST = sys.float_info.max


def schema_of(table: Table, names: Iterable[str]) -> pa.DataFrameSchema:
    """Return the pandera schema of some columns of a table, over normalised cells.

    Parameters
    ----------
    table : Table
        The declared table.
    names : iterable of str
        The columns that are there.
    """
    columns = {name: table.column(name) for name in names}
    return pa.DataFrameSchema(
        {
            name: pa.Column(None, checks=_checks(spec), nullable=not spec.required, required=True)
            for name, spec in columns.items()
        }
    )


def check_cells(table: Table, frame: pd.DataFrame, known: Iterable[Problem]) -> list[Problem]:
    """Return the cells of `frame` that break a rule of their column.

    Parameters
    ----------
    table : Table
        The declared table.
    frame : DataFrame
        Normalised cells; the index counts rows from 1.
    known : iterable of Problem
        Cells that could not be read: they are missing in `frame`, which is no second problem.
    """
    try:
        schema_of(table, frame.columns).validate(frame, lazy=True)
    except SchemaErrors as errors:
        failures = errors.failure_cases
    else:
        return []
    unread = {(problem.row, problem.column) for problem in known}
    rows = zip(failures["column"], failures["index"], failures["failure_case"], strict=True)
    distinct = {(int(row), str(name)): value for name, row, value in rows}
    return [
        _problem(table, table.column(name), row, value)
        for (row, name), value in distinct.items()
        if (row, name) not in unread
    ]


def _checks(spec: Column) -> list[pa.Check]:
    if spec.kind is Kind.CHOICE:
        return [pa.Check.isin(spec.members)]
    if spec.kind not in NUMERIC_BOUNDS:
        return []
    low, high = NUMERIC_BOUNDS[spec.kind]
    low, high = max(low, -_LARGEST), min(high, _LARGEST)
    checks = [pa.Check.in_range(low, high, include_min=spec.kind is not Kind.POSITIVE)]
    if spec.kind in WHOLE_KINDS:
        checks.append(pa.Check(lambda values: values % 1 == 0, name="whole"))
        checks.append(pa.Check.le(LARGEST_WHOLE))
    return checks


def _problem(table: Table, spec: Column, row: int, value: object) -> Problem:
    if pd.isna(value):  # type: ignore[call-overload]
        return Problem(table.name, row, spec.name, None, "is given where a value is needed", _write(spec))
    fault = f"is not {spec.expected}"
    if spec.kind in WHOLE_KINDS and isinstance(value, float) and value > LARGEST_WHOLE:
        fault = f"is above {LARGEST_WHOLE}, the greatest whole number that is told from the next"
    return Problem(table.name, row, spec.name, value, fault, _mend(spec))


def _write(spec: Column) -> str:
    return f"write {spec.expected}"


def _mend(spec: Column) -> str:
    return "mend the value" if spec.required else "mend the value or leave the cell empty"

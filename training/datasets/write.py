"""Write tables in the dataset format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from recommender.domain.dataset_format import (
    LIST_SEPARATOR,
    NUMERIC_BOUNDS,
    SIMULATED_ID_PREFIX,
    TABLES,
    WHOLE_KINDS,
    Kind,
    Table,
)
from recommender.domain.simulation import simulation_metadata
from recommender.errors import DatasetError
from training.datasets.directories import whole_directory
from training.datasets.problems import shown

FileFormat: TypeAlias = Literal["parquet", "csv"]

_ARROW_TYPES = {
    Kind.LIST: pa.list_(pa.string()),
    Kind.FLAG: pa.bool_(),
    Kind.TIME: pa.timestamp("us", "UTC"),
    **dict.fromkeys(NUMERIC_BOUNDS, pa.float64()),
    **dict.fromkeys(WHOLE_KINDS, pa.int64()),
}


def write_dataset(
    tables: Mapping[str, pd.DataFrame],
    path: Path,
    format: FileFormat = "parquet",
    *,
    simulation: Mapping[str, Any] | None = None,
) -> None:
    """Write a dataset: the whole directory or nothing.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of the format by name, as `load_dataset` gives them; optional columns may be absent, and
        those without any value are not written, nor are tables without a row.
    path : Path
        The directory. Tables that lie there are replaced, all of them; texts such as README.md stay.
    format : {"parquet", "csv"}
        Of every file.
    simulation : mapping of str to anything that JSON can hold, optional
        Of simulated data what made it, with ``notice``, a sentence for people. It goes into the metadata of
        every Parquet file. CSV has no such place, so there the ids of learners must carry the label.

    Raises
    ------
    DatasetError
        When a table or column is not in the format, a list member cannot be written as CSV, the
        directory holds other things than a dataset, or `simulation` has no notice or would be lost.
    """
    arrow = {name: arrow_table(name, frame) for name, frame in tables.items() if len(frame)}
    if simulation is not None:
        metadata = simulation_metadata(simulation)
        if format == "csv":
            _refuse_to_lose_the_label(arrow)
        arrow = {name: table.replace_schema_metadata(metadata) for name, table in arrow.items()}
    with whole_directory(path, _is_table) as new:
        for name, table in arrow.items():
            if format == "parquet":
                _write_parquet(table, new / f"{name}.parquet")
            else:
                frame = _flat(name, table)
                frame.to_csv(new / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")


def _write_parquet(table: pa.Table, file: Path) -> None:
    # ids of events are all different and share their beginnings: a dictionary would be as long as the column
    encoded = {name: "DELTA_BYTE_ARRAY" for name in table.column_names if name == "event_id"}
    pa.parquet.write_table(
        table,
        file,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in table.column_names if name not in encoded],
        column_encoding=encoded,
    )


def _refuse_to_lose_the_label(tables: Mapping[str, pa.Table]) -> None:
    for name, table in tables.items():
        ids = table.column("learner_id").to_pylist() if "learner_id" in table.column_names else []
        for row, learner_id in enumerate(ids, 1):
            if learner_id is not None and not learner_id.startswith(SIMULATED_ID_PREFIX):
                raise DatasetError(
                    f"{name} row {row}, column learner_id: {shown(learner_id)} does not begin with "
                    f"{SIMULATED_ID_PREFIX!r}, and CSV has no other place that says simulated; "
                    "begin every id so or write Parquet"
                )


def _is_table(entry: Path) -> bool:
    return entry.is_file() and entry.suffix in (".csv", ".parquet") and entry.stem in TABLES


def arrow_table(name: str, frame: pd.DataFrame) -> pa.Table:
    """Return one table as it is written; optional columns without any value are left out.

    Parameters
    ----------
    name : str
    frame : DataFrame
        As `load_dataset` gives it.

    Raises
    ------
    DatasetError
        When the table or a column is not in the format, or a value does not fit its column.
    """
    if name not in TABLES:
        raise DatasetError(f"{name!r} is no table of the format; use one of {', '.join(TABLES)}")
    table = TABLES[name]
    for column in frame.columns:
        if not table.has(column):
            raise DatasetError(f"table {name}, column {column}: not a column of the format; leave it out")
    written = [column for column in frame.columns if column in table.required or _has_values(frame[column])]
    return pa.table({column: _column(table, column, frame[column]) for column in written})


def _has_values(column: pd.Series) -> bool:
    given = column.dropna()
    return any(value != [] for value in given) if given.dtype == object else len(given) > 0


def _column(table: Table, name: str, values: pd.Series) -> pa.Array:
    kind = table.column(name).kind
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert(None)
    try:
        return pa.array(values, _ARROW_TYPES.get(kind, pa.string()), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
        raise DatasetError(
            f"table {table.name}, column {name}: cannot be written as {table.column(name).expected} ({error})"
        ) from error


def _flat(name: str, table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    for column in table.column_names:
        kind = TABLES[name].column(column).kind
        if kind is Kind.LIST:
            frame[column] = [_joined(name, row, column, cell) for row, cell in enumerate(frame[column], 1)]
        elif kind is Kind.TIME:
            frame[column] = frame[column].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ").str.replace(".000000Z", "Z")
        elif kind is Kind.FLAG:
            frame[column] = frame[column].map({True: "true", False: "false"})
    return frame


def _joined(table: str, row: int, column: str, members: list[str] | None) -> str:
    members = [] if members is None else list(members)
    for member in members:
        if LIST_SEPARATOR in member:
            raise DatasetError(
                f"{table} row {row}, column {column}: {shown(member)} holds {LIST_SEPARATOR!r}, "
                "which parts lists in CSV; write Parquet instead"
            )
    return LIST_SEPARATOR.join(members)

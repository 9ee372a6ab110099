"""Tables of a dataset as rows of plain values, as a sender of JSON would have sent them.

Only what turns cells into values happens here; whether a value is allowed is judged by the same rules as in
``POST /v1/events``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from recommender.domain.dataset_format import LIST_SEPARATOR, NUMERIC_BOUNDS, TABLES, Column, Kind
from recommender.domain.simulation import notice_in
from recommender.errors import DatasetError

_ENDINGS = (".parquet", ".csv")
_FLAGS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
# A row may not be longer than a block.
_BLOCK_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One table as read.

    Parameters
    ----------
    unused : tuple of str
        Columns of the file that the format does not have.
    notice : str, optional
        Of a file whose metadata marks it as simulated, what it says of that.
    """

    name: str
    data: pa.Table
    unused: tuple[str, ...]
    notice: str | None = None

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows by column name, in the order of the file; empty cells are left out."""
        known = TABLES[self.name]
        names = [name for name in self.data.column_names if name not in self.unused]
        columns = [values_of(self.data.column(name), known.column(name)) for name in names]
        for cells in zip(*columns, strict=True):
            yield {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}


def read_tables(directory: Path, names: tuple[str, ...]) -> dict[str, SourceTable]:
    """Read those of these tables that a dataset has.

    Raises
    ------
    DatasetError
        If there is no such directory or none of the tables, or a file cannot be read as what it should be.
    """
    if not directory.is_dir():
        what = "is a file" if directory.exists() else "does not exist"
        raise DatasetError(f"dataset {directory} {what}; give the directory that holds the tables")
    found = {name: file for name in names if (file := _file_of(directory, name)) is not None}
    if not found:
        listed = ", ".join(names)
        raise DatasetError(
            f"dataset {directory} holds none of the tables {listed}, as .csv or .parquet; add one"
        )
    return {name: _read(name, file) for name, file in found.items()}


def _file_of(directory: Path, name: str) -> Path | None:
    files = [file for ending in _ENDINGS if (file := directory / f"{name}{ending}").exists()]
    if len(files) > 1:
        raise DatasetError(f"table {name}: {files[0].name} and {files[1].name} are both there; keep one")
    return files[0] if files else None


def _read(name: str, file: Path) -> SourceTable:
    read = _read_csv if file.suffix == ".csv" else _read_parquet
    try:
        data = read(file)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        reason = str(error).splitlines()[0]
        raise DatasetError(
            f"table {name}: {file.name} cannot be read ({reason}); write it again as Parquet, "
            "or as UTF-8 CSV with a header row"
        ) from None
    table = TABLES[name]
    missing = [column for column in table.required if column not in data.column_names]
    if missing:
        raise DatasetError(
            f"table {name}: the required column {missing[0]} is missing in {file.name}; add it"
        )
    unused = tuple(c for c in data.column_names if not table.has(c))
    return SourceTable(name, data, unused, notice_in(data.schema.metadata))


def _read_parquet(file: Path) -> pa.Table:
    return pa.parquet.ParquetFile(file).read()


def _read_csv(file: Path) -> pa.Table:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        header = next(csv.reader(lines), [])
    if len(set(header)) < len(header):
        repeated = next(name for name in header if header.count(name) > 1)
        raise csv.Error(f"the header names {repeated!r} twice")
    return pa.csv.read_csv(
        file,
        read_options=pa.csv.ReadOptions(block_size=_BLOCK_BYTES),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        # All cells are text: ids that look like numbers stay as they are written.
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )


def values_of(data: pa.ChunkedArray, column: Column) -> list[Any]:
    """Cells as a sender of JSON would have sent them, None where empty."""
    if pa.types.is_timestamp(data.type):
        # Nanoseconds do not fit Python's times; what is finer than a microsecond is no learning event.
        data = data.cast(pa.timestamp("us", data.type.tz), safe=False)
    elif pa.types.is_date(data.type):
        data = data.cast(pa.timestamp("us"))
    convert = _converter(column.kind)
    values: list[Any] = (
        [_time(cell) for cell in data] if pa.types.is_timestamp(data.type) else data.to_pylist()
    )
    return values if convert is None else [None if v is None else convert(v) for v in values]


def _time(cell: pa.TimestampScalar) -> Any:
    try:
        return cell.as_py()
    except (OverflowError, ValueError):
        # Before year 1 or after year 9999: for the rules to complain of.
        return str(cell.value)


def _converter(kind: Kind) -> Callable[[Any], Any] | None:
    return _number if kind in NUMERIC_BOUNDS else _CONVERTERS.get(kind, _text)


def _text(value: Any) -> Any:
    # Parquet files of other tools hold ids as whole numbers.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _number(value: Any) -> Any:
    """Return a number where the cell is one; else the cell as it is, for the rules to complain of."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _flag(value: Any) -> Any:
    return _FLAGS.get(str(value).lower(), value)


def _list(value: Any) -> Any:
    return value.split(LIST_SEPARATOR) if isinstance(value, str) else [_text(v) for v in value]


_CONVERTERS: Mapping[Kind, Callable[[Any], Any] | None] = {
    Kind.FLAG: _flag,
    Kind.LIST: _list,
    Kind.TIME: None,
}

"""From a directory to Arrow tables: which files are there, and are they whole."""

from __future__ import annotations

import csv
import difflib
import gzip
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from recommender.domain.dataset_format import TABLES
from recommender.errors import DatasetError
from training.datasets.dataset import Finding
from training.datasets.problems import shown

_ENDINGS = (".csv", ".parquet")
# A cell that is longer than a block cannot be read; no file of a dataset has cells as long as this.
_LARGEST_BLOCK = 1 << 28


def find_tables(path: Path) -> tuple[Mapping[str, Path], list[Finding]]:
    """Return the file of each table in a directory, in the order of the format.

    Parameters
    ----------
    path : Path
        The directory of a dataset.

    Returns
    -------
    tuple
        Table name to file, and one finding per data file that is no table of the format. Files that are
        no data (README.md and the like) and directories are passed over.

    Raises
    ------
    DatasetError
        When there is no such directory, no table in it, or one table in two formats.
    """
    if not path.exists():
        raise DatasetError(f"there is no directory {path}; give the one that holds the tables")
    if not path.is_dir():
        raise DatasetError(f"{path} is a file; give the directory that holds it, not the table itself")
    files = sorted(entry for entry in path.iterdir() if entry.is_file())
    found = {name: [file for file in files if file.name in _names(name)] for name in TABLES}
    for name, candidates in found.items():
        if len(candidates) > 1:
            raise DatasetError(
                f"table {name} is there twice, as {name}.csv and {name}.parquet; keep one of the two"
            )
    tables = {name: candidates[0] for name, candidates in found.items() if candidates}
    if not tables:
        raise DatasetError(
            f"{path} holds no table of the dataset format; "
            "expected at least one NAME.csv or NAME.parquet, such as attempts.csv or completions.parquet"
        )
    return tables, [_unknown(file) for file in files if _is_unknown(file)]


def read_table(file: Path) -> pa.Table:
    """Read one file as it is: all text from CSV, the stored types from Parquet.

    Parameters
    ----------
    file : Path
        A ``.csv`` (UTF-8, header row, RFC 4180) or ``.parquet`` file.

    Returns
    -------
    pyarrow.Table
        At least one row; every column name once.

    Raises
    ------
    DatasetError
        When the file is empty, not UTF-8, damaged, malformed, or names a column twice.
    """
    try:
        table = read_csv(file) if file.suffix == ".csv" else _read_parquet(file)
    except OSError as error:
        raise DatasetError(f"{file.name} cannot be opened ({error.strerror}); make it readable") from error
    _refuse_repeated(file, table.column_names)
    if table.num_rows == 0:
        raise DatasetError(f"table {_stem(file)} ({file.name}) has no rows; add rows or remove the file")
    return table


def _names(table: str) -> tuple[str, ...]:
    return tuple(table + ending for ending in _ENDINGS)


def _is_unknown(file: Path) -> bool:
    is_data = any(ending in file.name.lower() for ending in _ENDINGS)
    return is_data and not (file.stem in TABLES and file.suffix in _ENDINGS)


def _unknown(file: Path) -> Finding:
    stem = file.name.lower().split(".")[0]
    close = difflib.get_close_matches(stem, TABLES, n=1)
    hint = f"; was {close[0]}.csv or {close[0]}.parquet meant?" if close else ""
    return Finding("warning", "", f"{file.name} is no table of the format and was not read{hint}", 1)


def _read_parquet(file: Path) -> pa.Table:
    try:
        return pa.parquet.ParquetFile(file).read()
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = str(error).splitlines()[0].rstrip(".")
        raise DatasetError(
            f"{file.name} is no whole Parquet file ({reason}); copy or write it again"
        ) from error


def read_csv(file: Path) -> pa.Table:
    """Read a CSV file, or a gzipped one, as text; empty cells are null.

    Parameters
    ----------
    file : Path
        ``.csv`` or ``.csv.gz``, UTF-8, header row, RFC 4180.

    Raises
    ------
    DatasetError
        When it is no whole, well-formed file of that kind.
    OSError
        When it cannot be opened.
    """
    data = _bytes(file)
    _refuse_other_encodings(file, data)
    names = _header(data)
    if not names:
        raise DatasetError(f"table {_stem(file)} ({file.name}) is empty; add a header row and rows")
    _refuse_repeated(file, names)
    if data.count(b'"') % 2:
        raise DatasetError(f'{file.name} is no well-formed CSV: a quote (") is never closed; write it again')
    malformed: list[pa.csv.InvalidRow] = []

    def note(row: pa.csv.InvalidRow) -> str:
        malformed.append(row)
        return "skip"

    try:
        table = pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(
                use_threads=False, block_size=min(max(len(data), 1) + 1, _LARGEST_BLOCK)
            ),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise DatasetError(f"{file.name} is no well-formed CSV ({error}); write it again") from error
    if malformed:
        raise DatasetError(*(_malformed(file, names, row) for row in malformed))
    return table


def _bytes(file: Path) -> bytes:
    data = file.read_bytes()
    if file.suffix != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DatasetError(f"{file.name} is no whole gzip file ({error}); copy it again") from error


def _stem(file: Path) -> str:
    return file.name.split(".")[0]


def _refuse_other_encodings(file: Path, data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = data.rfind(b"\n", 0, error.start) + 1
        before = data[start : error.start].decode("utf-8", errors="replace")
        row = data.count(b"\n", 0, error.start)
        names, position = _header(data), before.count(",")
        column = names[position] if position < len(names) else str(position + 1)
        where = f"row {row}, column {column}" if row else "header row"
        value = shown(data[error.start : error.end])
        raise DatasetError(
            f"{_stem(file)} {where}: byte {value} in {file.name} is not UTF-8; "
            "save the file with the encoding UTF-8"
        ) from error


def _header(data: bytes) -> list[str]:
    lines = data[: data.find(b"\n") + 1 or len(data)].decode("utf-8-sig", errors="replace").splitlines()
    return next(csv.reader(lines[:1]), [])


def _refuse_repeated(file: Path, names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise DatasetError(f"{file.name} names the column {name!r} more than once; keep one of them")


def _malformed(file: Path, names: Sequence[str], row: pa.csv.InvalidRow) -> str:
    # Arrow counts the header as row 1.
    return (
        f"{_stem(file)} row {row.number - 1}, column {names[min(row.actual_columns, len(names)) - 1]}: "
        f"{shown(row.text)} has {row.actual_columns} cells where the header has {row.expected_columns}; "
        'write one cell per column and put "quotes" around text that holds commas'
    )

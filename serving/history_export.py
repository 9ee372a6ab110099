"""What the store holds as a dataset of Parquet files: streamed, of one moment, all of it or nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet

from recommender.domain.dataset_format import NUMERIC_BOUNDS, TABLES, WHOLE_KINDS, Column, Kind
from recommender.errors import DatasetError
from serving.history_answers import FEEDBACK_KIND, FEEDBACK_TABLE
from serving.history_rows import EVENT_TABLES
from serving.store import events as log
from serving.store import learners, recommendations
from serving.store.database import Database
from serving.store.dialect import without_time_limit
from serving.store.recommendations import LoggedRecommendation

_ROWS_IN_GROUP = 50_000
_ARROW_TYPES: Mapping[Kind, pa.DataType] = {
    Kind.LIST: pa.list_(pa.string()),
    Kind.FLAG: pa.bool_(),
    Kind.TIME: pa.timestamp("us", "UTC"),
    **dict.fromkeys(NUMERIC_BOUNDS, pa.float64()),
    **dict.fromkeys(WHOLE_KINDS, pa.int64()),
}
_TABLES_BY_KIND = {kind: name for name, kind in EVENT_TABLES.items()} | {FEEDBACK_KIND: FEEDBACK_TABLE}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written.

    Parameters
    ----------
    rows : dict of str to int
        By table; tables without a row have no file.
    unattributed : int
        Feedback left out, since the answer it is about is not logged or had no module.
    """

    rows: dict[str, int] = field(default_factory=dict)
    unattributed: int = 0


def export_history(
    database: Database, out: Path, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> ExportReport:
    """Write profiles, events, answers and feedback as a dataset, in constant memory.

    Parameters
    ----------
    out : Path
        Directory to write; it may hold an earlier export, which is replaced, and nothing else.
    progress : callable, optional
        Called now and then with how many events are written and how many there are.

    Raises
    ------
    DatasetError
        If `out` cannot be written or holds other things.
    StoreUnavailableError
        If the store cannot be read.
    """
    with _whole_directory(out) as folder, database.snapshot() as connection, _Writers(folder) as writers:
        without_time_limit(connection)
        total, done, unattributed = log.count(connection), 0, 0
        for profiles in learners.every(connection):
            writers.add("learners", _of_rows("learners", [asdict(profile) for profile in profiles]))
        for answers in recommendations.every(connection):
            writers.add("recommendations", _of_rows("recommendations", _answer_rows(answers)))
        for columns in log.every(connection):
            for kind in dict.fromkeys(columns.kind):
                places = [i for i, of in enumerate(columns.kind) if of == kind]
                table = _event_table(
                    _TABLES_BY_KIND[kind],
                    [columns.payload[i] for i in places],
                    [columns.occurred_at[i] for i in places],
                )
                if kind == FEEDBACK_KIND:
                    about = table["recommendation_id"]
                    found = recommendations.found_among(connection, about.to_pylist())
                    known = pa.array([i for i, answer in found.items() if answer.modules], pa.string())
                    attributed = table.filter(pc.is_in(about, known))
                    unattributed += table.num_rows - attributed.num_rows
                    table = attributed
                writers.add(_TABLES_BY_KIND[kind], table)
            done += len(columns.kind)
            progress(done, total)
    return ExportReport(writers.rows, unattributed)


class _Writers:
    """One Parquet file a table, written in groups of rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, pa.parquet.ParquetWriter] = {}
        self._waiting: dict[str, list[pa.Table]] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        try:
            for name in self._waiting if kind is None else ():
                self._flush(name)
        finally:
            for writer in self._open.values():
                writer.close()

    def add(self, name: str, table: pa.Table) -> None:
        """Write some rows of a table, soon."""
        if not table.num_rows:
            return
        waiting = self._waiting.setdefault(name, [])
        waiting.append(table)
        self.rows[name] = self.rows.get(name, 0) + table.num_rows
        if sum(part.num_rows for part in waiting) >= _ROWS_IN_GROUP:
            self._flush(name)

    def _flush(self, name: str) -> None:
        waiting, self._waiting[name] = self._waiting[name], []
        if not waiting:
            return
        if name not in self._open:
            file = self._folder / f"{name}.parquet"
            self._open[name] = pa.parquet.ParquetWriter(file, waiting[0].schema, compression="zstd")
        self._open[name].write_table(pa.concat_tables(waiting).combine_chunks())


def _of_rows(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of plain values; times are seconds since 1970."""
    arrays = {}
    for column in TABLES[name].columns:
        cells = [row.get(column.name) for row in rows]
        of = _ARROW_TYPES.get(column.kind, pa.string())
        arrays[column.name] = _times(cells) if column.kind is Kind.TIME else pa.array(cells, of)
    return pa.table(arrays)


def _answer_rows(answers: Sequence[LoggedRecommendation]) -> list[dict[str, Any]]:
    """One row a module."""
    return [
        {
            "recommendation_id": answer.recommendation_id,
            "learner_id": answer.learner_id,
            # Of an answer without a model there is none.
            "bundle_id": answer.bundle_id or None,
            "occurred_at": answer.generated_at,
            **module._asdict(),
        }
        for answer in answers
        for module in answer.modules
    ]


def _event_table(name: str, payloads: Sequence[str], occurred_at: Sequence[float | None]) -> pa.Table:
    """Payloads of one kind as rows of the table."""
    columns = {c.name: c for c in TABLES[name].columns}
    # In the log the word `kind` is taken.
    keys = {"kind": "feedback"} if name == FEEDBACK_TABLE else {}
    schema = pa.schema([(keys.get(n, n), _written_type(c)) for n, c in columns.items()])
    lines = pa.BufferReader("\n".join(payloads).encode())
    options = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    found = pa.json.read_json(lines, parse_options=options)
    arrays = {}
    for n, column in columns.items():
        cells = found[keys.get(n, n)]
        if column.kind is Kind.TIME:
            cells = cells.cast(_ARROW_TYPES[Kind.TIME])
        if n == "occurred_at":
            # One that came without a time happened when it was received.
            cells = pc.coalesce(cells, pa.chunked_array([_times(occurred_at)]))
        arrays[n] = cells if column.default is None else cells.fill_null(column.default)
    return pa.table(arrays)


def _written_type(column: Column) -> pa.DataType:
    return pa.string() if column.kind is Kind.TIME else _ARROW_TYPES.get(column.kind, pa.string())


def _times(seconds: Sequence[float | None]) -> pa.Array:
    found = np.array(seconds, np.float64)
    missing = np.isnan(found)
    micros = np.round(np.where(missing, 0.0, found) * 1e6).astype(np.int64)
    return pa.array(micros, mask=missing).cast(_ARROW_TYPES[Kind.TIME])


@contextmanager
def _whole_directory(out: Path) -> Iterator[Path]:
    """Give a new directory beside `out` to write into, which takes its name when the block ends well."""
    out = out.resolve()
    _refuse_to_lose(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # For its owner alone: it is about people.
        new = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise DatasetError(f"{out} cannot be written ({error.strerror}); give another directory") from None
    old = new.with_name(f"{new.name}.old")
    try:
        yield new
        _refuse_to_lose(out)
        if out.exists():
            out.rename(old)
        new.rename(out)
    except OSError as error:
        raise DatasetError(f"{out} cannot be written ({error.strerror}); nothing was changed") from None
    finally:
        # When the second rename failed, the old directory goes back to its place.
        if old.exists() and not out.exists():
            old.rename(out)
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _refuse_to_lose(out: Path) -> None:
    if not out.exists():
        return
    tables = {f"{name}.parquet" for name in ("learners", "recommendations", *_TABLES_BY_KIND.values())}
    others = [out] if not out.is_dir() else [f for f in out.iterdir() if f.name not in tables]
    if others:
        raise DatasetError(
            f"{others[0]} is there and would be lost; give --out a new directory, or one of an earlier export"
        )

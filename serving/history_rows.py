"""A dataset's events as rows of the log: by columns where all is good, by the row where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recommender.domain.events import to_seconds
from serving.dataset_reader import SourceTable
from serving.event_columns import EventColumns, EventReader
from serving.evidence import RowRules, read_event
from serving.history_answers import FEEDBACK_KIND, FEEDBACK_TABLE, Answers, read_feedback
from serving.history_places import Place, number_id
from serving.intake import conflict
from serving.store.events import LogColumns, LoggedEvent

EVENT_TABLES = {
    "attempts": "attempt",
    "completions": "completion",
    "self_assessments": "self_assessment",
    "credentials_earned": "credential",
}
_ROWS_AT_ONCE = 100_000
_SCHEMA = pa.schema(
    {
        "table": pa.int8(),
        "row": pa.int64(),
        "event_id": pa.large_string(),
        "learner_id": pa.large_string(),
        "occurred_at": pa.float64(),
        "payload": pa.large_string(),
    }
)
_NAMES = (*EVENT_TABLES, FEEDBACK_TABLE)
_KINDS = np.array([*EVENT_TABLES.values(), FEEDBACK_KIND], object)


@dataclass(frozen=True, slots=True)
class HistoryRows:
    """Events in the order of tables and rows.

    Parameters
    ----------
    rows : Arrow table
        ``table`` (position in `EVENT_TABLES`, feedback the last), ``row`` (counted from 1), and those of the
        log.
    first : int64 array, shape (n_rows,)
        Of each event the first row with its id, which is mostly the row itself.
    numbered : frozenset of str
        Tables without event ids, whose rows were numbered.
    received_at : float
        Seconds since 1970 UTC.
    """

    rows: pa.Table
    first: NDArray[np.int64]
    numbered: frozenset[str]
    received_at: float

    def __len__(self) -> int:
        return int(self.rows.num_rows)

    def learner_ids(self, which: NDArray[np.bool_] | None = None) -> list[str]:
        """Learners of all or some rows, each once, in the order of their ids."""
        column = self.rows["learner_id"]
        some = column if which is None else column.filter(pa.array(which))
        return sorted(pc.unique(some).to_pylist())

    def ids_and_payloads(self, places: NDArray[np.int64]) -> tuple[list[str], list[str]]:
        """Event ids and payloads of some rows."""
        some = self.rows.select(["event_id", "payload"]).take(pa.array(places))
        return some["event_id"].to_pylist(), some["payload"].to_pylist()

    def count(self, which: NDArray[np.bool_]) -> dict[str, int]:
        """How many of these rows each table has."""
        counts = np.bincount(self._table()[which], minlength=len(_NAMES))
        return dict(zip(_NAMES, counts.tolist(), strict=True))

    def to_log(self, which: NDArray[np.bool_], at_once: int) -> Iterator[LogColumns]:
        """Give some rows out as the log takes them, so many at a time."""
        chosen = self.rows.filter(pa.array(which))
        for start in range(0, chosen.num_rows, at_once):
            some = chosen.slice(start, at_once)
            n = some.num_rows
            yield LogColumns(
                event_id=some["event_id"].to_pylist(),
                learner_id=some["learner_id"].to_pylist(),
                kind=_KINDS[some["table"].to_numpy()].tolist(),
                occurred_at=some["occurred_at"].to_pylist(),
                received_at=[self.received_at] * n,
                payload=some["payload"].to_pylist(),
            )

    def repeats(self) -> NDArray[np.int64]:
        """Rows whose id a row before has."""
        return np.flatnonzero(self.first != np.arange(len(self)))

    def conflicts(self, places: Sequence[int]) -> Iterator[str]:
        """Say of rows that their ids are taken by events with other content."""
        numbered: dict[str, int] = {}
        for place in sorted(places):
            table = _NAMES[self.rows["table"][place].as_py()]
            if table in self.numbered:
                numbered[table] = numbered.get(table, 0) + 1
                continue
            where = Place(table, self.rows["row"][place].as_py())
            yield where.sentence(conflict(self.rows["event_id"][place].as_py()))
        yield from (_taken_numbers(table, count) for table, count in numbered.items())

    def _table(self) -> NDArray[np.int8]:
        return np.asarray(self.rows["table"].to_numpy())


def read_rows(
    tables: Mapping[str, SourceTable], answers: Answers, rules: RowRules, reasons: list[str]
) -> HistoryRows:
    """Judge every event of a dataset; what is wrong goes to `reasons`.

    Parameters
    ----------
    answers : mapping of str to LoggedRecommendation
        By their ids, those that feedback is about.
    """
    parts = [part for name in EVENT_TABLES if name in tables for part in _parts(tables[name], rules, reasons)]
    feedback = read_feedback(tables.get(FEEDBACK_TABLE), answers, rules, reasons)
    rows = pa.concat_tables([*parts, _of_events(FEEDBACK_TABLE, feedback)]).combine_chunks()
    numbered = frozenset(name for name, table in tables.items() if _is_numbered(table))
    return HistoryRows(rows, _first_with(rows["event_id"]), numbered, to_seconds(rules.received_at))


def _parts(table: SourceTable, rules: RowRules, reasons: list[str]) -> Iterator[pa.Table]:
    reader = EventReader(EVENT_TABLES[table.name], rules)
    for start in range(0, table.data.num_rows, _ROWS_AT_ONCE):
        part = SourceTable(table.name, table.data.slice(start, _ROWS_AT_ONCE), table.unused)
        numbers = start + 1 + np.arange(part.data.num_rows)
        ids = [number_id(table.name, n) for n in numbers.tolist()] if _is_numbered(table) else None
        columns = reader.read(part, ids)
        doubtful = np.flatnonzero(~columns.good)
        rows = _rows_of(table.name, numbers, columns)
        if len(doubtful):
            of_rows = SourceTable(table.name, part.data.take(pa.array(doubtful)), table.unused)
            mended = _of_events(table.name, _one_by_one(of_rows, numbers[doubtful], rules, reasons))
            rows = pa.concat_tables([rows.filter(pa.array(columns.good)), mended]).sort_by("row")
        yield rows


def _rows_of(name: str, numbers: NDArray[np.int64], columns: EventColumns) -> pa.Table:
    arrays = {
        "table": np.full(len(numbers), _NAMES.index(name), np.int8),
        "row": numbers,
        "event_id": columns.event_id,
        "learner_id": columns.learner_id,
        "occurred_at": pa.array(columns.occurred_at, mask=np.isnan(columns.occurred_at)),
        "payload": columns.payload,
    }
    return pa.table(arrays).cast(_SCHEMA)


def _one_by_one(
    table: SourceTable, numbers: NDArray[np.int64], rules: RowRules, reasons: list[str]
) -> Iterator[tuple[int, LoggedEvent]]:
    """Judge rows that are not clearly good."""
    for number, row in zip(numbers.tolist(), table.rows(), strict=True):
        sent = {"kind": EVENT_TABLES[table.name], "event_id": number_id(table.name, number), **row}
        event = read_event(sent, rules)
        if isinstance(event, LoggedEvent):
            yield number, event
        else:
            reasons += [Place(table.name, number).sentence(fault) for fault in event]


def _of_events(name: str, events: Iterable[tuple[int, LoggedEvent]]) -> pa.Table:
    """Events with their row numbers, as columns."""
    rows = [{"table": _NAMES.index(name), "row": number, **asdict(event)} for number, event in events]
    return pa.Table.from_pylist(rows, _SCHEMA)


def _is_numbered(table: SourceTable) -> bool:
    return "event_id" not in table.data.column_names


def _first_with(ids: pa.ChunkedArray) -> NDArray[np.int64]:
    """Of each id the position of the first that is equal."""
    codes = [chunk.indices.to_numpy() for chunk in pc.dictionary_encode(ids).unify_dictionaries().chunks]
    code = np.concatenate([np.zeros(0, np.int64), *codes]).astype(np.int64)
    position = np.arange(len(code))
    first = np.empty(1 + code.max(initial=-1), np.int64)
    # Of equal indexes the last one is kept.
    first[code[::-1]] = position[::-1]
    return first[code]


def _taken_numbers(table: str, count: int) -> str:
    """One sentence for all rows: what is wrong with them is the same."""
    return (
        f"table {table}: the file has no event_id column, so its rows were numbered, and the store holds "
        f"other events under {count:,} of these numbers, as after loading another dataset; give the table an "
        "event_id column with ids of its own, or load into an empty store"
    )

"""Whole columns of events at a time: what a large import is made of.

Each distinct cell of a column is judged once, by the schema of ``POST /v1/events``, and spelled once as it
stands in the log; a row is put together of these. A row with any cell that is not clearly good is left to
`serving.evidence.read_event`, which decides, and tells what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from recommender.domain.dataset_format import TABLES, Column, Kind
from recommender.domain.events import to_seconds
from serving.dataset_reader import SourceTable, values_of
from serving.evidence import RowRules, canonical_text, known_ids, too_far_ahead
from serving.schemas.events import EVENT_MODELS

Flags: TypeAlias = NDArray[np.bool_]

# Stands between the members of a list while lists are compared: no good id holds it.
_BETWEEN = "\x00"
# Microseconds since 1970 up to here are whole numbers of float64: the years 1684 to 2255.
_EXACT_MICROS = 2**53
_MICROS = pa.timestamp("us")
_SHORT = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_integer,
    pa.types.is_float32,
    pa.types.is_float64,
    pa.types.is_boolean,
)


@dataclass(frozen=True, slots=True, eq=False)
class EventColumns:
    """Rows of one table as they go to the log, all arrays of shape (n_rows,).

    Parameters
    ----------
    good : bool array
        Rows that were judged; the others hold nothing that may be used.
    event_id, learner_id, payload : Arrow arrays of strings
    occurred_at : float64 array
        Seconds since 1970 UTC, NaN without a time.
    """

    good: Flags
    event_id: pa.Array
    learner_id: pa.Array
    occurred_at: NDArray[np.float64]
    payload: pa.Array


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """A column: whether each cell is there and good, its value as text, and as a member of the payload."""

    there: Flags
    good: Flags
    member: pa.Array
    text: pa.Array | None = None
    seconds: NDArray[np.float64] | None = None


class EventReader:
    """Reads events of one kind by columns.

    Parameters
    ----------
    kind : str
        Of the events.
    rules : RowRules
        Of which an event without a time comes before all with one.
    """

    def __init__(self, kind: str, rules: RowRules) -> None:
        self._kind = kind
        self._rules = rules
        self._fields = {
            name: _Field(name, field, rules)
            for name, field in EVENT_MODELS[kind].model_fields.items()
            if name != "kind"
        }

        catalog, trained = rules.catalog, rules.trained
        # Of attempts: what was put into the catalogue since the model was trained.
        self._added: dict[str, list[str]] = {}
        if kind == "attempt" and catalog is not None and trained is not None:
            self._added = {
                "item_id": [i for i in catalog.item_ids if i not in trained.item_index],
                "module_id": [m for m in catalog.module_ids if m not in trained.module_index],
            }

    def read(self, table: SourceTable, event_ids: Sequence[str] | None) -> EventColumns:
        """Read some rows.

        Parameters
        ----------
        table : SourceTable
        event_ids : sequence of str, optional
            Ids of the rows, where the table has none.
        """
        known, n = TABLES[table.name], table.data.num_rows
        cells: dict[str, _Cells] = {}
        for name in table.data.column_names:
            if name not in table.unused:
                cells[name] = self._fields[name].read(table.data.column(name), known.column(name))
        if event_ids is not None:
            cells["event_id"] = self._fields["event_id"].read(
                pa.chunked_array([pa.array(event_ids, pa.string())]), known.column("event_id")
            )
        good = np.ones(n, np.bool_)
        for name, column in cells.items():
            good &= column.good if self._fields[name].optional else column.good & column.there
        good &= ~self._told_by_catalog(cells)
        when = cells.get("occurred_at")
        seconds = np.full(n, np.nan) if when is None or when.seconds is None else when.seconds
        members = {name: column.member for name, column in cells.items()}
        members["kind"] = pa.repeat(_begin("kind") + canonical_text(self._kind), n)
        inside = pc.binary_join_element_wise(
            *(members[name] for name in sorted(members)), ",", null_handling="skip"
        )
        return EventColumns(
            good=good,
            event_id=cells["event_id"].text,
            learner_id=cells["learner_id"].text,
            occurred_at=seconds,
            payload=pc.binary_join_element_wise("{", inside, "}", ""),
        )

    def _told_by_catalog(self, cells: Mapping[str, _Cells]) -> Flags:
        """Tell of which attempts the catalogue may say what they count for, see `read_event`."""
        told = np.zeros(len(cells["learner_id"].good), np.bool_)
        for name, added in self._added.items():
            if added and name in cells:
                told |= np.asarray(pc.is_in(cells[name].text, pa.array(added, pa.string())))
        return told & ~cells["skill_ids"].there if "skill_ids" in cells else told


class _Field:
    """One field of the schema, for the cells of one column."""

    def __init__(self, name: str, field: FieldInfo, rules: RowRules) -> None:
        self.optional = not field.is_required()
        self._begin = _begin(name)
        self._default = field.get_default()
        self._known = known_ids(rules.catalog).get(name)
        self._rules = rules if name == "occurred_at" else None
        # The type as the schema declares it, of many cells at once.
        of_one: Any = field.annotation
        for rule in field.metadata:
            of_one = Annotated[of_one, rule]
        self._adapter: TypeAdapter[list[Any]] = TypeAdapter(
            list[of_one], config=ConfigDict(allow_inf_nan=False)
        )

    def read(self, data: pa.ChunkedArray, column: Column) -> _Cells:
        """Judge and spell every cell."""
        if pa.types.is_timestamp(data.type) or pa.types.is_date(data.type):
            return self._times(data) if column.kind is Kind.TIME else _not_judged(len(data))
        distinct = _distinct(data, column)
        if distinct is None:
            return _not_judged(len(data))
        values, code, clear = distinct
        judged, place = self._judged(values)
        spelled = [
            None if value == self._default else self._begin + canonical_text(json)
            for value, json in zip(judged, self._adapter.dump_python(judged, mode="json"), strict=True)
        ]
        there, code = code >= 0, np.append(place, -1)[code]
        found = pa.array(code, mask=code < 0)
        return _Cells(
            there=there,
            good=clear & (~there | (code >= 0)),
            member=pa.array(spelled, pa.string()).take(found),
            text=pa.array(judged, pa.string()).take(found) if column.kind is Kind.ID else None,
            seconds=np.array([*map(to_seconds, judged), np.nan])[code] if column.kind is Kind.TIME else None,
        )

    def _judged(self, values: list[Any]) -> tuple[list[Any], NDArray[np.int64]]:
        """Return the good values as the schema reads them, and where each value is among these, or -1."""
        good = np.ones(len(values), np.bool_)
        try:
            judged = self._adapter.validate_python(values)
        except ValidationError as error:
            complaints = error.errors(include_url=False, include_context=False, include_input=False)
            good[[int(complaint["loc"][0]) for complaint in complaints]] = False
            judged = self._adapter.validate_python([values[i] for i in np.flatnonzero(good)])
        allowed = np.array([self._is_allowed(value) for value in judged], np.bool_)
        good[good] = allowed
        place = np.where(good, np.cumsum(good) - 1, -1)
        return [value for value, ok in zip(judged, allowed, strict=True) if ok], place

    def _is_allowed(self, value: Any) -> bool:
        if self._rules is not None:
            rules = self._rules
            return too_far_ahead(value, rules.received_at, rules.future_tolerance_seconds) is None
        if self._known is None:
            return True
        return all(i in self._known for i in (value if isinstance(value, list) else [value]))

    def _times(self, data: pa.ChunkedArray) -> _Cells:
        """Read times that the file holds as such."""
        data = data.cast(_MICROS, safe=False) if pa.types.is_date(data.type) else data
        zone = data.type.tz
        micros = data.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64()).combine_chunks()
        there = np.asarray(micros.is_valid())
        number = micros.fill_null(0).to_numpy()
        good = np.abs(number) < _EXACT_MICROS
        number = np.where(good, number, 0)
        if self._rules is not None:
            ahead = (number - round(to_seconds(self._rules.received_at) * 1e6)) / 1e6
            good &= ahead <= self._rules.future_tolerance_seconds
        times = pa.array(number, _MICROS)
        text = times.cast(pa.timestamp("s"), safe=False).cast(pa.string())
        broken = number % 1_000_000 != 0
        if broken.any():
            text = pc.if_else(pa.array(broken), times.cast(pa.string()), text)
        text = pc.binary_replace_slice(text, 10, 11, "T")
        member = pc.binary_join_element_wise(f'{self._begin}"', text, 'Z"', "")
        return _Cells(
            there=there,
            good=good | ~there,
            member=pc.if_else(pa.array(there), member, None),
            seconds=np.where(there, number / 1e6, np.nan),
        )


def _begin(name: str) -> str:
    return f"{canonical_text(name)}:"


def _distinct(data: pa.ChunkedArray, column: Column) -> tuple[list[Any], NDArray[np.int64], Flags] | None:
    """Distinct values of a column, the position of each cell's (-1 for none), and where that is beyond doubt.

    None for what has no short way.
    """
    if pa.types.is_dictionary(data.type):
        data = data.cast(data.type.value_type)
    clear = np.ones(len(data), np.bool_)
    lists = pa.types.is_list(data.type) or pa.types.is_large_list(data.type)
    if lists:
        if column.kind is not Kind.LIST or not _is_text(data.type.value_type):
            return None
        length, joined = pc.list_value_length(data), pc.binary_join(data, _BETWEEN)
        # An empty list says what an empty cell says. One that holds none, or what stands between, is unclear.
        data = pc.if_else(pc.equal(length, 0), None, joined)
        parts = pc.add(pc.count_substring(data, _BETWEEN), 1)
        clear = np.asarray(pc.fill_null(pc.equal(parts, length), pc.fill_null(pc.equal(length, 0), False)))
        clear = clear | np.asarray(pc.is_null(length))
    elif not any(is_type(data.type) for is_type in _SHORT):
        return None
    encoded = pc.dictionary_encode(data.combine_chunks())
    values = [v.split(_BETWEEN) for v in encoded.dictionary.to_pylist()] if lists else None
    return (
        values_of(pa.chunked_array([encoded.dictionary]), column) if values is None else values,
        encoded.indices.fill_null(-1).to_numpy().astype(np.int64),
        clear,
    )


def _is_text(of: pa.DataType) -> bool:
    return bool(pa.types.is_string(of) or pa.types.is_large_string(of))


def _not_judged(n: int) -> _Cells:
    none = np.zeros(n, np.bool_)
    return _Cells(none, none, pa.nulls(n, pa.string()), pa.nulls(n, pa.string()))

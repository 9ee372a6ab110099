"""Reading events by columns stores and refuses exactly what reading them row by row does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.catalog import Ragged
from recommender.domain.dataset_format import TABLES
from recommender.skills.difficulty import DifficultyTable
from serving.dataset_reader import SourceTable
from serving.evidence import RowRules, read_event
from serving.history_places import Place
from serving.history_rows import EVENT_TABLES, read_rows
from serving.store.events import LoggedEvent
from tests.unit.serving.world import CREDENTIAL, ITEMS, MODULES, NOW, SKILLS, catalog

RULES = RowRules(received_at=NOW, future_tolerance_seconds=300, catalog=catalog(), without_time_is_now=False)
# Items and modules that were put into the catalogue after the model was trained.
TRAINED = DifficultyTable(
    overall=0.0,
    item_ids=ITEMS[1:],
    item_difficulty=np.zeros(len(ITEMS) - 1),
    item_skills=Ragged.of([[]] * (len(ITEMS) - 1)),
    skill_ids=SKILLS,
    skill_difficulty=np.zeros(len(SKILLS)),
    module_ids=MODULES[1:],
    module_skills=Ragged.of([[]] * (len(MODULES) - 1)),
)
GROWN = replace(RULES, trained=TRAINED)
FREE = RowRules(received_at=NOW, future_tolerance_seconds=300, catalog=None, without_time_is_now=False)
ODD_TEXTS = ("", "ü", "x" * 200, "x" * 201, "a\nb", "a\x00b", "\x7f", 'q"uo\\te/', "\u2028", "None", "7")

_TIMES = st.datetimes(datetime(1, 1, 2), NOW.replace(tzinfo=None) + timedelta(days=1))
_NEAR = st.integers(-2_000_000, 400_000_000).map(
    lambda us: NOW.replace(tzinfo=None) + timedelta(microseconds=us)
)
_TIME_TEXTS = st.one_of(
    st.sampled_from(("2026", "yesterday", "2026-03-01", "2026-03-01T09:30:00+02:00", "2026-W09-1", " ")),
    (_TIMES | _NEAR).map(lambda t: t.isoformat() + "Z"),
    (_TIMES | _NEAR).map(lambda t: t.isoformat(" ")),
)
_NUMBERS = st.one_of(
    st.sampled_from(
        (0.0, -0.0, 1.0, 1.0000000000000002, 5.0, 5e-324, 1e16, -1.0, float("inf"), float("nan"))
    ),
    st.floats(0, 1),
    st.floats(),
)
_NUMBER_TEXTS = _NUMBERS.map(repr) | st.sampled_from((" 0.5", "1_0", "0,5", "x", "1e-3", "\u0660", ""))
_LISTS = st.one_of(
    st.lists(st.sampled_from((*SKILLS, None, "\x00".join(SKILLS[:2]))), max_size=2),
    st.sampled_from(([], [""], [None], ["zen"], ["x" * 201], [SKILLS[0]] * 101)),
)
_FLAG_TEXTS = st.sampled_from(("true", "FALSE", "yes", "no", "1", "0", "perhaps", ""))


def column(values: st.SearchStrategy[Any], of_type: pa.DataType, n: int) -> st.SearchStrategy[pa.Array]:
    """A column of one type, with gaps."""
    return st.lists(st.none() | values, min_size=n, max_size=n).map(lambda cells: pa.array(cells, of_type))


def ids(n: int, *good: str) -> st.SearchStrategy[pa.Array]:
    known = st.sampled_from(good)
    return st.one_of(
        st.lists(known, min_size=n, max_size=n).map(pa.array),
        column(known | st.sampled_from(ODD_TEXTS), pa.string(), n),
        column(known | st.text(max_size=5), pa.large_string(), n),
        column(known, pa.string(), n).map(lambda a: a.dictionary_encode()),
        column(st.integers(-(2**63), 2**63 - 1), pa.int64(), n),
        column(st.floats(), pa.float64(), n),
        column(st.binary(max_size=3), pa.binary(), n),
        st.just(pa.nulls(n)),
    )


def numbers(n: int) -> st.SearchStrategy[pa.Array]:
    return st.one_of(
        st.lists(st.floats(0, 1), min_size=n, max_size=n).map(pa.array),
        column(_NUMBERS, pa.float64(), n),
        column(st.floats(width=32), pa.float32(), n),
        column(st.floats(width=16), pa.float16(), n),
        column(st.integers(-1, 2) | st.integers(-(2**63), 2**63 - 1), pa.int64(), n),
        column(st.booleans(), pa.bool_(), n),
        column(_NUMBER_TEXTS, pa.string(), n),
        column(st.decimals(0, 1, places=2), pa.decimal128(9, 2), n),
    )


def times(n: int) -> st.SearchStrategy[pa.Array]:
    def of(unit: str, zone: str | None, values: st.SearchStrategy[datetime]) -> st.SearchStrategy[pa.Array]:
        return column(values, pa.timestamp("us"), n).map(
            lambda a: a.cast(pa.timestamp(unit), safe=False).cast(pa.timestamp(unit, zone))
        )

    recent = st.datetimes(datetime(1700, 1, 1), NOW.replace(tzinfo=None))
    return st.one_of(
        of("us", "UTC", recent | _NEAR),
        of("us", None, _TIMES),
        of("s", "Europe/Berlin", recent),
        of("ms", None, recent),
        of("ns", "UTC", recent | _NEAR),
        column(st.integers(-(2**62), 2**62), pa.timestamp("us"), n),
        column(st.dates(date(1, 1, 1), NOW.date()), pa.date32(), n),
        column(_TIME_TEXTS, pa.string(), n),
        column(_NUMBERS, pa.float64(), n),
    )


def lists(n: int) -> st.SearchStrategy[pa.Array]:
    return st.one_of(
        column(_LISTS, pa.list_(pa.string()), n),
        column(st.lists(st.sampled_from(SKILLS), max_size=3), pa.large_list(pa.string()), n),
        column(_LISTS.map(lambda found: "|".join(map(str, found))), pa.string(), n),
        column(st.lists(st.integers(0, 3), max_size=2), pa.list_(pa.int64()), n),
    )


def words(n: int, *good: str) -> st.SearchStrategy[pa.Array]:
    return column(st.sampled_from((*good, "Completed", "")), pa.string(), n)


def flags(n: int) -> st.SearchStrategy[pa.Array]:
    return st.one_of(
        column(st.booleans(), pa.bool_(), n),
        column(_FLAG_TEXTS, pa.string(), n),
        column(st.integers(-1, 2), pa.int8(), n),
        column(st.sampled_from((0.0, 1.0, 2.0)), pa.float64(), n),
    )


COLUMNS = {
    "event_id": lambda n: ids(n, "e1", "e2", "e3"),
    "learner_id": lambda n: ids(n, "ann", "bob"),
    "item_id": lambda n: ids(n, *ITEMS[:2], "new"),
    "module_id": lambda n: ids(n, *MODULES[:2]),
    "skill_id": lambda n: ids(n, *SKILLS),
    "credential_id": lambda n: ids(n, CREDENTIAL),
    "skill_ids": lists,
    "score": numbers,
    "level": numbers,
    "progress": numbers,
    "rating": numbers,
    "duration_seconds": numbers,
    "passed": flags,
    "status": lambda n: words(n, "started", "completed", "abandoned"),
    "occurred_at": times,
    "expires_at": times,
}


GOOD: dict[str, st.SearchStrategy[Any]] = {
    "event_id": st.text("abc", min_size=1, max_size=3),
    "learner_id": st.sampled_from(("ann", "bob")),
    "item_id": st.sampled_from((*ITEMS[:2], 'n"e\\w')),
    "module_id": st.sampled_from(MODULES[:2]),
    "skill_id": st.sampled_from(SKILLS),
    "credential_id": st.just(CREDENTIAL),
    "skill_ids": st.lists(st.sampled_from(SKILLS), max_size=2),
    **dict.fromkeys(("score", "level", "progress", "duration_seconds"), st.floats(0, 1)),
    "rating": st.floats(1, 5),
    "passed": st.booleans(),
    "status": st.sampled_from(("started", "completed", "abandoned")),
    **dict.fromkeys(
        ("occurred_at", "expires_at"),
        st.datetimes(datetime(1990, 1, 1), NOW.replace(tzinfo=None), timezones=st.just(UTC)),
    ),
}


@st.composite
def tables(draw: st.DrawFn, name: str, odd: str) -> SourceTable:
    """An event table of which one column may hold anything, perhaps another too; the others are good."""
    n = draw(st.integers(1, 4))
    columns = [c for c in TABLES[name].columns if c.required or c.name == odd or draw(st.booleans())]
    another = draw(st.sampled_from([None, None, *(c.name for c in columns)]))
    data = {}
    for c in columns:
        cell = GOOD[c.name] if c.required else st.none() | GOOD[c.name]
        good = st.lists(cell, min_size=n, max_size=n).map(pa.array)
        data[c.name] = draw(COLUMNS[c.name](n) if c.name in (odd, another) else good)
    return SourceTable(name, pa.table(data), ())


def row_by_row(table: SourceTable, rules: RowRules) -> tuple[list[LoggedEvent], list[str]]:
    """What is stored and what is said when every row is judged as if it had been posted."""
    events, reasons = [], []
    for number, row in enumerate(table.rows(), start=1):
        sent = {"kind": EVENT_TABLES[table.name], "event_id": f"{table.name}-{number:09d}", **row}
        judged = read_event(sent, rules)
        if isinstance(judged, LoggedEvent):
            events.append(judged)
        else:
            reasons += [Place(table.name, number).sentence(fault) for fault in judged]
    return events, reasons


def check(table: SourceTable, rules: RowRules) -> None:
    events, reasons = row_by_row(table, rules)
    said: list[str] = []
    rows = read_rows({table.name: table}, {}, rules, said)
    columns = list(rows.to_log(rows.first >= 0, 3))
    got = [part.row(i) for part in columns for i in range(len(part.event_id))]
    assert (got, said) == (events, reasons)


@pytest.mark.parametrize(("name", "odd"), [(n, c.name) for n in EVENT_TABLES for c in TABLES[n].columns])
@settings(max_examples=60)
@given(data=st.data(), rules=st.sampled_from([RULES, GROWN, FREE]))
def test_columns_say_what_rows_say(name, odd, data, rules):
    check(data.draw(tables(name, odd)), rules)


@pytest.mark.parametrize("cells", [None, [], [None], [""], ["\x00".join(SKILLS[:2])], [SKILLS[0], None]])
def test_lists_that_look_like_others_are_not_taken_for_them(cells):
    skill_ids = pa.array([cells, list(SKILLS[:2]), []], pa.list_(pa.string()))
    columns = {"learner_id": ["ann"] * 3, "item_id": ["i"] * 3, "score": [0.5] * 3, "skill_ids": skill_ids}
    check(SourceTable("attempts", pa.table(columns), ()), FREE)


@pytest.mark.parametrize("name", EVENT_TABLES)
def test_good_rows_are_read_by_columns(name):
    """Were every row left to the slow way, the test above would hold too."""
    from serving.event_columns import EventReader

    text = {
        "event_id": "e",
        "learner_id": "ann",
        "item_id": "i",
        "module_id": MODULES[0],
        "skill_id": SKILLS[0],
        "credential_id": CREDENTIAL,
        "skill_ids": "|".join(SKILLS),
        "passed": "yes",
        "status": "started",
        "occurred_at": "2026-01-01T10:00:00.5+01:00",
        "expires_at": "2027-01-01",
    }
    typed = {
        "skill_ids": list(SKILLS),
        "passed": True,
        "occurred_at": datetime(2026, 1, 1, 9, 0, 0, 500_000, UTC),
        "expires_at": datetime(2027, 1, 1, tzinfo=UTC),
        "score": 0.5,
        "level": 1.0,
        "progress": 0.25,
        "rating": 3.5,
        "duration_seconds": 60.0,
    }
    names = [column.name for column in TABLES[name].columns]
    payloads = []
    for cells in (
        {n: str(text.get(n, typed.get(n))) for n in names},
        {n: typed.get(n, text.get(n)) for n in names},
    ):
        table = SourceTable(name, pa.Table.from_pylist([cells]), ())
        columns = EventReader(EVENT_TABLES[name], RULES).read(table, None)
        assert columns.good.all()
        payloads.append(columns.payload[0].as_py())
    assert payloads[0] == payloads[1]

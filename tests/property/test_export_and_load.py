"""Loading what was exported gives the log that was there, whatever it holds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.domain.dataset_format import TABLES
from serving.evidence import read_event
from serving.history_export import export_history
from serving.history_import import import_history
from serving.history_rows import EVENT_TABLES
from serving.store import events as log
from serving.store import learners
from serving.store.database import Database
from serving.store.events import LoggedEvent
from serving.store.migrate import open_database
from tests.property.test_event_columns import FREE, GOOD
from tests.unit.serving.world import NOW


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    opened = [open_database(f"sqlite:///{tmp_path_factory.mktemp('store') / 'test.db'}") for _ in range(2)]
    yield opened
    for database in opened:
        database.close()


@st.composite
def sent_events(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Events as they may be sent, each with a time."""
    ids = st.text(st.sampled_from('ab"\\\\\u00fc\u2028'), min_size=1, max_size=3)
    times = st.datetimes(max_value=NOW.replace(tzinfo=None)).map(lambda at: at.isoformat())
    events = []
    for event_id in draw(st.lists(ids, unique=True, min_size=1, max_size=5)):
        name = draw(st.sampled_from(tuple(EVENT_TABLES)))
        may = {c.name: GOOD[c.name] if c.required else st.none() | GOOD[c.name] for c in TABLES[name].columns}
        cells = {key: draw(times if key.endswith("_at") else values) for key, values in may.items()}
        given_cells = {key: value for key, value in cells.items() if value is not None}
        events.append({**given_cells, "kind": EVENT_TABLES[name], "event_id": event_id})
    return events


def fresh(database: Database, events: list[LoggedEvent]) -> None:
    with database.write() as connection:
        for table in ("events", "learners", "learner_states"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
        learners.ensure(connection, [event.learner_id for event in events])
        log.append(connection, events)


def logged(database: Database) -> list[LoggedEvent]:
    with database.read() as connection:
        return [part.row(i) for part in log.every(connection) for i in range(len(part.event_id))]


@settings(max_examples=60)
@given(sent_events())
def test_load_of_export_is_the_same_log(stores, sent):
    source, target = stores
    events = [read_event(event, FREE) for event in sent]
    assert all(isinstance(event, LoggedEvent) for event in events), events
    fresh(source, events)
    fresh(target, [])
    with tempfile.TemporaryDirectory() as folder:
        export_history(source, Path(folder) / "out")
        import_history(target, Path(folder) / "out", FREE)
    assert logged(target) == logged(source)
    assert len(logged(source)) == len(sent)

"""A store of any earlier revision, with data in every table, comes to this version whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, Table, inspect, select, text
from sqlalchemy.dialects import postgresql

from recommender.domain.events import to_seconds
from recommender.errors import ConfigurationError
from serving.commands import keys
from serving.commands.migrate import run_migrations
from serving.security.keys import key_id_of
from serving.settings import Settings
from serving.store import events as log
from serving.store import learners
from serving.store.database import Database
from serving.store.events import LoggedEvent
from serving.store.migrate import alembic_config, needed_revision, open_database, shape
from serving.store.tables import metadata
from tests.unit.serving import catalog_calls
from tests.unit.serving.company import put
from tests.unit.serving.world import (
    CREDENTIAL,
    ITEMS,
    MODULES,
    NOW,
    ROLE,
    SKILLS,
    FixedClock,
    Service,
    attempt,
    completion,
    make_settings,
    running_service,
)

# Oldest first; a new file in the folder of revisions is one more of them.
REVISIONS = [
    script.revision for script in reversed([*ScriptDirectory.from_config(alembic_config()).walk_revisions()])
]
EVERY_REVISION = pytest.mark.parametrize("revision", REVISIONS)

# A language sorts these otherwise than code points do.
PEOPLE = ("Zoe", "ann", "bob", "Ärzte/1", "émile", "ann-2", "学生")
# Payloads as the first revision spelled them, written by hand: they must be read for ever.
OLD_PAYLOADS: tuple[tuple[str, str, float | None, str], ...] = (
    (
        "old-1",
        "attempt",
        None,
        '"item_id":"item-fractions-1","kind":"attempt","learner_id":"Zoe","score":0.25',
    ),
    (
        "old-2",
        "attempt",
        1767225600.5,
        '"duration_seconds":41.5,"item_id":"ítem of nobody","kind":"attempt","learner_id":"Zoe",'
        '"occurred_at":"2026-01-01T00:00:00.500000Z","passed":true,"score":0.5,"skill_ids":["skill-algebra"]',
    ),
    (
        "old-3",
        "completion",
        1767225601.0,
        '"kind":"completion","learner_id":"Zoe","module_id":"module-1",'
        '"occurred_at":"2026-01-01T00:00:01Z","rating":4.0,"status":"abandoned"',
    ),
    (
        "old-4",
        "self_assessment",
        1767225602.0,
        '"kind":"self_assessment","learner_id":"Zoe","level":0.6,"occurred_at":"2026-01-01T00:00:02Z",'
        '"skill_id":"skill-fractions"',
    ),
    (
        "old-5",
        "credential",
        1767225603.0,
        '"credential_id":"credential-numbers","kind":"credential","learner_id":"Zoe",'
        '"occurred_at":"2026-01-01T00:00:03Z"',
    ),
)

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Past:
    """What a service left behind, table by table, and what it answered.

    Parameters
    ----------
    rows : dict
        Rows of this version, by table.
    answers : dict
        Mastery of everybody there is evidence of, as JSON, by learner.
    key, revoked_key : str
    """

    rows: Mapping[str, Rows]
    answers: Mapping[str, Any]
    key: str
    revoked_key: str


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory, bundle: Path) -> Past:
    """A service lives through everything that fills a table."""
    folder = tmp_path_factory.mktemp("past")
    settings, clock = make_settings(folder), FixedClock()
    database = open_database(settings.database_url)
    with database.write() as connection:
        learners.ensure(connection, ["Zoe"])
        log.append(connection, [_old_event(*row) for row in OLD_PAYLOADS])
    database.close()
    key = keys.create(settings, "our LMS", ["events", "recommend"], clock=clock)
    revoked_key = keys.create(settings, "another", ["recommend"], clock=clock)
    keys.revoke(settings, key_id_of(revoked_key), clock=clock)
    with running_service(folder, bundle) as service:
        _live(service)
        answers = {i: _mastery(service, i) for i in PEOPLE}
    database = open_database(settings.database_url)
    rows = {name: _rows_of(database, table) for name, table in metadata.tables.items()}
    database.close()
    return Past(rows, answers, key, revoked_key)


def _old_event(event_id: str, kind: str, at: float | None, payload: str) -> LoggedEvent:
    spelled = f'{{"event_id":"{event_id}",{payload}}}'
    assert json.loads(spelled)["kind"] == kind
    return LoggedEvent(
        event_id=event_id,
        learner_id="Zoe",
        kind=kind,
        occurred_at=at,
        received_at=to_seconds(NOW - timedelta(days=40)),
        payload=spelled,
    )


def _live(service: Service) -> None:
    """Fill every table there is; a new table needs a call here that fills it."""
    catalog_calls.done(service, "modules", catalog_calls.GOOD["modules"])
    for number, learner_id in enumerate((*PEOPLE, "erased")):
        profile = {"role_id": ROLE, "team_id": "north", "can_mentor": number % 2 == 0}
        full = {"target_role_id": ROLE, "segment": "builder", "language": "en", "weekly_minutes": 90.5}
        assert put(service, learner_id, **profile, **(full if number % 3 else {})).is_success
        sent = [
            *(
                attempt(f"{learner_id} {i}", learner_id, item_id=ITEMS[i], score=(number + i) % 5 / 4)
                for i in range(6)
            ),
            completion(f"{learner_id} c", MODULES[2], learner_id=learner_id, progress=1, rating=4.5),
            {
                "kind": "self_assessment",
                "event_id": f"{learner_id} s",
                "learner_id": learner_id,
                "skill_id": SKILLS[3],
                "level": 0.7,
            },
            {
                "kind": "credential",
                "event_id": f"{learner_id} k",
                "learner_id": learner_id,
                "credential_id": CREDENTIAL,
                "expires_at": "2030-01-01T00:00:00+02:00",
            },
        ]
        assert service.post_events(*sent).json()["stored"] == len(sent)
        answer = service.client.post("/v1/recommendations", json={"learner_id": learner_id, "k": 3}).json()
        told = {"kind": "too_hard", "module_id": answer["recommendations"][0]["module_id"]}
        path = f"/v1/recommendations/{answer['recommendation_id']}/feedback"
        assert service.client.post(path, json=told).json() == {"status": "stored"}
    assert service.client.get("/v1/teams/north/gaps").is_success
    _say(service)
    assert service.client.delete("/v1/learners/erased").is_success


def _say(service: Service) -> None:
    """Let statements tell of people, some of whom are known."""
    home, verb = "https://lms.example.com", "http://adlnet.gov/expapi/verbs/"
    assert put(service, "Ärzte/1", role_id=ROLE, aliases=[{"issuer": home, "name": "7"}]).is_success
    ids = [str(uuid4()) for _ in range(3)]
    common: dict[str, Any] = {
        "verb": {"id": f"{verb}completed", "display": {"en": "completed"}},
        "object": {"id": f"{home}/courses/1", "definition": {"name": {"de": "Brüche"}}},
        "timestamp": "2026-01-05T10:00:00Z",
    }
    actors = [{"account": {"homePage": home, "name": name}} for name in ("7", "8", "9")]
    sent = [{**common, "id": i, "actor": actor} for i, actor in zip(ids, actors, strict=True)]
    voiding = {"objectType": "StatementRef", "id": ids[0]}
    sent.append({**sent[1], "id": str(uuid4()), "verb": {"id": f"{verb}voided"}, "object": voiding})
    headers = {"X-Experience-API-Version": "1.0.3"}
    assert service.client.post("/xapi/statements", json=sent, headers=headers).is_success


def _mastery(service: Service, learner_id: str, **headers: str) -> Any:
    answer = service.client.get(f"/v1/learners/{learner_id}/mastery", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _rows_of(database: Database, table: Table) -> Rows:
    with database.read() as connection:
        statement = select(table).order_by(*table.primary_key)
        return [dict(row._mapping) for row in connection.execute(statement)]


def reflected(database: Database) -> dict[str, Table]:
    """Tables that the store has, whatever this version declares."""
    found = MetaData()
    with database.read() as connection:
        found.reflect(connection)
    return {name: table for name, table in found.tables.items() if name != "alembic_version"}


def contents(database: Database, tables: Mapping[str, Table]) -> dict[str, Rows]:
    """Every row of these tables in these columns, in an order that no database decides."""
    found = {}
    for name, table in tables.items():
        names = [column.name for column in table.primary_key]
        rows = _rows_of(database, table)
        found[name] = sorted(rows, key=lambda row: [row[n] for n in names])
    return found


def empty(url: str) -> None:
    """Take out of a new store the tables that it comes with."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")


def bring_to(database: Database, revision: str) -> None:
    """Migrate up to a revision and no further."""
    with database.write() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def fill(database: Database, rows: Mapping[str, Rows], revision: str) -> None:
    """Put rows into every table of the store, in the columns that it has."""
    with database.write() as connection:
        for name, table in reflected(database).items():
            if not rows.get(name):
                pytest.fail(
                    f"revision {revision} has the table {name}, for which this test has no rows; "
                    "let _live in test_migrations.py make a call that fills it"
                )
            for column in (c.name for c in table.columns):
                if all(row.get(column) is None for row in rows[name]):
                    pytest.fail(
                        f"revision {revision} has the column {name}.{column}, for which this test has no "
                        "values; let _live in test_migrations.py make a call that fills it"
                    )
            connection.execute(
                table.insert(), [{c.name: row[c.name] for c in table.columns} for row in rows[name]]
            )


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Settings:
    """Settings of a service over a store without any table."""
    empty(store_url)
    return make_settings(tmp_path, database_url=store_url)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.database_url)
    yield opened
    opened.close()


@EVERY_REVISION
def test_every_row_of_a_store_comes_to_this_version_and_serves(
    database: Database, settings: Settings, tmp_path: Path, bundle: Path, past: Past, revision: str
) -> None:
    assert shape(database).empty
    bring_to(database, revision)
    fill(database, past.rows, revision)
    tables, is_old = reflected(database), revision != needed_revision()
    before = contents(database, tables)
    assert {name: len(rows) for name, rows in before.items()} == {n: len(past.rows[n]) for n in tables}

    if is_old:
        with pytest.raises(ConfigurationError, match=r"make a copy of it and run: python -m serving migrate"):
            open_database(settings.database_url)
        assert contents(database, tables) == before
    said = run_migrations(settings, clock=FixedClock())
    assert said == (
        f"the database went from revision {revision} to {needed_revision()}"
        if is_old
        else f"the database is at revision {revision} already"
    )
    after = contents(database, tables)
    if is_old and "audit_log" in tables:
        (told,) = [row for row in after["audit_log"] if row not in before["audit_log"]]
        assert told["action"] == "migrate"
        after["audit_log"].remove(told)
    assert after == before

    _is_as_declared(database)
    _sorts_ids_by_code_point(database)
    _serves(settings, tmp_path, bundle, past)


@EVERY_REVISION
def test_a_store_of_this_version_is_left_as_it_is(
    database: Database, settings: Settings, past: Past, revision: str
) -> None:
    """However it came to be of this version."""
    bring_to(database, revision)
    bring_to(database, "head")
    fill(database, past.rows, "head")
    before = contents(database, reflected(database))
    assert run_migrations(settings) == f"the database is at revision {needed_revision()} already"
    open_database(settings.database_url).close()
    assert contents(database, reflected(database)) == before
    _is_as_declared(database)


def test_a_table_without_rows_does_not_go_by_unseen(database: Database, past: Past) -> None:
    bring_to(database, "head")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE songs (title VARCHAR(20) PRIMARY KEY)"))
    with pytest.raises(pytest.fail.Exception, match="has the table songs, for which this test has no rows"):
        fill(database, past.rows, "head")
    with database.write() as connection:
        connection.execute(text("DROP TABLE songs"))
        connection.execute(text("ALTER TABLE learners ADD COLUMN shoe_size INTEGER"))
    with pytest.raises(pytest.fail.Exception, match=r"has the column learners\.shoe_size, for which"):
        fill(database, past.rows, "head")


def _is_as_declared(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        # Keys and collations are what the comparison does not look at.
        for name, table in metadata.tables.items():
            key = inspect(connection).get_pk_constraint(name)["constrained_columns"]
            assert key == [column.name for column in table.primary_key], name
        if connection.dialect.name == "postgresql":
            declared = {(c.table.name, c.name) for c in _sorted_ids()}
            assert _collated(connection) == declared


def _collated(connection: Connection) -> set[tuple[str, str]]:
    statement = text(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND collation_name = 'C'"
    )
    return {(row.table_name, row.column_name) for row in connection.execute(statement)}


def _sorted_ids() -> list[Column[Any]]:
    """Columns that are declared to be compared by code point."""
    dialect = postgresql.dialect()
    columns = [column for table in metadata.tables.values() for column in table.columns]
    return [column for column in columns if column.type.compile(dialect).endswith('COLLATE "C"')]


def _sorts_ids_by_code_point(database: Database) -> None:
    found: dict[str, Sequence[str]] = {}
    with database.read() as connection:
        for column in _sorted_ids():
            found[str(column)] = connection.execute(select(column).order_by(column)).scalars().all()
    assert {name: sorted(ids) for name, ids in found.items()} == found
    assert set(PEOPLE) <= set(found["learners.learner_id"])


def _serves(settings: Settings, tmp_path: Path, bundle: Path, past: Past) -> None:
    """The keys of then open what they opened; mastery is what it was, from the states and from the log."""
    with running_service(tmp_path, bundle, database_url=settings.database_url) as service:
        kept = service.states()
        assert {i: _mastery(service, i, **{"X-API-Key": past.key}) for i in PEOPLE} == past.answers
        assert service.states() == kept
        with service.database.write() as connection:
            learners.forget_states(connection, PEOPLE)
        assert {i: _mastery(service, i) for i in PEOPLE} == past.answers
        assert service.states() == kept
        refused = service.client.get("/v1/learners/ann/mastery", headers={"X-API-Key": past.revoked_key})
        assert refused.status_code == 401
        again = service.post_events(attempt("ann 0", "ann", item_id=ITEMS[0], score=0.25))
        assert again.json()["duplicates"] == 1, again.text

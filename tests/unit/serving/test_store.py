from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from recommender.domain.learner import LearnerProfile
from recommender.errors import ConfigurationError
from serving.store import events as log
from serving.store import learners
from serving.store.database import Database
from serving.store.events import LoggedEvent
from serving.store.learners import Found, StoredState
from serving.store.migrate import alembic_config, migrate, open_database, shape
from serving.store.tables import metadata


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def event(event_id: str, at: float | None, learner_id: str = "ann") -> LoggedEvent:
    return LoggedEvent(
        event_id=event_id,
        learner_id=learner_id,
        kind="attempt",
        occurred_at=at,
        received_at=0.0,
        payload="{}",
    )


def test_migrations_make_the_declared_tables(store_url: str) -> None:
    database = open_database(store_url)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_the_database_survives_a_power_cut_and_readers_do_not_wait(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.read() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    database.close()
    assert found == ["wal", 2, 1, 5_000]


def test_migrating_twice_changes_nothing(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    assert migrate(database).current is None
    assert migrate(database).current == shape(database).needed
    database.close()


def test_the_first_migration_can_be_taken_back(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.write() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with database.read() as connection:
        tables = (
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        )
    database.close()
    assert tables == ["alembic_version"]


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (
            "UPDATE alembic_version SET version_num = '9999'",
            "revision 9999, which this version does not know",
        ),
        ("DELETE FROM alembic_version", "holds tables that this service did not make"),
    ],
)
def test_a_database_of_another_version_is_refused(sqlite_url: str, sql: str, sentence: str) -> None:
    database = open_database(sqlite_url)
    with database.write() as connection:
        connection.exec_driver_sql(sql)
    database.close()
    with pytest.raises(ConfigurationError, match=sentence):
        open_database(sqlite_url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "store.db").write_text("this is no database, but it is long enough to be read as one")
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        open_database(sqlite_url)


@pytest.mark.parametrize("bad", ["nonsense", "sqlite://", "sqlite:///:memory:", "nosuch://host/db"])
def test_an_address_that_cannot_be_used_is_refused(bad: str) -> None:
    with pytest.raises(ConfigurationError, match="SERVING_DATABASE_URL"):
        Database(bad)


def test_a_failed_write_leaves_nothing(store_url: str) -> None:
    database = open_database(store_url)
    with pytest.raises(IntegrityError), database.write() as connection:
        log.append(connection, [event("a", 1.0), event("a", 2.0)])
    with database.read() as connection:
        assert not log.has_any(connection, "ann")
    database.close()


def test_history_is_in_order_and_events_without_time_come_first(store_url: str) -> None:
    database = open_database(store_url)
    with database.write() as connection:
        log.append(connection, [event("b", 5.0), event("a", 5.0), event("d", 1.0), event("c", None)])
        log.append(connection, [event("x", 0.0, "bob")])
        assert [e.event_id for e in log.history(connection, "ann")] == ["c", "d", "a", "b"]
        columns = log.history_columns(connection, ["bob", "ann", "eve"])
    database.close()
    assert list(zip(columns.learner_id, columns.event_id, strict=True)) == [
        *(("ann", event_id) for event_id in "cdab"),
        ("bob", "x"),
    ]


def test_profiles_and_states_are_one_row_each(store_url: str) -> None:
    database = open_database(store_url)
    profile = LearnerProfile(learner_id="ann", role_id="r", weekly_minutes=90.0, can_mentor=True)
    assert learners.find(database, "ann") == Found(None, None, 0)
    with database.write() as connection:
        learners.save_profiles(connection, [profile])
        learners.ensure(connection, ["ann", "bob"])
    assert learners.find(database, "ann") == Found(profile, None, 0)
    with database.write() as connection:
        for state in (b"1", b"2"):
            learners.save_states(connection, {"ann": StoredState(state, "d")}, at=1.0)
    assert learners.find(database, "ann") == Found(profile, StoredState(b"2", "d"), 0)
    with database.write() as connection:
        assert learners.states(connection, ["ann", "bob"]) == {"ann": StoredState(b"2", "d")}
        learners.forget_states(connection, ["ann"])
        assert learners.states(connection, ["ann", "bob"]) == {}
    database.close()


def test_learners_without_a_current_state_are_found(store_url: str) -> None:
    database = open_database(store_url)
    with database.write() as connection:
        learners.ensure(connection, ["ann", "bob", "eve", "zoe"])
        log.append(connection, [event(i, 1.0, i) for i in ("ann", "bob", "eve")])
        learners.save_states(
            connection, {"ann": StoredState(b"", "new"), "bob": StoredState(b"", "old")}, at=1.0
        )
        assert learners.without_state(connection, "new") == ["bob", "eve"]
    database.close()


def test_any_number_of_rows_is_found_once_each(store_url: str) -> None:
    database = open_database(store_url)
    ids = [f"e{i:04d}" for i in range(1100)]
    with database.write() as connection:
        log.append(connection, [event(i, 0.0) for i in ids])
        for wanted in ([], ids[:1], ids[:3] * 2, [*ids[:512], "no"], ids):
            assert log.payloads(connection, [*wanted, "nobody's"]) == {i: "{}" for i in wanted if i != "no"}
    database.close()

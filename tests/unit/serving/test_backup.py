"""A store can be copied while it is in use, and put back: whole, or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from typer.testing import CliRunner

from recommender.errors import ConfigurationError
from serving.cli import app
from serving.commands.backup import run_backup, run_restore
from serving.store import backup
from serving.store.database import Database
from serving.store.migrate import alembic_config, needed_revision, open_database, shape
from tests.conftest import Postgres
from tests.unit.serving.world import (
    ITEMS,
    KEY_SECRET,
    SKILLS,
    Service,
    attempt,
    make_settings,
    running_service,
)

EVENTS = "SELECT event_id, payload FROM events ORDER BY event_id"


@pytest.fixture
def local_service(tmp_path: Path, bundle: Path):
    with running_service(tmp_path, bundle) as running:
        yield running


def events_in(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as opened:
        return [event_id for event_id, _ in opened.execute(EVENTS)]


def everything(database: Database) -> dict[str, list[tuple]]:
    with database.read() as connection:
        return {
            name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1")]  # noqa: S608
            for name in ("events", "learners", "learner_states", "recommendations", "api_keys")
        }


def stopped_store(url: str, *event_ids: str) -> Path:
    """A store that nobody uses, with some events."""
    database = open_database(url)
    with database.write() as connection:
        for event_id in event_ids:
            connection.exec_driver_sql(
                f"INSERT INTO events VALUES ('{event_id}', 'ann', 'attempt', NULL, 0, '{{}}')"  # noqa: S608
            )
    database.close()
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A good backup of a store with one event."""
    url = f"sqlite:///{tmp_path / 'saved.db'}"
    stopped_store(url, "kept")
    backup.back_up(url, tmp_path / "saved.backup")
    return tmp_path / "saved.backup"


def test_a_backup_of_a_store_in_use_is_the_store_of_that_moment(
    local_service: Service, tmp_path: Path
) -> None:
    local_service.post_events(*(attempt(f"e{i}") for i in range(5)))
    said = run_backup(local_service.settings, tmp_path / "b")
    assert said.endswith(f"revision {needed_revision()}, checked")
    local_service.post_events(attempt("later"))
    copy = open_database(f"sqlite:///{tmp_path / 'b'}")
    found, now = everything(copy), everything(local_service.database)
    copy.close()
    assert [row[0] for row in found["events"]] == [f"e{i}" for i in range(5)]
    assert found["api_keys"] == now["api_keys"]
    audited = local_service.query("SELECT action, subject FROM audit_log")
    assert [tuple(row) for row in audited] == [("backup", "file b")]
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0


def test_writers_and_backups_do_not_wait_for_each_other(local_service: Service, tmp_path: Path) -> None:
    """Whatever was acknowledged before a backup began is in it; nothing is in it by half."""
    acknowledged: list[str] = []
    enough = threading.Event()

    def write() -> None:
        while not enough.is_set():
            pair = [attempt(f"{len(acknowledged):05d}"), attempt(f"{len(acknowledged):05d}-twin")]
            assert local_service.post_events(*pair).status_code == 200
            acknowledged.append(pair[0]["event_id"])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(5):
            before = list(acknowledged)
            run_backup(local_service.settings, tmp_path / f"b{n}")
            found = events_in(tmp_path / f"b{n}")
            assert set(before) <= set(found)
            assert len(found) % 2 == 0
    finally:
        enough.set()
        writer.join()


def test_a_running_service_goes_on_with_what_was_restored(local_service: Service, tmp_path: Path) -> None:
    local_service.post_events(attempt("kept"))
    run_backup(local_service.settings, tmp_path / "b")
    kept = everything(local_service.database)
    local_service.post_events(attempt("undone"), attempt("other", learner_id="bob"))
    said = run_restore(local_service.settings, tmp_path / "b", force=True)
    assert said == f"the store is that of {tmp_path / 'b'}, revision {needed_revision()}"
    assert everything(local_service.database) == kept
    assert local_service.client.get("/v1/learners/bob/mastery").status_code == 404
    assert local_service.client.get("/v1/learners/ann/mastery").json()["n_events"] == 1
    answer = local_service.post_events(attempt("undone"), attempt("kept")).json()
    assert (answer["stored"], answer["duplicates"]) == (1, 1)
    # What is stored after it is in the restored store.
    assert events_in(Path(local_service.database.engine.url.database or "")) == ["kept", "undone"]


def test_a_running_service_has_the_catalogue_of_what_was_restored(
    local_service: Service, tmp_path: Path
) -> None:
    def put(item_id: str) -> None:
        sent = {"rows": [{"item_id": item_id, "skill_ids": [SKILLS[0]]}]}
        assert local_service.client.put("/v1/items", json=sent).status_code == 200

    def items() -> set[str]:
        model = local_service.client.app.state.services.models.up_to_date()  # type: ignore[attr-defined]
        return set(model.engine.catalog.item_ids) - set(ITEMS)

    put("item-kept")
    run_backup(local_service.settings, tmp_path / "b")
    put("item-undone")
    assert items() == {"item-kept", "item-undone"}
    run_restore(local_service.settings, tmp_path / "b", force=True)
    assert items() == {"item-kept"}
    put("item-later")
    assert items() == {"item-kept", "item-later"}


def test_a_store_that_is_gone_or_damaged_comes_back(saved: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = tmp_path / "store.db"
    assert backup.restore(url, saved) == needed_revision()
    assert events_in(store) == ["kept"]
    store.write_bytes(b"\x00nonsense" * 1000)
    for ending in ("-wal", "-shm"):
        (tmp_path / f"store.db{ending}").write_bytes(b"of the one before")
    with pytest.raises(ConfigurationError, match=r"store\.db cannot be read; give --force"):
        backup.restore(url, saved)
    assert store.read_bytes().startswith(b"\x00nonsense")
    backup.restore(url, saved, force=True)
    assert events_in(store) == ["kept"]
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_an_empty_store_is_overwritten_and_a_full_one_only_by_force(saved: Path, tmp_path: Path) -> None:
    empty, full = f"sqlite:///{tmp_path / 'empty.db'}", f"sqlite:///{tmp_path / 'full.db'}"
    stopped_store(empty)
    backup.restore(empty, saved)
    assert events_in(tmp_path / "empty.db") == ["kept"]
    stopped_store(full, "mine")
    with pytest.raises(ConfigurationError, match=r"full\.db holds events; give --force to overwrite it"):
        backup.restore(full, saved)
    assert events_in(tmp_path / "full.db") == ["mine"]
    backup.restore(full, saved, force=True)
    assert events_in(tmp_path / "full.db") == ["kept"]


def test_a_backup_that_is_no_good_changes_nothing(saved: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'full.db'}"
    stopped_store(url, "mine")

    def refused(file: Path, sentence: str) -> None:
        with pytest.raises(ConfigurationError, match=sentence):
            backup.restore(url, file, force=True)
        assert events_in(tmp_path / "full.db") == ["mine"]

    refused(tmp_path / "none", "none is no file; give one that backup made")
    text = tmp_path / "text"
    text.write_text("no database at all, however long it may be" * 100)
    refused(text, r"text is damaged or no store \(file is not a database\)")
    torn = tmp_path / "torn"
    torn.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    refused(torn, "torn is damaged or no store")
    flipped = tmp_path / "flipped"
    content = bytearray(saved.read_bytes())
    content[4096:8192] = bytes(4096)
    flipped.write_bytes(content)
    refused(flipped, "flipped is damaged or no store")
    other = tmp_path / "other"
    with closing(sqlite3.connect(other)) as opened:
        opened.execute("CREATE TABLE songs (title)")
    refused(other, "no such table: alembic_version")
    newer = tmp_path / "newer"
    newer.write_bytes(saved.read_bytes())
    with closing(sqlite3.connect(newer)) as opened, opened:
        opened.execute("UPDATE alembic_version SET version_num = '9999'")
    refused(newer, "newer has revision 9999, which this version does not know")
    refused(tmp_path / "full.db", r"full\.db is the store itself")
    used = open_database(f"sqlite:///{tmp_path / 'used.db'}")
    refused(tmp_path / "used.db", r"used\.db-wal lies beside it")
    used.close()


def test_an_older_backup_is_restored_and_needs_a_migration(tmp_path: Path) -> None:
    old, url = f"sqlite:///{tmp_path / 'old.db'}", f"sqlite:///{tmp_path / 'store.db'}"
    stopped_store(old)
    database = Database(old)
    with database.write() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    database.close()
    backup.back_up(old, tmp_path / "b")
    said = run_restore(make_settings(tmp_path, database_url=url), tmp_path / "b", force=False)
    assert said.endswith("run: python -m serving migrate")


def test_nothing_is_overwritten_by_a_backup(saved: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'saved.db'}"
    before = saved.read_bytes()
    with pytest.raises(ConfigurationError, match="is there already; give a new file"):
        backup.back_up(url, saved)
    assert saved.read_bytes() == before
    with pytest.raises(ConfigurationError, match=r"there is no store at .*nowhere\.db"):
        backup.back_up(f"sqlite:///{tmp_path / 'nowhere.db'}", tmp_path / "c")
    assert not (tmp_path / "nowhere.db").exists()
    with pytest.raises(ConfigurationError, match=r"cannot be written \(.*\); give another place"):
        backup.back_up(url, saved / "under" / "a file")


def test_a_restore_does_not_wait_for_ever(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_BUSY_SECONDS", 0.1)
    stopped_store(f"sqlite:///{tmp_path / 'store.db'}", "mine")
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(ConfigurationError, match=r"nothing was changed .*stop what writes to the store"):
            backup.restore(f"sqlite:///{tmp_path / 'store.db'}", saved, force=True)
        writer.execute("ROLLBACK")
    assert events_in(tmp_path / "store.db") == ["mine"]


def test_the_commands_say_what_they_did(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVING_KEY_SECRET", KEY_SECRET)
    monkeypatch.setenv("SERVING_DATABASE_URL", f"sqlite:///{tmp_path / 'store.db'}")
    runner = CliRunner()
    restored = runner.invoke(app, ["restore", "--from", str(saved)])
    assert (restored.exit_code, restored.stdout.startswith("the store is that of")) == (0, True)
    copied = runner.invoke(app, ["backup", "--out", str(tmp_path / "b")])
    assert (copied.exit_code, "bytes, revision" in copied.stdout) == (0, True)
    again = runner.invoke(app, ["restore", "--from", str(saved)])
    assert (again.exit_code, "holds events; give --force" in again.stderr) == (2, True)
    assert runner.invoke(app, ["restore", "--from", str(saved), "--force"]).exit_code == 0


@pytest.mark.postgres
def test_postgresql_is_backed_up_by_its_own_programs(
    postgres: Postgres, tmp_path: Path, bundle: Path
) -> None:
    url, other = postgres.new_store(), postgres.new_store()
    with pytest.raises(ConfigurationError, match="postgresql, which has a program for this: pg_dump"):
        backup.back_up(url, tmp_path / "b")
    with pytest.raises(ConfigurationError, match="postgresql, which has a program for this: pg_restore"):
        backup.restore(url, tmp_path / "b")
    with running_service(tmp_path, bundle, database_url=url) as running:
        running.post_events(*(attempt(f"e{i}") for i in range(5)))
        programs = postgres.programs
        for line, at in ((backup.POSTGRESQL_BACKUP, url), (backup.POSTGRESQL_RESTORE, other)):
            words = line.replace("FILE", str(tmp_path / "dump")).replace("URL", at).split()
            subprocess.run([programs / words[0], *words[1:]], check=True)
        restored = open_database(other)
        assert everything(restored) == everything(running.database)
        assert shape(restored).current == needed_revision()
        restored.close()
    postgres.drop(url)
    postgres.drop(other)

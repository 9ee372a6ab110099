import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from serving.cli import app
from serving.store import dialect
from tests.unit.serving.world import KEY_SECRET, write_pointer

ATTEMPTS = "learner_id,item_id,score\nann,item-4,0.5\nbob,item-5,1\n"


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SERVING_KEY_SECRET", KEY_SECRET)
    monkeypatch.setenv("SERVING_DATABASE_URL", f"sqlite:///{tmp_path / 'cli.db'}")
    monkeypatch.setenv("SERVING_POINTER", str(tmp_path / "champion.json"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_keys_are_made_listed_and_revoked() -> None:
    made = run("keys", "create", "--name", "lms", "--scopes", "events, recommend")
    assert made.exit_code == 0
    key = made.stdout.strip()
    key_id = key.split("_")[1]
    listed = run("keys", "list").stdout
    assert key_id in listed
    assert key not in listed
    assert run("keys", "revoke", key_id).stdout == f"{key_id} is revoked\n"
    again = run("keys", "revoke", key_id)
    assert again.exit_code == 2
    assert "there is no working key" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("keys", "create", "--name", "x", "--scopes", "all"),
            "scope 'all' is not known; use one or more of",
        ),
        (("keys", "create", "--name", " ", "--scopes", "events"), "name of a key is empty"),
        (("load", "--data", "nowhere"), "dataset nowhere does not exist"),
    ],
)
def test_bad_input_is_exit_2_and_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database exists, and somebody else is writing to it."""
    assert run("migrate").exit_code == 0
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 50)
    with closing(sqlite3.connect(tmp_path / "cli.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.usefixtures("locked")
def test_a_locked_database_is_exit_2_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "attempts.csv").write_text(ATTEMPTS)
    for command in (
        ("load", "--data", str(tmp_path)),
        ("keys", "create", "--name", "x", "--scopes", "events"),
        ("keys", "revoke", "x"),
    ):
        result = run(*command)
        assert result.exit_code == 2
        assert result.stderr.startswith(
            "Error: the database is locked by another writer, nothing was stored;"
        )
        assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.usefixtures("locked")
def test_keys_are_listed_while_somebody_writes() -> None:
    assert run("keys", "list").exit_code == 0


def test_run_names_an_address_it_cannot_listen_on() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for workers in ("1", "2"):
            result = run("run", "--port", port, "--workers", workers)
            assert result.exit_code == 2
            assert f"Error: cannot listen on host 127.0.0.1, port {port} (" in result.stderr
    elsewhere = run("run", "--host", "203.0.113.7")
    assert elsewhere.exit_code == 2
    assert "cannot listen on host 203.0.113.7" in elsewhere.stderr
    assert len(elsewhere.stderr.strip().splitlines()) == 1


def test_a_database_without_its_driver_is_exit_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVING_DATABASE_URL", "postgresql+pg8000://somewhere/store")
    result = run("migrate")
    assert result.exit_code == 2
    assert "SERVING_DATABASE_URL needs the driver pg8000, which is not installed" in result.stderr


def test_a_missing_secret_is_exit_2_for_every_command_that_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SERVING_KEY_SECRET")
    for command in (("run",), ("migrate",), ("keys", "list"), ("load", "--data", ".")):
        result = run(*command)
        assert result.exit_code == 2
        assert "SERVING_KEY_SECRET is not set" in result.stderr


def test_run_refuses_a_database_it_cannot_use_before_it_listens(tmp_path: Path) -> None:
    (tmp_path / "cli.db").write_text("this is no database, but it is long enough to be read as one")
    result = run("run")
    assert result.exit_code == 2
    assert "cannot be opened" in result.stderr


def test_migrate_says_what_it_did() -> None:
    assert run("migrate").stdout == "the database went from revision none to 0003\n"
    assert run("migrate").stdout == "the database is at revision 0003 already\n"


def test_openapi_needs_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SERVING_KEY_SECRET")
    result = run("openapi")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["openapi"].startswith("3.")


def test_load_prints_counts_and_makes_states(tmp_path: Path, bundle: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "attempts.csv").write_text(ATTEMPTS)
    without = run("load", "--data", str(data))
    assert without.exit_code == 0
    assert "no model is promoted yet" in without.stdout
    write_pointer(tmp_path / "champion.json", bundle)
    again = run("load", "--data", str(data))
    assert again.exit_code == 0
    assert "states of 2 learners made" in again.stdout
    assert "states of 0 learners made" in run("load", "--data", str(data)).stdout


@pytest.mark.parametrize(
    ("notice", "said"),
    [("made for [a test]", "Simulated data: no row is of a real person (made for [a test])\n"), (None, None)],
)
def test_load_says_when_the_data_is_simulated(tmp_path: Path, notice: str | None, said: str | None) -> None:
    data = tmp_path / "data"
    data.mkdir()
    metadata = notice and {"simulation": json.dumps({"notice": notice})}
    learners = pa.table({"learner_id": ["ann"]}).replace_schema_metadata(metadata)
    pq.write_table(learners, data / "learners.parquet")
    output = run("load", "--data", str(data)).stdout
    assert (said in output) if said else ("imulated" not in output)


def test_load_lists_every_reason_and_caps_them(tmp_path: Path) -> None:
    (tmp_path / "attempts.csv").write_text("learner_id,item_id,score\n" + "ann,item-4,2\n" * 30)
    result = run("load", "--data", str(tmp_path))
    assert result.exit_code == 2
    lines = result.stderr.strip().splitlines()
    assert lines[0].startswith("Error: table attempts, row 1, column score: ")
    assert lines[0].endswith(" (30 reasons, more below)")
    assert len(lines) == 21
    assert lines[-1] == "  ... and 10 more"


def test_the_demo_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "attempts.csv").write_text(ATTEMPTS)
    result = run("demo", "--data", str(tmp_path))
    assert result.exit_code == 2
    assert "the server did not get ready" in result.stderr
    assert "train and promote a model first" in result.stderr

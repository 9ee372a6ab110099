"""``import xapi`` tells people and machines what became of statements, and ends as commands end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from serving.cli import app
from serving.store import dialect
from serving.store.migrate import open_database
from tests.unit.serving.test_xapi_import import ADL, HOME, named
from tests.unit.serving.world import KEY_SECRET, write_pointer


@pytest.fixture
def _environment(tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SERVING_KEY_SECRET", KEY_SECRET)
    monkeypatch.setenv("SERVING_DATABASE_URL", f"sqlite:///{tmp_path / 'cli.db'}")
    monkeypatch.setenv("SERVING_POINTER", str(tmp_path / "champion.json"))
    write_pointer(tmp_path / "champion.json", bundle)


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", "xapi", *arguments])


@pytest.mark.usefixtures("_environment")
def test_the_command_tells_people_and_machines(tmp_path: Path) -> None:
    lines = [json.dumps(named(name="learner-1")), "oops", json.dumps(named(verb="[bold]flew[/bold]"))]
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    result = command("--file", "s.jsonl", "--json", "out.json", "--home-page", HOME, "--home-page", "x:1")
    assert result.exit_code == 0, result.output
    assert "[bold]flew[/bold]" in result.stdout
    told = json.loads((tmp_path / "out.json").read_text())
    assert (told["file"], told["mode"], told["statements"], told["stored"]) == ("s.jsonl", "lenient", 3, 2)
    assert {name: its["statements"] for name, its in told["outcomes"].items()} == {
        "used": 1,
        "unreadable": 1,
        "unknown_verb": 1,
    }
    assert told["left_out"]["statements"] == 1
    assert told["states_made"] == 1
    assert told["verbs"][f"{ADL}completed"] == {"used": 1}


@pytest.mark.usefixtures("_environment")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--file", "nowhere"), "--file nowhere does not exist"),
        (("--file", "."), "--file . is no file"),
        (("--file", "s.jsonl", "--strict"), "line 2: is not JSON"),
        (("--file", "s.jsonl", "--json", "no/out.json"), "--json no/out.json cannot be written"),
    ],
)
def test_bad_input_is_exit_2_and_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "s.jsonl").write_text(json.dumps(named(target="x:1")) + "\noops\n")
    result = command(*arguments)
    assert (result.exit_code, len(result.stderr.strip().splitlines())) == (2, 1)
    assert result.stderr.startswith(f"Error: {sentence}")


@pytest.mark.usefixtures("_environment")
def test_a_store_that_cannot_be_written_is_exit_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s.jsonl").write_text(json.dumps(named()))
    database = open_database(f"sqlite:///{tmp_path / 'cli.db'}")
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_MS", 50)
    with database.write():
        result = command("--file", "s.jsonl")
    database.close()
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: the database is locked by another writer")

"""The command that lays datasets side by side."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from training.cli import app
from training.datasets import write_dataset


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir()
    (path / "completions.csv").write_text(
        "learner_id,module_id,status\nx,a,started\nx,a,completed\ny,a,started\n"
    )
    return path


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "made"
    completions = pd.DataFrame({"learner_id": ["sim-1"], "module_id": ["a"]})
    modules = pd.DataFrame({"module_id": ["a"], "title": ["A"]})
    write_dataset({"completions": completions, "modules": modules}, path, simulation={"notice": "for a test"})
    return path


def describe(*arguments: object):
    return CliRunner().invoke(app, ["describe", *map(str, arguments)], env={"COLUMNS": "150"})


def test_screen_markdown_and_json_say_the_same(data: Path, made: Path, tmp_path: Path) -> None:
    as_json, markdown = tmp_path / "new" / "out.json", tmp_path / "other" / "out.md"
    result = describe("--data", data, "--data", made, "--json", as_json, "--markdown", markdown)
    assert result.exit_code == 0, result.output
    screen = [each.strip() for each in result.stdout.splitlines()]
    assert screen[0] == "What the datasets look like"
    heading = next(each for each in screen[1:] if each)
    assert heading.split() == ["data", "made", "(simulated)"]
    (completed,) = [each for each in screen if each.startswith("completed, of first starts")]
    assert completed.split()[4] == "50.0%"
    row = next(each for each in markdown.read_text().splitlines() if "| completed, of first starts" in each)
    assert row.startswith("| completed, of first starts | 50.0% | - [")
    first, second = json.loads(as_json.read_text())["datasets"]
    assert first["completion"]["completed"] == {"value": 0.5, "note": ""}
    assert (first["simulated"], second["simulated"]) == (False, True)
    assert "[1] not every event has a time" in screen


def test_simulated_data_alone_is_titled_so(made: Path) -> None:
    assert describe("--data", made).stdout.splitlines()[0].startswith("Simulated data: ")


def test_nothing_to_describe_is_told_and_nothing_is_written(data: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "modules.csv").write_text("module_id,title\na,A\n")
    out = tmp_path / "out.md"
    result = describe("--data", data, "--data", empty, "--markdown", out)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: dataset empty has neither attempts nor completions")
    assert result.stderr.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("option", ["--json", "--markdown"])
def test_a_file_that_cannot_be_written_is_told_before_the_work(tmp_path: Path, option: str) -> None:
    result = describe("--data", tmp_path / "nowhere", option, tmp_path)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {option} {tmp_path} is a directory")


def test_at_least_one_dataset() -> None:
    result = describe()
    assert result.exit_code == 2
    assert "--data" in result.stderr

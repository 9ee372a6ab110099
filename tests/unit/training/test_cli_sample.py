"""The command that simulates an organisation."""

import errno
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.unit.training.datasets.sample.catalogs import FULL, written
from tests.unit.training.datasets.sample.interpreted import SIMULATE, interpret
from training.cli import app
from training.commands import sample as command
from training.datasets import load_dataset


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small catalogue; to compile for it would take longer than to interpret."""
    interpret(monkeypatch)
    return written(tmp_path / "catalog", FULL)


def sample(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["sample", *map(str, arguments)], env={"COLUMNS": "150"})


def test_a_table_of_what_was_made_said_to_be_simulated(catalog: Path, tmp_path: Path) -> None:
    out = tmp_path / "[bold]org"
    options = ("--learners", 5, "--months", 7, "--seed", 3, "--learner-model", "states", "--catalog", catalog)
    result = sample("--out", out, *options)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    # the title is as wide as the table
    assert " ".join(lines[0].split() + lines[1].split()) == "Simulated data: nobody in it exists"
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    assert ["learners", "5"] in rows
    assert ["items", "37"] in rows
    assert lines[-1] == f"Simulated data written to {out}; check it with: validate --data {out}"
    assert result.stderr == ""
    dataset = load_dataset(out)
    assert dataset.simulated
    assert len(dataset.tables["learners"]) == 5
    told = sample("--out", tmp_path / "again", *options).stdout
    assert told.splitlines()[:-1] == lines[:-1]


def test_the_rows_for_machines(catalog: Path, tmp_path: Path) -> None:
    out, file = tmp_path / "org", tmp_path / "new" / "rows.json"
    options = ("--learners", 4, "--months", 2, "--catalog", catalog)
    result = sample("--out", out, *options, "--json", file)
    assert result.exit_code == 0, result.output
    told = json.loads(file.read_text())
    assert set(told) == {"simulated", "rows"}
    assert told["simulated"] is True
    assert told["rows"]["learners"] == 4
    assert told["rows"]["items"] == 37
    written_there = {str(path.relative_to(out).with_suffix("")) for path in out.rglob("*.parquet")}
    assert set(told["rows"]) == written_there
    assert file.read_text().endswith("}\n")


def test_a_json_that_cannot_be_written_is_refused_at_once(catalog: Path, tmp_path: Path) -> None:
    options = ("--learners", 4, "--months", 2, "--catalog", catalog)
    result = sample("--out", tmp_path / "org", *options, "--json", tmp_path)
    assert result.exit_code == 2
    assert result.stderr == f"Error: --json {tmp_path} is a directory; name a file\n"
    assert not (tmp_path / "org").exists()


@pytest.mark.parametrize(("every", "told"), [(4, [4, 8]), (3, [4, 8, 9]), (10, [])])
def test_progress_is_told_in_lines_where_there_is_no_terminal(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int, told: list[int]
) -> None:
    assert command._LINE_EVERY == 10_000
    monkeypatch.setattr(command, "_LINE_EVERY", every)
    monkeypatch.setattr(SIMULATE, "_BLOCK", 4)
    result = sample("--out", tmp_path / "org", "--learners", 9, "--months", 1, "--catalog", catalog)
    assert result.exit_code == 0, result.output
    lines = [line for line in result.stdout.splitlines() if line.endswith(" learners")]
    assert lines == [f"{n} of 9 learners" for n in told]


def test_a_full_disk_is_one_sentence(catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(SIMULATE, "_write_parameters", fill)
    out = tmp_path / "org"
    result = sample("--out", out, "--learners", 2, "--months", 1, "--catalog", catalog)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {out} cannot be written (No space left on device); make room or give another\n"
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["catalog"]


def test_validate_says_it_too(catalog: Path, tmp_path: Path) -> None:
    assert (
        sample("--out", tmp_path / "org", "--learners", 3, "--months", 2, "--catalog", catalog).exit_code == 0
    )
    result = CliRunner().invoke(app, ["validate", "--data", str(tmp_path / "org")], env={"COLUMNS": "150"})
    assert result.exit_code == 0, result.output
    assert "Simulated data: no row is of a real person" in result.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--learners", 0), "--learners 0 is out of range; give 1 to 999999"),
        (("--months", 500), "--months 500 is out of range; give 1 to 120"),
        (("--seed", -3), "--seed -3 is out of range; give 0 to"),
        (("--learner-model", "dkt"), "--learner-model 'dkt' is not known; use growth or states"),
        (("--catalog", "nowhere"), "there is no directory"),
    ],
)
def test_bad_wishes_end_with_2_and_one_sentence(
    tmp_path: Path, options: tuple[object, ...], told: str
) -> None:
    result = sample("--out", tmp_path / "org", *options)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "org").exists()


def test_a_place_that_is_taken_ends_with_2(catalog: Path, tmp_path: Path) -> None:
    (tmp_path / "org").write_text("mine")
    result = sample("--out", tmp_path / "org", "--learners", 2, "--months", 1, "--catalog", catalog)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {tmp_path / 'org'} is a file; give a directory")
    assert result.stderr.count("\n") == 1


def test_a_place_must_be_given() -> None:
    result = sample("--learners", 2)
    assert result.exit_code == 2
    assert "--out" in result.stderr

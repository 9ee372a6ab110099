"""The command that simulates an organisation."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.unit.training.datasets.sample.catalogs import FULL, written
from tests.unit.training.datasets.sample.interpreted import interpret
from training.cli import app
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

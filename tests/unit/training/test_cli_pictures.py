"""The command ``pictures``: three images of one simulated learner, and what it refuses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from recommender.bundle import ModelBundle
from training.cli import app
from training.datasets import write_dataset

NAMES = ["band.png", "gap.png", "pathway.png"]
SIMULATION = {"notice": "made up for a test"}


def run(bundle: Path, data: Path, out: Path) -> Result:
    words = ["pictures", "--bundle", str(bundle), "--data", str(data), "--out", str(out)]
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


@pytest.fixture
def written(tiny_tables, tmp_path) -> Callable[..., Path]:
    """Write the small dataset with people on the way to another role; some tables may be others."""

    def write(simulation: dict | None = SIMULATION, **tables: pd.DataFrame) -> Path:
        people = tiny_tables["learners"].copy()
        people["target_role_id"] = [
            "manager" if role == "analyst" else "analyst" for role in people["role_id"]
        ]
        people["weekly_minutes"] = 60.0
        path = tmp_path / "data"
        write_dataset(tiny_tables | {"learners": people} | tables, path, simulation=simulation)
        return path

    return write


def test_three_images_the_same_bytes_twice(tiny_bundle, written, tmp_path):
    data, out = written(), tmp_path / "new" / "pictures"
    result = run(tiny_bundle, data, out)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert sorted(path.name for path in out.iterdir()) == NAMES
    for name in NAMES:
        with Image.open(out / name) as image:
            image.verify()
        with Image.open(out / name) as image:
            assert image.format == "PNG"
            assert min(image.size) > 200
            # The label is part of the title that is drawn.
            assert "Simulated data: this learner does not exist" in image.info["Title"]
        assert (out / name).stat().st_size < 80_000
        assert str(out / name) in result.stdout
    assert "Simulated data: " in result.stdout
    again = tmp_path / "again"
    assert run(tiny_bundle, data, again).exit_code == 0
    assert [(again / name).read_bytes() for name in NAMES] == [(out / name).read_bytes() for name in NAMES]


def test_pictures_that_are_there_are_replaced_and_nothing_else(tiny_bundle, written, tmp_path):
    out = tmp_path / "pictures"
    out.mkdir()
    for name in ("gap.png", "other.png"):
        (out / name).write_text("old")
    assert run(tiny_bundle, written(), out).exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted([*NAMES, "other.png"])
    assert (out / "other.png").read_text() == "old"
    assert (out / "gap.png").read_bytes().startswith(b"\x89PNG")


def refused(result: Result, out: Path) -> str:
    assert result.exit_code == 2, result.output
    assert not out.exists()
    (line,) = result.stderr.splitlines()
    return line


@pytest.mark.parametrize("name", ["bundle", "reskilling.json"])
def test_a_missing_bundle_is_told_with_the_remedy(written, tmp_path, name):
    said = refused(run(tmp_path / name, written(), tmp_path / "out"), tmp_path / "out")
    assert said.startswith(f"Error: --bundle {tmp_path / name} is not there")
    assert "make demo" in said


def test_nobody_real_is_drawn(tiny_bundle, written, tmp_path):
    said = refused(run(tiny_bundle, written(simulation=None), tmp_path / "out"), tmp_path / "out")
    assert "is not simulated" in said
    assert "--data" in said


def test_a_bundle_that_knows_no_mastery_is_refused(tiny_bundle, written, tmp_path):
    replace(ModelBundle.open(tiny_bundle), skills=None).write(tmp_path / "untold")
    said = refused(run(tmp_path / "untold", written(), tmp_path / "out"), tmp_path / "out")
    assert "was trained without attempts" in said


def test_data_of_another_catalogue_is_refused(tiny_bundle, tiny_tables, written, tmp_path):
    more = tiny_tables["modules"].tail(1).assign(module_id="m100")
    data = written(modules=pd.concat([tiny_tables["modules"], more], ignore_index=True))
    said = refused(run(tiny_bundle, data, tmp_path / "out"), tmp_path / "out")
    assert "was trained on other modules" in said


def test_data_in_which_nobody_aims_elsewhere_are_refused(tiny_bundle, tiny_tables, written, tmp_path):
    data = written(learners=tiny_tables["learners"])
    said = refused(run(tiny_bundle, data, tmp_path / "out"), tmp_path / "out")
    assert "has nobody to show" in said


def test_a_place_that_cannot_be_written_is_told_first(tiny_bundle, written, tmp_path):
    (tmp_path / "file").write_text("")
    result = run(tiny_bundle, written(), tmp_path / "file")
    assert result.exit_code == 2
    assert "--out" in result.stderr

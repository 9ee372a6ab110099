"""The datasets that lie in the repository."""

import re
from pathlib import Path

import pytest

from training.datasets import Dataset, load_dataset

DATA = Path(__file__).parents[4] / "data"


@pytest.fixture(scope="module")
def oulad() -> Dataset:
    return load_dataset(DATA / "oulad")


def test_oulad_is_sound(oulad: Dataset) -> None:
    assert oulad.findings == ()
    assert oulad.has_clock


def test_oulad_is_what_its_readme_says(oulad: Dataset) -> None:
    text = (DATA / "oulad" / "README.md").read_text(encoding="utf-8")
    told = {
        name: int(rows.replace(",", ""))
        for name, rows in re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", text, re.M)
    }
    assert told == {name: len(frame) for name, frame in oulad.tables.items()}
    assert "CC BY 4.0" in (DATA / "README.md").read_text(encoding="utf-8")
    assert "Creative Commons Attribution 4.0" in text


def test_oulad_is_small() -> None:
    assert sum(file.stat().st_size for file in (DATA / "oulad").iterdir()) < 1_500_000


def test_oulad_holds_no_team_or_role(oulad: Dataset) -> None:
    learners = oulad.tables["learners"]
    given = [name for name in learners.columns if learners[name].notna().any()]
    assert given == ["learner_id", *(name for name in learners.columns if name.startswith("group_"))]

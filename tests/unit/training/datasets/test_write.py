"""Datasets are written whole or not at all."""

from pathlib import Path

import pandas as pd
import pytest

from recommender.errors import DatasetError
from training.datasets import load_dataset, write_dataset
from training.datasets.directories import whole_directory

MODULES = pd.DataFrame({"module_id": ["a"], "title": ["A, or B"], "tags": [["x", "y"]]})


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_round_trip(tmp_path: Path, format_: str) -> None:
    write_dataset({"modules": MODULES}, tmp_path / "new" / "out", format=format_)  # type: ignore[arg-type]
    modules = load_dataset(tmp_path / "new" / "out").tables["modules"]
    assert modules["title"].tolist() == ["A, or B"]
    assert modules["tags"].tolist() == [["x", "y"]]
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["out"]


def test_columns_without_a_value_are_not_written(tmp_path: Path) -> None:
    write_dataset({"modules": MODULES.assign(skill_ids=[[]], level=None)}, tmp_path / "out", format="csv")
    assert (tmp_path / "out" / "modules.csv").read_text() == 'module_id,title,tags\na,"A, or B",x|y\n'


def test_replaces_tables_and_keeps_texts(tmp_path: Path) -> None:
    write_dataset({"modules": MODULES, "learners": pd.DataFrame({"learner_id": ["x"]})}, tmp_path / "out")
    (tmp_path / "out" / "README.md").write_text("about")
    write_dataset({"modules": MODULES}, tmp_path / "out", format="csv")
    assert sorted(entry.name for entry in (tmp_path / "out").iterdir()) == ["README.md", "modules.csv"]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"people": MODULES}, "'people' is no table"),
        ({"modules": MODULES.assign(colour="red")}, "table modules, column colour"),
        ({"modules": MODULES.assign(difficulty="hard")}, "column difficulty: cannot be written as a number"),
        ({"modules": MODULES.assign(tags=[["x|y"]])}, r"modules row 1, column tags: 'x\|y' holds"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(
    tmp_path: Path, tables: dict[str, pd.DataFrame], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        write_dataset(tables, tmp_path / "out", format="csv")
    assert list(tmp_path.iterdir()) == []


def test_refuses_to_remove_what_is_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(DatasetError, match=r"thesis\.tex"):
        write_dataset({"modules": MODULES}, tmp_path)
    file = tmp_path / "thesis.tex"
    with pytest.raises(DatasetError, match="is a file"):
        write_dataset({"modules": MODULES}, file)
    assert file.read_text() == "years of work"


def test_old_directory_stays_when_writing_fails(tmp_path: Path) -> None:
    write_dataset({"modules": MODULES}, tmp_path / "out")

    def half_way() -> None:
        with whole_directory(tmp_path / "out", lambda _: True) as new:
            (new / "modules.csv").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_way()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
    assert load_dataset(tmp_path / "out").tables["modules"]["module_id"].tolist() == ["a"]


def test_old_directory_comes_back_when_the_new_one_cannot_take_its_place(tmp_path: Path) -> None:
    write_dataset({"modules": MODULES}, tmp_path / "out")

    def lose_the_new_one() -> None:
        with whole_directory(tmp_path / "out", lambda _: True) as new:
            # the rename then finds nothing to rename
            (tmp_path / "aside").mkdir()
            new.rename(tmp_path / "aside" / "gone")

    with pytest.raises(FileNotFoundError):
        lose_the_new_one()
    assert load_dataset(tmp_path / "out").tables["modules"]["module_id"].tolist() == ["a"]


def test_what_was_put_there_meanwhile_is_not_lost(tmp_path: Path) -> None:
    write_dataset({"modules": MODULES}, tmp_path / "out")

    def write_while_somebody_else_does(name: str) -> None:
        with whole_directory(tmp_path / "out", lambda entry: entry.name == "modules.parquet") as new:
            (new / "modules.csv").write_text("module_id,title\nb,B\n")
            (tmp_path / "out" / name).write_text("mine")

    with pytest.raises(DatasetError, match=r"holds 'mine\.csv', which writing there would remove"):
        write_while_somebody_else_does("mine.csv")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "mine.csv").read_text() == "mine"
    assert (tmp_path / "out" / "modules.parquet").exists()
    # a text is carried over
    (tmp_path / "out" / "mine.csv").unlink()
    write_while_somebody_else_does("notes.md")
    assert {entry.name for entry in (tmp_path / "out").iterdir()} == {"modules.csv", "notes.md"}
    assert (tmp_path / "out" / "notes.md").read_text() == "mine"


def test_tables_without_a_row_are_not_written(tmp_path: Path) -> None:
    write_dataset({"modules": MODULES, "prerequisites": pd.DataFrame({"module_id": []})}, tmp_path / "out")
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["modules.parquet"]


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot be written"):
        write_dataset({"modules": MODULES}, tmp_path / "file" / "out")

"""A bad file or directory is one clear sentence."""

from pathlib import Path

import pandas as pd
import pytest

from recommender.errors import DatasetError
from tests.bad_input.broken import LEARNERS, MODULES, Case, check, reasons, write
from training.datasets import load_dataset

CASES: list[Case] = [
    (
        "missing required column",
        {"modules": "module_id\na\n"},
        ["table modules", "no column title", "columns found: module_id", "add title"],
    ),
    (
        "header alone",
        {"modules": "module_id,title\n"},
        ["table modules", "modules.csv", "no rows", "add rows"],
    ),
    ("file without a byte", {"modules": ""}, ["table modules", "empty", "add a header row"]),
    (
        "not UTF-8",
        {"modules": "module_id,title\na,A\nb,Caf\u00e9\n".encode("latin-1")},
        ["modules row 2", "column title", r"b'\xe9'", "not UTF-8", "with the encoding UTF-8"],
    ),
    (
        "header not UTF-8",
        {"modules": "module_id,title\na,A\n".encode("utf-16")},
        ["modules header row", "not UTF-8", "with the encoding UTF-8"],
    ),
    (
        "too few cells",
        {"modules": "module_id,title\na,A\nb\n"},
        ["modules row 2", "column module_id", "'b'", "1 cells", "header has 2", "one cell per column"],
    ),
    (
        "too many cells",
        {"modules": "module_id,title\na,A, B and C\n"},
        ["modules row 1", "column title", "'a,A, B and C'", "3 cells", "quotes"],
    ),
    ("quote never closed", {"modules": 'module_id,title\na,"A\nb,B\n'}, ["modules.csv", "never closed"]),
    ("column twice", {"modules": "module_id,title,title\na,A,B\n"}, ["modules.csv", "'title'", "keep one"]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_one_sentence_names_all(tmp_path: Path, case: Case) -> None:
    check(tmp_path, case)


def test_no_directory(tmp_path: Path) -> None:
    assert "no directory" in reasons(tmp_path / "nowhere")[0]


def test_file_for_a_directory(tmp_path: Path) -> None:
    path = write(tmp_path / "data", modules=MODULES) / "modules.csv"
    assert "is a file" in reasons(path)[0]
    assert "give the directory" in reasons(path)[0]


def test_no_table(tmp_path: Path) -> None:
    write(tmp_path / "data", notes="a\n1\n")
    assert "no table" in reasons(tmp_path / "data")[0]


def test_table_in_two_formats(tmp_path: Path) -> None:
    path = write(tmp_path / "data", modules=MODULES)
    pd.DataFrame({"module_id": ["a"], "title": ["A"]}).to_parquet(path / "modules.parquet")
    assert "modules.csv and modules.parquet" in reasons(path)[0]


@pytest.mark.parametrize("content", [b"", b"PAR1 and then nothing", b"PAR1" + bytes(40) + b"PAR1"])
def test_damaged_parquet(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "data", learners=LEARNERS)
    (path / "modules.parquet").write_bytes(content)
    sentence = reasons(path)[0]
    assert "modules.parquet is no whole Parquet file" in sentence
    assert "write it again" in sentence


def test_truncated_parquet(tmp_path: Path) -> None:
    path = write(tmp_path / "data", learners=LEARNERS)
    file = path / "modules.parquet"
    pd.DataFrame({"module_id": [f"m{n}" for n in range(999)], "title": "T"}).to_parquet(file)
    file.write_bytes(file.read_bytes()[:-100])
    assert "modules.parquet is no whole Parquet file" in reasons(path)[0]


def test_lenient_without_a_place_for_rejects(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="give a directory for rejects"):
        load_dataset(write(tmp_path / "data", modules=MODULES), lenient=True)

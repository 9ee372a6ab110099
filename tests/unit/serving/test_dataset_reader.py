from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.errors import DatasetError
from serving.dataset_reader import read_tables


def rows(directory: Path, name: str) -> list[dict[str, Any]]:
    return list(read_tables(directory, (name,))[name].rows())


def test_csv_cells_become_what_their_columns_hold(tmp_path: Path) -> None:
    (tmp_path / "attempts.csv").write_text(
        "\ufefflearner_id,item_id,score,skill_ids,passed,occurred_at,extra\n"
        '007,"a,\n""b""",0.5,x|y,True,2026-01-01T00:00:00Z,1\n'
        "8,c,half,,maybe,,2\n",
        encoding="utf-8",
    )
    assert rows(tmp_path, "attempts") == [
        {
            "learner_id": "007",
            "item_id": 'a,\n"b"',
            "score": 0.5,
            "skill_ids": ["x", "y"],
            "passed": True,
            "occurred_at": "2026-01-01T00:00:00Z",
        },
        # What is no number stays as it is, for the rules to complain of.
        {"learner_id": "8", "item_id": "c", "score": "half", "passed": "maybe"},
    ]
    assert read_tables(tmp_path, ("attempts",))["attempts"].unused == ("extra",)


def test_parquet_cells_become_the_same(tmp_path: Path) -> None:
    table = pa.table(
        {
            "learner_id": pa.array([7, 8]),
            "item_id": ["a", "b"],
            "score": pa.array([1, 0]),
            "skill_ids": pa.array([["x"], None], pa.list_(pa.string())),
            "passed": [True, None],
            "occurred_at": pa.array([datetime(2026, 1, 1, 2, 3, 4, 5), None], pa.timestamp("ns")),
        }
    )
    pq.write_table(table, tmp_path / "attempts.parquet")
    assert rows(tmp_path, "attempts") == [
        {
            "learner_id": "7",
            "item_id": "a",
            "score": 1,
            "skill_ids": ["x"],
            "passed": True,
            "occurred_at": datetime(2026, 1, 1, 2, 3, 4, 5),
        },
        {"learner_id": "8", "item_id": "b", "score": 0},
    ]


def test_days_are_times(tmp_path: Path) -> None:
    table = pa.table({"learner_id": ["a"], "module_id": ["m"], "occurred_at": [date(2026, 1, 2)]})
    pq.write_table(table, tmp_path / "completions.parquet")
    assert rows(tmp_path, "completions")[0]["occurred_at"] == datetime(2026, 1, 2)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("attempts.csv", b"learner_id,item_id\na,b\n", "required column score is missing"),
        ("attempts.csv", b"learner_id,item_id,score\n\xff,b,1\n", "cannot be read"),
        ("attempts.csv", b"learner_id,learner_id,score\na,b,1\n", "names 'learner_id' twice"),
        ("attempts.csv", b"", "cannot be read"),
        ("attempts.csv", b"learner_id,item_id,score\na,b\n", "cannot be read"),
        ("attempts.parquet", b"PAR1 no it is not", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=sentence) as caught:
        read_tables(tmp_path, ("attempts",))
    assert "attempts" in str(caught.value)


def test_a_directory_without_tables_or_with_two_of_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds none of the tables"):
        read_tables(tmp_path, ("attempts",))
    with pytest.raises(DatasetError, match="does not exist"):
        read_tables(tmp_path / "nowhere", ("attempts",))
    for name in ("attempts.csv", "attempts.parquet"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(DatasetError, match="are both there; keep one"):
        read_tables(tmp_path, ("attempts",))
    with pytest.raises(DatasetError, match="is a file"):
        read_tables(tmp_path / "attempts.csv", ("attempts",))


@pytest.mark.parametrize(
    ("metadata", "notice"),
    [
        (None, None),
        ({"author": "ann"}, None),
        ({"simulation": '{"notice": "made for a test"}'}, "made for a test"),
        ({"simulation": "{"}, "made by a simulator"),
    ],
)
def test_the_mark_of_simulated_data_is_read(
    tmp_path: Path, metadata: dict[str, str] | None, notice: str | None
) -> None:
    table = pa.table({"learner_id": ["a"]}).replace_schema_metadata(metadata)
    pq.write_table(table, tmp_path / "learners.parquet")
    assert read_tables(tmp_path, ("learners",))["learners"].notice == notice

"""Reading the truth: what is there comes back as it is, what is wrong is named with place and remedy."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.errors import DatasetError
from training.datasets.sample.truth import read_choice_ranks, read_pass_probabilities

AGAIN = "write data and truth again, both at once, with python -m training sample"


def written(data: Path, name: str, **columns: object) -> Path:
    """Write a table of the truth beside no data."""
    file = data / "truth" / f"{name}.parquet"
    file.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), file)
    return data


def float32(*values: float | None) -> pa.Array:
    return pa.array(values, pa.float32())


def test_values_come_back_by_event_and_other_columns_do_not_matter(tmp_path: Path) -> None:
    data = written(tmp_path, "attempts", ability=[1.0, 2.0], event_id=["b", "a"], pass_probability=[1.0, 0])
    written(tmp_path, "starts", event_id=["y", "x"], choice_rank=pa.array([1, 7], pa.int32()))
    expected = pd.Series([1.0, 0.0], ["b", "a"], name="pass_probability")
    pd.testing.assert_series_equal(read_pass_probabilities(data), expected)
    expected = pd.Series([1, 7], ["y", "x"], name="choice_rank")
    pd.testing.assert_series_equal(read_choice_ranks(data), expected)


def test_numbers_may_be_stored_small(tmp_path: Path) -> None:
    data = written(tmp_path, "attempts", event_id=["a"], pass_probability=float32(0.25))
    assert read_pass_probabilities(data).dtype == "float64"
    assert read_pass_probabilities(data)["a"] == 0.25


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"event_id": ["a"]}, "truth/attempts.parquet has no column pass_probability"),
        ({"pass_probability": float32(0.5)}, "truth/attempts.parquet has no column event_id"),
        (
            {"event_id": ["a"], "pass_probability": ["0.5"]},
            "truth/attempts.parquet, column pass_probability: string is not its type",
        ),
        (
            {"event_id": [7], "pass_probability": float32(0.5)},
            "truth/attempts.parquet, column event_id: int64 is not its type",
        ),
        (
            {"event_id": ["a", "b", "a"], "pass_probability": float32(0.5, 0.5, 0.5)},
            "truth/attempts row 3, column event_id: 'a' is there twice",
        ),
        (
            {"event_id": ["a", None], "pass_probability": float32(0.5, 0.5)},
            "truth/attempts row 2, column event_id: nothing is no id",
        ),
        (
            {"event_id": ["a", "b"], "pass_probability": float32(0.5, 1.5)},
            "truth/attempts row 2, column pass_probability: 1.5 is no number from 0 to 1",
        ),
        (
            {"event_id": ["a"], "pass_probability": float32(None)},
            "truth/attempts row 1, column pass_probability: nothing is no number from 0 to 1",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, columns: dict[str, object], said: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read_pass_probabilities(written(tmp_path, "attempts", **columns))
    assert str(caught.value) == f"{said}; {AGAIN}"


@pytest.mark.parametrize(
    ("ranks", "said"),
    [
        ([1, 0], "truth/starts row 2, column choice_rank: 0 is no number of at least 1"),
        ([1.0, 2.0], "truth/starts.parquet, column choice_rank: double is not its type"),
        ([1, None], "truth/starts row 2, column choice_rank: nothing is no number of at least 1"),
    ],
)
def test_ranks_are_counted_from_one(tmp_path: Path, ranks: list[float], said: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read_choice_ranks(written(tmp_path, "starts", event_id=["a", "b"], choice_rank=ranks))
    assert str(caught.value) == f"{said}; {AGAIN}"


def test_no_truth_is_told_from_half_of_it_and_from_a_damaged_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no directory truth/, so .* only data from python -m"):
        read_choice_ranks(tmp_path)
    written(tmp_path, "attempts", event_id=["a"], pass_probability=float32(0.5))
    with pytest.raises(DatasetError, match=rf"holds no truth/starts.parquet; {AGAIN}"):
        read_choice_ranks(tmp_path)
    (tmp_path / "truth" / "attempts.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(
        DatasetError, match=r"^in .*truth: attempts.parquet is no whole Parquet file .* again$"
    ):
        read_pass_probabilities(tmp_path)

"""Tables are written block by block, and every file says that it is simulated."""

import contextlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.errors import DatasetError
from training.datasets.sample.writing import BlockWriter

SIMULATION = {"notice": "nobody", "seed": 3}


def block(*values: int) -> pa.Table:
    ids = [f"e{value:03d}" for value in values]
    return pa.table({"event_id": ids, "value": pa.array(values, pa.int64())})


def test_blocks_follow_each_other_in_one_file(tmp_path: Path) -> None:
    writer = BlockWriter(tmp_path, SIMULATION)
    with writer.opened():
        writer.write("a", block(1, 2))
        writer.write("below/b", block(5))
        writer.write("a", block(3))
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == block(1, 2, 3).to_pylist()
    assert writer.n_rows == {"a": 3, "below/b": 1}
    for name in ("a", "below/b"):
        metadata = pq.read_schema(tmp_path / f"{name}.parquet").metadata
        assert json.loads(metadata[b"simulation"]) == SIMULATION


def test_no_rows_no_file(tmp_path: Path) -> None:
    writer = BlockWriter(tmp_path, SIMULATION)
    with writer.opened():
        writer.write("a", block())
    assert list(tmp_path.iterdir()) == []
    assert writer.n_rows == {}


def test_files_are_closed_also_when_something_fails(tmp_path: Path) -> None:
    writer = BlockWriter(tmp_path, SIMULATION)
    with contextlib.suppress(KeyError), writer.opened():
        writer.write("a", block(1))
        raise KeyError
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 1


def test_there_must_be_a_notice(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="notice"):
        BlockWriter(tmp_path, {"seed": 3})

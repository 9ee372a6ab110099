"""What loading makes of unsound datasets when it is lenient."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.errors import DatasetError
from training.datasets import Dataset, load_dataset


def write(directory: Path, **tables: str) -> Path:
    directory.mkdir(exist_ok=True)
    for name, content in tables.items():
        (directory / f"{name}.csv").write_text(content, encoding="utf-8")
    return directory


def load(data: Path, **tables: str) -> Dataset:
    return load_dataset(write(data, **tables), lenient=True, rejects=data.with_name("rejects"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_goes_on_without_bad_rows_and_keeps_them(data: Path) -> None:
    dataset = load(
        data, attempts="learner_id,item_id,score,skill_ids\nx,i,1,s\nx,i,2,s|t\nx,i,one,s\nx,,0,s\n"
    )
    assert dataset.tables["attempts"]["event_id"].tolist() == ["attempts-000000001"]
    rejects = pd.read_csv(data.with_name("rejects") / "attempts.csv", dtype=str)
    assert rejects["_row"].tolist() == ["2", "3", "4"]
    assert rejects["score"].tolist() == ["2", "one", "0"]
    assert rejects["skill_ids"].tolist() == ["s|t", "s", "s"]
    assert "column score: 'one' is not" in rejects["_reason"][1]
    (found,) = [found for found in dataset.findings if "refused" in found.text]
    assert (found.level, found.table, found.count) == ("warning", "attempts", 3)
    assert "rejects/attempts.csv" in found.text


def test_rows_that_then_dangle_are_refused_too(data: Path) -> None:
    dataset = load(
        data,
        skills="skill_id,name,half_life_days\ns,S,-1\nt,T,1\n",
        modules="module_id,title,skill_ids\na,A,s\nb,B,t\n",
        completions="learner_id,module_id\nx,a\nx,b\ny,a\n",
    )
    assert dataset.tables["completions"]["module_id"].tolist() == ["b"]
    assert {found.table: found.count for found in dataset.findings if "refused" in found.text} == {
        "skills": 1,
        "modules": 1,
        "completions": 2,
    }


def test_of_two_rows_with_one_key_the_first_stays(data: Path) -> None:
    dataset = load(data, modules="module_id,title\na,first\na,second\n")
    assert dataset.tables["modules"]["title"].tolist() == ["first"]


def test_rows_that_were_refused_before_get_the_reason_of_now(data: Path) -> None:
    load(data, modules="_row,_reason,module_id,title\n17,once,a,A\n18,once,b,\n")
    rejects = pd.read_csv(data.with_name("rejects") / "modules.csv")
    assert rejects.columns.tolist() == ["_row", "_reason", "module_id", "title"]
    assert rejects["_row"].tolist() == [2]
    assert "modules row 2, column title" in rejects["_reason"][0]


def test_rows_out_of_order_are_refused_and_the_rest_is_in_order(data: Path) -> None:
    rows = "b,x,i,1\na,x,i,1\nc,x,i,1\na2,x,i,1\n"
    dataset = load(data, attempts="event_id,learner_id,item_id,score\n" + rows)
    assert dataset.tables["attempts"]["event_id"].tolist() == ["b", "c"]


def test_times_that_python_cannot_hold_are_refused_and_written(data: Path) -> None:
    data.mkdir()
    times = pa.array([0, 2**60], pa.timestamp("us"))
    pq.write_table(
        pa.table({"learner_id": ["x", "y"], "module_id": ["a", "a"], "occurred_at": times}),
        data / "completions.parquet",
    )
    assert len(load(data).tables["completions"]) == 1
    rejects = pd.read_csv(data.with_name("rejects") / "completions.csv")
    assert rejects["occurred_at"].tolist() == [2**60]


def test_circles_are_opened(data: Path) -> None:
    dataset = load(
        data,
        modules="module_id,title\na,A\nb,B\n",
        prerequisites="module_id,prerequisite_module_id\na,b\nb,a\n",
    )
    assert len(dataset.tables["prerequisites"]) == 1


def test_lists_from_parquet_are_readable(data: Path) -> None:
    data.mkdir()
    frame = pd.DataFrame({"module_id": ["a", "b"], "title": ["A", None], "tags": [["x"], ["x", "y"]]})
    frame.to_parquet(data / "modules.parquet")
    load(data)
    assert pd.read_csv(data.with_name("rejects") / "modules.csv")["tags"].tolist() == ["x|y"]


def test_sound_data_leaves_no_rejects_of_an_earlier_run(data: Path) -> None:
    load(data, modules="module_id,title\na,A\nb,\n")
    load(data, modules="module_id,title\na,A\n")
    assert list(data.with_name("rejects").iterdir()) == []


def test_table_without_a_sound_row_is_an_error_and_the_rejects_are_there(data: Path) -> None:
    with pytest.raises(DatasetError, match="modules has no sound row left"):
        load(data, modules="module_id,title\na,\n")
    assert (data.with_name("rejects") / "modules.csv").exists()


def test_does_not_write_rejects_over_the_dataset(data: Path) -> None:
    write(data, modules="module_id,title\na,\nb,B\n")
    with pytest.raises(DatasetError, match=r"holds 'modules\.csv'"):
        load_dataset(data, lenient=True, rejects=data)
    assert (data / "modules.csv").read_text().startswith("module_id")

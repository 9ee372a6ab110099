"""The command that recommends to everybody: what it refuses, says and leaves behind."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

import training.commands.score as command
from recommender.domain.recommendation import Query
from training.cli import app
from training.datasets import write_dataset
from training.scoring.output import MANIFEST, ROWS
from training.scoring.table import SCHEMA


@pytest.fixture
def score(tiny_bundle: Path, tiny_dataset: Path, tmp_path: Path):
    """Run the command in this process; options given replace those of the small dataset."""

    def run(*arguments: object, **options: object) -> Result:
        given = {"bundle": tiny_bundle, "data": tiny_dataset, "out": tmp_path / "out", "jobs": 1} | options
        words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
        return CliRunner().invoke(app, ["score", *words, *map(str, arguments)], env={"COLUMNS": "150"})

    return run


def rows_of(folder: Path) -> pd.DataFrame:
    return pq.read_table(folder / ROWS).to_pandas()


def test_everybody_has_rows_and_the_manifest_says_what_they_are(score, tmp_path, tiny_engine):
    result = score(json=tmp_path / "told" / "result.json")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    table = pq.read_table(tmp_path / "out" / ROWS)
    assert table.schema.equals(SCHEMA)
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert json.loads((tmp_path / "told" / "result.json").read_text()) == manifest
    assert manifest["bundle_id"] == tiny_engine.bundle_id
    assert manifest["k"] == command.DEFAULT_K == Query().k
    assert (manifest["rows"], manifest["learners"]) == (len(table), 60)
    assert (manifest["simulated"], manifest["now_is"], manifest["unknown"]) == (False, "last event", {})
    learners = table["learner_id"].to_pylist()
    assert learners == sorted(learners)
    assert len(set(learners)) == 60
    assert "the moment of the last event; --now gives another" in result.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {ROWS, MANIFEST}
    assert {path.name for path in tmp_path.iterdir()} == {"out", "told"}


def test_now_is_what_is_given_and_what_came_later_is_left_out(score, tmp_path):
    result = score(now="2025-03-01T01:00:00+01:00")
    assert result.exit_code == 0, result.output
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert (manifest["now"], manifest["now_is"]) == ("2025-03-01T00:00:00+00:00", "given")
    assert manifest["events_after_now"] > 100
    assert f"{manifest['events_after_now']} events after that were left out" in result.stdout
    assert (
        manifest["cold_start"]
        == rows_of(tmp_path / "out").query("fallback == 'cold_start'")["learner_id"].nunique()
    )
    assert manifest["cold_start"] > 0


def test_without_any_time_it_is_the_clock(score, tiny_tables, tmp_path):
    untimed = {
        name: frame.drop(columns="occurred_at", errors="ignore") for name, frame in tiny_tables.items()
    }
    write_dataset(untimed, tmp_path / "untimed")
    result = score(data=tmp_path / "untimed")
    assert result.exit_code == 0, result.output
    assert "by the clock, since no event has a time" in result.stdout


def test_a_foreign_dataset_is_scored_and_what_is_unknown_counted(score, tmp_path):
    at = pd.Timestamp("2025-05-01", tz="UTC")
    write_dataset(
        {
            "learners": pd.DataFrame({"learner_id": ["b", "a"], "role_id": ["pilot", None]}),
            "completions": pd.DataFrame(
                {"learner_id": ["b", "b"], "module_id": ["m00", "elsewhere"], "occurred_at": [at, at]}
            ),
        },
        tmp_path / "foreign",
    )
    result = score(data=tmp_path / "foreign")
    assert result.exit_code == 0, result.output
    said = "1 modules are not in the bundle's catalogue, such as 'elsewhere'; 1 completions and attempts name"
    assert said in result.stdout
    assert "1 roles are not in the bundle's catalogue, such as 'pilot'; 1 learners name them" in result.stdout
    manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
    assert manifest["unknown"]["modules"] == {"ids": 1, "rows": 1, "example": "elsewhere"}
    rows = pq.read_table(tmp_path / "out" / ROWS).to_pylist()
    assert {row["learner_id"]: row["fallback"] for row in rows} == {"a": "cold_start", "b": None}


def test_who_is_left_without_a_module_has_one_row_that_says_why(score, tiny_tables, tmp_path):
    at = pd.Timestamp("2025-05-01", tz="UTC")
    modules = tiny_tables["modules"]["module_id"]
    everything = pd.DataFrame({"learner_id": "all", "module_id": modules, "occurred_at": at})
    learners = pd.DataFrame({"learner_id": ["all", "none"], "language": [None, "zz"]})
    write_dataset({"learners": learners, "completions": everything}, tmp_path / "done")
    result = score(data=tmp_path / "done")
    assert result.exit_code == 0, result.output
    assert "nothing was left for 2, see empty_because" in result.stdout
    assert json.loads((tmp_path / "out" / MANIFEST).read_text())["without_module"] == 2
    rows = pq.read_table(tmp_path / "out" / ROWS).to_pylist()
    assert [row["learner_id"] for row in rows] == ["all", "none"]
    for row, rule in zip(rows, ("finished", "language"), strict=True):
        assert row["empty_because"][0]["rule"] == rule
        assert {row[name] for name in ("rank", "module_id", "score", "prerequisites_met")} == {None}
        assert row["reasons"] is None
    assert [row["fallback"] for row in rows] == [None, "cold_start"]


def test_simulated_data_is_labelled(score, tiny_tables, tmp_path):
    write_dataset(tiny_tables, tmp_path / "made", simulation={"notice": "made for a test"})
    result = score(data=tmp_path / "made")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].startswith("Simulated data: ")
    assert json.loads((tmp_path / "out" / MANIFEST).read_text())["simulated"] is True
    assert b"simulation" in pq.read_schema(tmp_path / "out" / ROWS).metadata


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k": 0}, "--k is 0; give 1 to 100"),
        ({"k": 101}, "--k is 101; give 1 to 100"),
        ({"jobs": 0}, "--jobs is 0; give 1 or more"),
        ({"block": 0}, "--block is 0; give 1 or more"),
        ({"now": "tomorrow"}, "--now 'tomorrow' is no time; write one such as"),
        ({"bundle": "nowhere"}, "nowhere holds no manifest.json, so it is no bundle"),
        ({"bundle": "nowhere.json"}, "pointer nowhere.json cannot be read"),
        ({"data": "nowhere"}, "nowhere"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(score, tmp_path, options, words):
    result = score(**options)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_taken_is_refused(score, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    result = score()
    assert result.exit_code == 2
    assert f"--out {tmp_path / 'out'} exists; name a directory that does not" in result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
    shutil.rmtree(tmp_path / "out")
    (tmp_path / "out").mkdir()
    assert score().exit_code == 0


def test_an_interrupted_write_leaves_nothing(score, tmp_path, monkeypatch):
    real = command.score_blocks

    def interrupted(*arguments):
        yield next(real(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "score_blocks", interrupted)
    result = score(block=10)
    assert result.exit_code != 0
    assert list(tmp_path.iterdir()) == []

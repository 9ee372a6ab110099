"""The command ``oracle``, in this process, on a small dataset with a truth written by hand."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from training.cli import app
from training.datasets import load_dataset, write_dataset

QUICK = ("--set", "evaluation.cuts=[0.5]", "--set", "views.als.factors=4")
NOTICE = {"notice": "made for a test"}


def run(command: str, *arguments: object) -> Result:
    return CliRunner().invoke(app, [command, *map(str, arguments)], env={"COLUMNS": "150"})


def tell(data: Path) -> None:
    """Write a truth in which every pass was certain and every module started was the best on offer."""
    (data / "truth").mkdir()
    tables = load_dataset(data).tables
    if "attempts" in tables:
        attempts = tables["attempts"]
        known = {
            "event_id": attempts["event_id"].tolist(),
            "pass_probability": attempts["passed"] * 0.98 + 0.01,
        }
        pq.write_table(pa.table(known), data / "truth" / "attempts.parquet")
    if "completions" in tables:
        starts = tables["completions"].drop_duplicates(["learner_id", "module_id"])["event_id"].tolist()
        ranks = pa.array([1] * len(starts), pa.int32())
        pq.write_table(
            pa.table({"event_id": starts, "choice_rank": ranks}), data / "truth" / "starts.parquet"
        )


@pytest.fixture(scope="module")
def made(tiny_tables: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small dataset, marked as simulated, with its truth."""
    data = tmp_path_factory.mktemp("oracle") / "made"
    write_dataset(tiny_tables, data, simulation=NOTICE)
    tell(data)
    return data


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def written(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict]:
    """What the command printed and what it wrote."""
    file = tmp_path_factory.mktemp("out") / "new" / "result.json"
    result = run("oracle", "--data", made, *QUICK, "--json", file)
    assert result.exit_code == 0, result.output
    return result.stdout, json.loads(file.read_text())


def test_every_table_has_the_oracle_in_its_last_row_and_says_simulated(written):
    shown = written[0]
    titles = [line for line in shown.splitlines() if "Predicting" in line]
    assert len(titles) == 3
    assert all(title.startswith("Simulated data: ") for title in titles)
    rows = [line.split() for line in shown.splitlines()]
    (skills, last, temporal) = [row for row in rows if row and row[0] == "oracle"]
    assert skills == ["oracle", "1.000", "1.000", "0.010", "0.010", "0.010", "1.000"]
    assert last == temporal == ["oracle", "1.000", "±0.000", "1.000", "±0.000", "1.000", "1.000", "-"]
    assert shown.splitlines()[-1].startswith("Simulated data: the oracle knows the hidden truth")


def test_what_it_writes_says_what_it_is_of(written, made):
    found = written[1]
    assert found["dataset"] == {
        "name": "made",
        "fingerprint": load_dataset(made).fingerprint,
        "simulated": True,
    }
    assert set(found["n"]) == set(found["metrics"]) == {"skills", "leave_last_out", "temporal"}
    assert found["absent"] == {}
    oracle = found["metrics"]["temporal"]["oracle"]
    assert (oracle["hr@5"], oracle["mrr"], oracle["coverage@10"]) == (1.0, 1.0, None)
    assert oracle["fit_seconds"] is oracle["recommend_us_per_learner"] is None
    assert oracle["ci95"]["difference_to_engine"]["ndcg@10"][0] > 0


def test_every_other_row_is_that_of_train(written, made, here, store):
    """The same rows, splits and seed: what stands beside the oracle is what training found."""
    assert run("train", "--data", made, *QUICK, "--json", "trained.json").exit_code == 0
    trained = json.loads((here / "trained.json").read_text())["metrics"]
    del trained["skills_by_group"]  # of the model that is kept
    assert set(trained) == set(written[1]["metrics"])
    for table, models in trained.items():
        beside = written[1]["metrics"][table]
        assert set(beside) == {*models, "oracle"}
        for name, values in models.items():
            same = {
                key: value for key, value in values.items() if "seconds" not in key and "_ci95_" not in key
            }
            assert {key: beside[name][key] for key in same} == same, (table, name)


def test_nothing_is_tracked_or_kept(made, here):
    assert run("oracle", "--data", made, *QUICK).exit_code == 0
    assert list(here.iterdir()) == []


def test_what_cannot_be_judged_is_said(tiny_tables, here):
    """All pass, and nobody's start has a time."""
    tables = dict(tiny_tables)
    tables["attempts"] = tables["attempts"].drop(columns="passed").assign(score=1.0)
    for name in ("attempts", "completions"):
        tables[name] = tables[name].drop(columns="occurred_at")
    write_dataset(tables, here / "made", simulation=NOTICE)
    tell(here / "made")
    result = run("oracle", "--data", "made", *QUICK, "--json", "out.json")
    assert result.exit_code == 0, result.output
    assert "Predicting the next response" not in result.stdout
    absent = json.loads((here / "out.json").read_text())["absent"]
    assert set(absent) == {"skills", "temporal"}
    for what, why in absent.items():
        assert f"Not there: {what}: {why}.\n" in result.stdout


def test_no_completions_are_said_too(tiny_tables, here):
    tables = {name: table for name, table in tiny_tables.items() if name != "completions"}
    write_dataset(tables, here / "made", simulation=NOTICE)
    tell(here / "made")
    result = run("oracle", "--data", "made", *QUICK)
    assert result.exit_code == 0, result.output
    assert "Not there: modules: there are no completions.\n" in result.stdout
    assert "Predicting the next response" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--data", "real"], ["is not simulated", "python -m training sample"]),
        (["--data", "blind"], ["blind holds no directory truth/", "python -m training sample"]),
        (["--data", "half"], ["half holds no truth/starts.parquet"]),
        (["--data", "foreign"], ["truth/attempts.parquet, column event_id", "truth of other data"]),
        (["--data", "made", "--set", "data.pass_mark=0.7"], ["data.pass_mark is 0.7", "set it to 0.5"]),
        (["--data", "made", "--set", "nonsense=1"], ["nonsense", "is not a setting"]),
        (["--data", "made", "--config", "gone.toml"], ["--config gone.toml", "name a TOML file"]),
        (["--data", "made", "--json", "taken"], ["--json taken is a directory", "name a file"]),
        (["--data", "nowhere"], ["there is no directory nowhere"]),
    ],
)
def test_bad_input_is_one_sentence(here, made, tiny_dataset, arguments, parts):
    (here / "real").symlink_to(tiny_dataset)
    (here / "made").symlink_to(made)
    (here / "taken").mkdir()
    for name in ("blind", "half", "foreign"):
        shutil.copytree(made, here / name)
    shutil.rmtree(here / "blind" / "truth")
    (here / "half" / "truth" / "starts.parquet").unlink()
    foreign = here / "foreign" / "truth" / "attempts.parquet"
    pq.write_table(pq.read_table(foreign).slice(1), foreign)
    result = run("oracle", "--json", "new.json", *arguments)
    assert result.exit_code == 2
    assert [part for part in parts if part not in result.stderr] == []
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    assert not (here / "new.json").exists()

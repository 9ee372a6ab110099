"""The command ``benchmark modules``, in this process, on a small dataset: what it writes and refuses."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from training.cli import app
from training.datasets import write_dataset
from training.evaluation.protocols import PROTOCOLS

METRICS = {
    *("hr@5", "hr@10", "ndcg@10", "recall@10", "mrr", "coverage@10", "intra_list_diversity@10"),
    *("exposure_gini@10", "ci95", "groups", "fit_seconds", "recommend_us_per_learner"),
}
WITH_INTERVAL = {"hr@5", "hr@10", "ndcg@10", "recall@10", "mrr"}
MODELS = {"engine", "popularity", "recent_popularity", "als", "transitions"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["benchmark", "modules", *map(str, arguments)], env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def tables(tiny_tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The small dataset and a test set: l000 has started both modules, l001 and l002 have not."""
    completions = tiny_tables["completions"]
    assert completions["module_id"][completions["learner_id"] == "l000"].tolist()[:2] == ["m00", "m01"]
    pairs = [("l000", "m01"), ("l001", "m03-easy"), ("l001", "m99-old"), ("l002", "m03-easy")]
    return tiny_tables | {"holdout": pd.DataFrame(pairs, columns=["learner_id", "module_id"])}


@pytest.fixture(scope="module")
def data(tables: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "small"
    write_dataset(tables, path)
    return path


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_writes_the_json_of_the_interface(here, data, protocol):
    result = run("--data", data, "--protocol", protocol, "--seed", 4, "--json", "new/out.json")
    assert result.exit_code == 0, result.output
    written = json.loads((here / "new" / "out.json").read_text())
    assert {"dataset", "protocol", "n", "models", "fingerprint", "simulated"} <= set(written)
    assert (written["dataset"], written["protocol"], written["simulated"]) == ("small", protocol, False)
    assert (written["seed"], written["eligible"], written["max_learners"]) == (4, False, None)
    assert written["cuts"] == ([0.5, 0.6, 0.7, 0.8, 0.9] if protocol == "temporal" else None)
    assert {"learners", "targets", "modules", "interactions"} <= set(written["n"])
    assert set(written["models"]) >= MODELS
    for name, values in written["models"].items():
        assert set(values) == METRICS
        assert set(values["ci95"]) - {"difference_to_engine"} == WITH_INTERVAL
        if name != "engine":
            assert set(values["ci95"]["difference_to_engine"]) == WITH_INTERVAL
        assert sum(group["n"] for group in values["groups"].values()) == written["n"]["targets"]
        assert 0 < values["intra_list_diversity@10"] < 1
        assert 0 <= values["exposure_gini@10"] < 1
        assert values["fit_seconds"] > 0
    assert "Predicting" in result.stdout
    assert "By group of targets, and what is shown" in result.stdout
    assert "metrics and bootstrap" in result.stdout


def test_all_learners_are_tested_unless_told_otherwise(here, data, tables):
    starts = tables["completions"].groupby("learner_id").size()
    for options, n in (((), int((starts > 1).sum())), (("--max-learners", 7), 7)):
        result = run("--data", data, "--protocol", "leave-last-out", "--json", "out.json", *options)
        assert result.exit_code == 0, result.output
        assert json.loads((here / "out.json").read_text())["n"]["learners"] == n


def test_cuts_are_those_given(here, data):
    result = run("--data", data, "--protocol", "temporal", "--cut", 0.4, "--cut", 0.6, "--json", "out.json")
    assert result.exit_code == 0, result.output
    assert json.loads((here / "out.json").read_text())["cuts"] == [0.4, 0.6]
    assert "temporal, 2 of 2" in result.stdout


def test_what_the_test_set_takes_from_training_is_said(here, data, tables):
    result = run("--data", data, "--protocol", "holdout", "--json", "out.json")
    assert result.exit_code == 0, result.output
    n = json.loads((here / "out.json").read_text())["n"]
    later = int((tables["completions"]["learner_id"] == "l000").sum()) - 2
    assert (n["targets"], n["learners"]) == (4, 3)
    assert (n["held_out_starts"], n["later_starts"]) == (1, later)
    assert "1 of the held-out pairs are among the completions too" in result.stdout
    assert f"the {later} after them" in result.stdout


def test_rules_are_off_unless_asked_for(here, data):
    """The retired module is a target of l001, and the rules that are on remove it."""
    found = {}
    for options in ((), ("--eligible",)):
        result = run("--data", data, "--protocol", "holdout", "--json", "out.json", *options)
        assert result.exit_code == 0, result.output
        written = json.loads((here / "out.json").read_text())
        found[written["eligible"]] = written["n"].get("ineligible_targets")
        assert ("Rules are on" in result.stdout) == written["eligible"]
    assert found == {False: None, True: 1}


def test_the_same_seed_gives_the_same_numbers(here, data):
    written = []
    for file in ("one.json", "two.json"):
        result = run("--data", data, "--protocol", "few-shot", "--seed", 2, "--json", file)
        assert result.exit_code == 0, result.output
        models = json.loads((here / file).read_text())["models"]
        timed = {"fit_seconds", "recommend_us_per_learner"}
        written.append({name: {k: v for k, v in m.items() if k not in timed} for name, m in models.items()})
    assert written[0] == written[1]


def test_a_simulated_dataset_says_so(here, tables):
    write_dataset(tables, here / "made", simulation={"notice": "made for a test"})
    result = run("--data", "made", "--protocol", "leave-last-out", "--json", "out.json")
    assert result.exit_code == 0, result.output
    assert json.loads((here / "out.json").read_text())["simulated"] is True
    assert "Simulated data: Predicting the last module each learner started" in result.stdout
    assert "Simulated data: By group of targets" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--protocol", "random"], ["--protocol is 'random'", "leave-last-out, temporal, holdout, few-shot"]),
        (["--cut", 0.5], ["--cut 0.5 is for --protocol temporal", "leave it out with few-shot"]),
        (["--protocol", "temporal", "--cut", 1.5], ["--cut is 1.5", "more than 0 and less than 1"]),
        (["--protocol", "temporal", "--cut", 0], ["--cut is 0;", "more than 0 and less than 1"]),
        (["--protocol", "temporal", "--cut", "nan"], ["--cut is nan", "more than 0 and less than 1"]),
        (["--protocol", "temporal", "--cut", 0.5, "--cut", 0.5], ["the same fraction twice"]),
        (["--seed", -1], ["--seed is -1", "at least 0"]),
        (["--max-learners", 0], ["--max-learners is 0", "at least 1"]),
        (["--json", "taken"], ["--json taken is a directory", "name a file"]),
        (["--data", "nowhere"], ["there is no directory nowhere"]),
        (["--data", "mute"], ["mute has no table completions", "add completions"]),
        (
            ["--data", "plain", "--protocol", "holdout"],
            ["--protocol holdout", "plain: there is no table hold"],
        ),
        (
            ["--data", "timeless", "--protocol", "temporal"],
            ["--protocol temporal", "have no time (occurred_at)", "use another protocol"],
        ),
    ],
)
def test_bad_input_is_one_sentence(here, data, tiny_dataset, tables, arguments, parts):
    (here / "taken").mkdir()
    (here / "plain").symlink_to(tiny_dataset)
    if "mute" in arguments:
        write_dataset({n: t for n, t in tables.items() if n != "completions"}, here / "mute")
    if "timeless" in arguments:
        without = tables["completions"].drop(columns="occurred_at")
        kept = {n: t for n, t in tables.items() if n != "attempts"}
        write_dataset(kept | {"completions": without}, here / "timeless")
    result = run("--data", data, "--protocol", "few-shot", "--json", "new.json", *arguments)
    assert result.exit_code == 2
    assert [part for part in parts if part not in result.stderr] == []
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    assert not (here / "new.json").exists()

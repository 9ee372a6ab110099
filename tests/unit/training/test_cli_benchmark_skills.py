"""The command ``benchmark skills``, in this process, on small datasets: what it writes and refuses."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from training.cli import app
from training.datasets import write_dataset
from training.evaluation.best_lr import BestLR

METRICS = {"auc", "accuracy", "log_loss", "rmse", "ece", "auc_first5", "fit_seconds", "predict_seconds"}
MORE = {"ci95", "fit_rows_per_second", "predict_rows_per_second"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["benchmark", "skills", *map(str, arguments)], env={"COLUMNS": "180"})


@pytest.fixture(scope="module")
def tables(tiny_tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The small dataset, some attempts at two skills, and a fold for everybody."""
    attempts = tiny_tables["attempts"].copy()
    attempts["skill_ids"] = [["python", "ethics"] if i % 4 == 0 else None for i in range(len(attempts))]
    learners = tiny_tables["learners"]["learner_id"]
    folds = pd.DataFrame({"learner_id": learners, "fold": 1 + np.arange(len(learners)) % 3})
    return tiny_tables | {"attempts": attempts, "folds": folds}


@pytest.fixture(scope="module")
def data(tables: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "folded"
    write_dataset(tables, path)
    return path


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_fold_with_another_package_beside_it(here, data, tables, pybkt):
    result = run("--data", data, "--fold", 3, "--seed", 2, "--json", "new/out.json")
    assert result.exit_code == 0, result.output
    written = json.loads((here / "new" / "out.json").read_text())
    assert {"dataset", "protocol", "n", "models"} <= set(written)
    assert (written["dataset"], written["seed"], written["fold"]) == ("folded", 2, 3)
    assert written["protocol"] == "fold 3, fold 1 held out"
    # Everybody has attempts.
    per_fold = tables["attempts"].merge(tables["folds"]).groupby("fold").size().to_dict()
    assert (written["n"]["attempts"], written["n"]["learners"]) == (per_fold[3], 20)
    assert written["trained"] == {"learners": 20, "attempts": per_fold[2]}
    assert written["held_out"] == {"fold": 1, "learners": 20, "attempts": per_fold[1]}
    models = written["models"]
    assert set(models) == {"skill_model", "item_mean", "best_lr", "pybkt"}
    for name, values in models.items():
        assert set(values) >= METRICS | MORE, name
        low, high = values["ci95"]["auc"]
        assert low <= values["auc"] <= high
        assert ("difference_to_best_lr" in values["ci95"]) == (name != "best_lr")
        assert (values["fit_seconds"] is None) == (name == "item_mean")
    assert models["best_lr"]["converged"] is True
    assert models["best_lr"]["fit_rows_per_second"] == pytest.approx(
        per_fold[2] / models["best_lr"]["fit_seconds"]
    )
    narrow = written["one_skill"]
    assert 0 < narrow["n"]["attempts"] < written["n"]["attempts"]
    assert set(narrow["models"]) == set(models)
    assert narrow["models"]["pybkt"] | {"rows": "one_skill"} == models["pybkt"]
    assert narrow["models"]["skill_model"]["auc"] != models["skill_model"]["auc"]
    assert "difference_to_pybkt" in narrow["models"]["skill_model"]["ci95"]
    assert "Predicting the next response, all attempts" in result.stdout
    assert "Predicting the next response, attempts with one skill" in result.stdout
    assert "Not there" not in result.stdout


def test_learners_drawn_at_random_without_that_package(here, data, no_pybkt):
    result = run("--data", data, "--test-fraction", 0.25, "--json", "out.json")
    assert result.exit_code == 0, result.output
    written = json.loads((here / "out.json").read_text())
    assert written["protocol"] == "0.25 of the learners, drawn at random"
    assert (written["fold"], written["held_out"]["fold"], written["simulated"]) == (None, None, False)
    assert written["n"]["learners"] == 15
    # A tenth of the other 45.
    assert (written["trained"]["learners"], written["held_out"]["learners"]) == (41, 4)
    assert set(written["models"]) == {"skill_model", "item_mean", "best_lr"}
    assert "one_skill" not in written
    assert "Not there: pybkt: the package pyBKT is not installed (extra bench).\n" in result.stdout
    assert "Learned from 41 learners, 4 held out" in result.stdout


def test_a_simulated_dataset_says_so(here, tables, no_pybkt):
    write_dataset(tables, here / "made", simulation={"notice": "made for a test"})
    result = run("--data", "made", "--fold", 1, "--json", "out.json")
    assert result.exit_code == 0, result.output
    assert json.loads((here / "out.json").read_text())["simulated"] is True
    assert "Simulated data: Predicting the next response, all attempts" in result.stdout


def test_what_stopped_short_or_could_not_be_asked_is_said(here, tables, pybkt, monkeypatch):
    """One iteration is too few, and every attempt is at two skills."""
    monkeypatch.setattr("training.contenders.BestLR", partial(BestLR, max_iterations=1))
    attempts = tables["attempts"].assign(skill_ids=[["python", "ethics"]] * len(tables["attempts"]))
    write_dataset(tables | {"attempts": attempts}, here / "pairs")
    result = run("--data", "pairs", "--fold", 1, "--json", "out.json")
    assert result.exit_code == 0, result.output
    models = json.loads((here / "out.json").read_text())["models"]
    assert models["best_lr"]["converged"] is False
    assert set(models) == {"skill_model", "item_mean", "best_lr"}
    assert "Not there: pybkt: it needs attempts with exactly one skill" in result.stdout
    assert "best_lr stopped at its last allowed iteration, before it converged.\n" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--fold", 1, "--test-fraction", 0.2], ["--fold 1 and --test-fraction 0.2", "give one of them"]),
        (["--fold", 9], ["--fold 9", "name one of 1, 2, 3"]),
        (["--data", "plain", "--fold", 1], ["--fold 1", "no table folds", "--test-fraction"]),
        (
            ["--data", "partial", "--fold", 1],
            ["column learner_id", "'l057' and 2 more", "add a row for each"],
        ),
        (["--data", "mute"], ["mute has no table attempts", "add attempts"]),
        (["--data", "nowhere"], ["there is no directory nowhere"]),
        (["--test-fraction", 1.5], ["--test-fraction is 1.5", "between 0 and 1"]),
        (["--test-fraction", 0.001], ["--test-fraction 0.001 of 60 learners", "give a larger share"]),
        (["--seed", -1], ["--seed is -1", "at least 0"]),
        (["--json", "taken"], ["--json taken is a directory", "name a file"]),
    ],
)
def test_bad_input_is_one_sentence(here, data, tiny_dataset, tables, arguments, parts):
    (here / "taken").mkdir()
    (here / "plain").symlink_to(tiny_dataset)
    if "partial" in arguments:
        write_dataset(tables | {"folds": tables["folds"].iloc[:57]}, here / "partial")
    if "mute" in arguments:
        write_dataset({n: t for n, t in tables.items() if n != "attempts"}, here / "mute")
    result = run("--data", data, "--json", "new.json", *arguments)
    assert result.exit_code == 2
    assert [part for part in parts if part not in result.stderr] == []
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    assert not (here / "new.json").exists()

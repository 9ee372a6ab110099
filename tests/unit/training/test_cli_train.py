"""The command ``train``, in this process: what it prints, writes and refuses."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from recommender.engine import Engine
from training.cli import app
from training.datasets import write_dataset
from training.registry import MODEL, ModelRegistry
from training.tracking import connect

# MLflow's own use of SQLAlchemy 2.1, which this project cannot mend.
pytestmark = pytest.mark.filterwarnings(r"ignore:The .*noload.* loader strategy is deprecated")

QUICK = ("--set", "evaluation.cuts=[0.5]", "--set", "views.als.factors=4")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, arguments)], env={"COLUMNS": "150"})


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small(tiny_tables, tmp_path) -> Path:
    """Twenty learners without clock and roles, in a directory whose name looks like markup."""
    some = [f"l{i:03d}" for i in range(20)]
    tables = {
        name: table[table["learner_id"].isin(some)] if "learner_id" in table else table
        for name, table in tiny_tables.items()
        if name not in ("roles", "role_skills")
    }
    for name in ("attempts", "completions"):
        tables[name] = tables[name].drop(columns="occurred_at")
    tables["learners"] = tables["learners"].drop(columns="role_id")
    path = tmp_path / "data [/b] [red]"
    write_dataset(tables, path)
    return path


def test_train_prints_tracks_registers_and_writes(here, store, tiny_dataset):
    result = run("--data", tiny_dataset, *QUICK, "--json", "out/result.json")
    assert result.exit_code == 0, result.output
    written = json.loads((here / "out" / "result.json").read_text())
    assert set(written) == {"bundle", "bundle_id", "run_id", "version", "dataset", "metrics", "absent"}
    assert written["bundle"] == f"mlruns/bundles/{written['bundle_id']}"
    assert Engine.load(written["bundle"]).bundle_id == written["bundle_id"]
    assert f"Training on {tiny_dataset}" in result.stdout
    assert "Predicting the next response" in result.stdout
    assert "Predicting the last module each learner started" in result.stdout
    assert "Predicting the next module after a cut in time" in result.stdout
    assert "Not there" not in result.stdout
    assert result.stdout.endswith(
        f"Bundle {written['bundle_id']} in {written['bundle']}, registered as version 1, challenger.\n"
    )
    run_data = connect(store).get_run(written["run_id"]).data
    assert run_data.params["views.als.factors"] == "4"
    auc = written["metrics"]["skills"]["skill_model"]["auc"]
    assert run_data.metrics["skills/skill_model/auc"] == pytest.approx(auc)
    assert "tiny: evaluation.cuts=[0.5], views.als.factors=4" in run_data.tags["mlflow.runName"]
    assert run_data.tags["mlflow.note.content"].startswith("Trained on **tiny**: 60 learners")
    reports = {f.path for f in connect(store).list_artifacts(written["run_id"], "reports")}
    assert reports == {"reports/model-card.html", "reports/tables"}
    version = connect(store).get_model_version(MODEL, "1")
    assert "**First model.** Nothing serves yet" in version.description
    assert version.tags["auc"] == f"{auc:.4g}"
    assert version.tags["ndcg_at_10_leave_last_out"]
    assert version.tags["hr_at_10_temporal"]
    assert version.tags["bundle_path"] == str(here / written["bundle"])


def test_what_is_absent_is_said_and_any_directory_name_is_only_a_name(
    here, store, small, tmp_path, monkeypatch
):
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))  # no git: the revision is then not known
    result = run("--data", small, *QUICK, "--out", "bundles/[mine]")
    assert result.exit_code == 0, result.output
    assert f"Training on {small}\n" in result.stdout
    assert "Not there: roles: there are no roles" in result.stdout
    assert "Not there: temporal: " in result.stdout
    assert "have no time (occurred_at), so there is no cut in time.\n" in result.stdout
    assert "in bundles/[mine], registered as version 1" in result.stdout
    assert Engine.load(here / "bundles" / "[mine]").manifest["revision"] is None
    assert not (store / "bundles").exists()


def test_the_same_again_is_a_new_version_of_the_same_bundle(here, store, small):
    for _ in range(2):
        assert run("--data", small, *QUICK).exit_code == 0
    assert len(list((store / "bundles").iterdir())) == 1
    first, second = (connect(store).get_model_version(MODEL, v) for v in ("1", "2"))
    assert first.tags["bundle_id"] == second.tags["bundle_id"]
    assert first.run_id != second.run_id
    assert ModelRegistry.open(store).version("challenger") == 2


def test_a_new_version_is_compared_with_the_one_that_serves(here, store, small):
    assert run("--data", small, *QUICK).exit_code == 0
    ModelRegistry.open(store).promote(store / "champion.json")
    assert run("--data", small, *QUICK).exit_code == 0
    told = connect(store).get_model_version(MODEL, "2").description
    assert "**Beside version 1, which serves**, on the same data:" in told
    assert "**No difference beyond chance** at" in told
    shutil.rmtree(store / "bundles")
    assert run("--data", small, *QUICK).exit_code == 0
    assert "on the same data" in connect(store).get_model_version(MODEL, "3").description


def test_a_configuration_file_is_read_and_completions_alone_will_do(here, store, small):
    (small / "attempts.parquet").unlink()
    (here / "settings.toml").write_text("[views.popularity]\n[evaluation]\ncuts = [0.5]\n")
    result = run("--data", small, "--config", "settings.toml")
    assert result.exit_code == 0, result.output
    assert "Not there: skill_model: there are no attempts" in result.stdout
    assert "Predicting the next response" not in result.stdout
    (bundle,) = (store / "bundles").iterdir()
    assert set(Engine.load(bundle).bundle.views) == {"popularity"}


@pytest.fixture
def broken(tiny_dataset, tmp_path) -> Path:
    path = tmp_path / "broken"
    shutil.copytree(tiny_dataset, path)
    (path / "attempts.parquet").unlink()
    (path / "attempts.csv").write_text("learner_id,item_id,score\nl001,q00,1\nl001,q00,70\n")
    return path


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--data", "broken"], ["attempts row 2, column score", "70.0", "a number from 0 to 1", "mend"]),
        (["--data", "nowhere"], ["there is no directory nowhere"]),
        (["--data", "good", "--set", "skills.n_folds=one"], ["skills.n_folds is 'one'", "valid integer"]),
        (["--data", "good", "--config", "gone.toml"], ["--config gone.toml", "name a TOML file"]),
        (["--data", "good", "--engine", "nonsense"], ["--engine 'nonsense' is not known", "use local"]),
        (["--data", "good", "--out", "taken"], ["--out taken exists", "remove it first"]),
        (["--data", "good", "--out", "taken/file"], ["--out taken/file exists", "remove it first"]),
        (["--data", "good", "--json", "taken"], ["--json taken is a directory", "name a file"]),
    ],
)
def test_bad_input_is_one_sentence_before_any_work(here, tiny_dataset, broken, arguments, parts):
    (here / "good").symlink_to(tiny_dataset)
    (here / "taken").mkdir()
    (here / "taken" / "file").write_text("mine")
    before = sorted(here.rglob("*"))
    result = run(*arguments)
    assert result.exit_code == 2
    assert [part for part in parts if part not in result.stderr] == []
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    assert sorted(here.rglob("*")) == before, "nothing was written"
    assert (here / "taken" / "file").read_text() == "mine"


def test_an_empty_directory_may_be_the_place_for_the_bundle(here, store, small):
    (here / "empty").mkdir()
    assert run("--data", small, *QUICK, "--out", "empty").exit_code == 0
    assert (here / "empty" / "manifest.json").is_file()

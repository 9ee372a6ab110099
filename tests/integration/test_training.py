"""From a dataset to what serves and back, in an empty directory.

What a new user runs first is run as processes; importing MLflow takes each seconds, so the rest runs in here.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recommender.engine import Engine
from training.cli import app
from training.registry import MODEL, ModelRegistry
from training.tracking import EXPERIMENT, connect

# MLflow's own use of SQLAlchemy 2.1, which this project cannot mend.
pytestmark = pytest.mark.filterwarnings(r"ignore:The .*noload.* loader strategy is deprecated")

QUICK = (
    "--set",
    "evaluation.cuts=[0.5]",
    "--set",
    "slices.max_choices=300",
    "--set",
    "ranking.ranker.max_rounds=20",
)


def command(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run ``python -m training`` in a folder, untouched by the caller's MLflow variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return subprocess.run(
        [sys.executable, "-m", "training", *map(str, arguments)],
        cwd=folder,
        env=environment | {"COLUMNS": "150"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@dataclass
class Life:
    """What was seen after each command."""

    folder: Path
    stderr: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, dict[str, int | None]] = field(default_factory=dict)
    pointers: dict[str, dict[str, object]] = field(default_factory=dict)

    def live(self, name: str, *arguments: object) -> None:
        done = command(self.folder, *arguments)
        assert done.returncode == 0, done.stderr
        self.see(name, done.stderr)

    def repeat(self, name: str, *arguments: object) -> None:
        done = CliRunner().invoke(app, list(map(str, arguments)))
        assert done.exit_code == 0, done.output
        self.see(name, done.stderr)

    def see(self, name: str, stderr: str) -> None:
        self.stderr[name] = stderr
        registry = ModelRegistry.open(self.folder / "mlruns")
        self.aliases[name] = {
            alias: registry.version(alias) for alias in ("champion", "challenger", "previous")
        }
        pointer = self.folder / "mlruns" / "champion.json"
        self.pointers[name] = json.loads(pointer.read_text()) if pointer.exists() else {}

    def result(self, name: str) -> dict[str, object]:
        return json.loads((self.folder / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def life(tiny_dataset, tmp_path_factory) -> Life:
    """Two trainings, each promoted, then back to the first."""
    seen = Life(tmp_path_factory.mktemp("project"))
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
            patch.delenv(name)
        patch.chdir(seen.folder)
        seen.live("first", "train", "--data", tiny_dataset, *QUICK, "--json", "first.json")
        seen.live("promoted", "promote", "--reason", "The first of all.")
        again = (*QUICK, "--set", "seed=1", "--json", "second.json")
        seen.repeat("second", "train", "--data", tiny_dataset, *again)
        seen.repeat("replaced", "promote", "--json", "move.json")
        seen.repeat("back", "rollback", "--reason", "Only to see.")
    return seen


@pytest.fixture
def client(life, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_REGISTRY_URI", raising=False)
    return connect(life.folder / "mlruns")


def test_train_leaves_its_database_and_says_no_word_on_stderr(life):
    assert (life.folder / "mlruns" / "mlflow.db").is_file()
    assert {path.name for path in life.folder.iterdir()} == {
        *("mlruns", "first.json", "second.json", "move.json")
    }
    assert life.stderr == dict.fromkeys(("first", "promoted", "second", "replaced", "back"), "")


def test_the_run_holds_parameters_metrics_plots_and_the_bundle(life, client):
    result = life.result("first")
    run = client.get_run(result["run_id"])
    assert run.info.status == "FINISHED"
    assert client.get_experiment(run.info.experiment_id).name == EXPERIMENT
    assert run.data.params["seed"] == "0"
    assert run.data.params["slices.max_choices"] == "300"
    auc = result["metrics"]["skills"]["skill_model"]["auc"]
    assert run.data.metrics["skills/skill_model/auc"] == pytest.approx(auc)
    assert run.data.metrics["leave_last_out/engine/ndcg_at_10"] > 0
    assert run.data.tags["dataset_fingerprint"] == result["dataset"]["fingerprint"]
    plots = {Path(file.path).name for file in client.list_artifacts(run.info.run_id, "plots")}
    assert {"skills_auc.png", "modules_ranking.png", "skills_calibration_skill_model.png"} <= plots
    assert all(file.file_size > 1000 for file in client.list_artifacts(run.info.run_id, "plots"))
    files = {Path(file.path).name for file in client.list_artifacts(run.info.run_id, "bundle")}
    assert files == {"manifest.json", "catalog", "difficulty", "gain", "ranker", "skills", "views"}


def test_the_artifact_is_a_bundle_that_recommends(life, client, tmp_path):
    result = life.result("first")
    copy = client.download_artifacts(result["run_id"], "bundle", str(tmp_path))
    engine = Engine.load(copy)
    assert engine.bundle_id == result["bundle_id"]
    assert engine.recommend(None, now=datetime(2026, 1, 1, tzinfo=UTC)).modules


def test_each_training_is_the_challenger_and_moves_nothing_that_serves(life):
    assert life.aliases["first"] == {"champion": None, "challenger": 1, "previous": None}
    assert life.pointers["first"] == {}
    assert life.aliases["second"] == {"champion": 1, "challenger": 2, "previous": None}
    assert life.pointers["second"] == life.pointers["promoted"]


def test_promote_and_rollback_move_aliases_and_pointer_together(life):
    assert life.aliases["promoted"] == {"champion": 1, "challenger": None, "previous": None}
    assert life.aliases["replaced"] == {"champion": 2, "challenger": None, "previous": 1}
    assert life.aliases["back"] == {"champion": 1, "challenger": None, "previous": 2}
    assert [life.pointers[name]["version"] for name in ("promoted", "replaced", "back")] == [1, 2, 1]
    assert life.result("move") == {"kind": "promote", "champion": 2, "previous": 1, "changed": True}


@pytest.mark.parametrize(
    ("after", "training"), [("promoted", "first"), ("replaced", "second"), ("back", "first")]
)
def test_the_pointer_leads_to_the_bundle_of_its_training(life, after, training):
    pointer = life.pointers[after]
    engine = Engine.load(life.folder / "mlruns" / str(pointer["bundle"]))
    assert engine.bundle_id == pointer["bundle_id"] == life.result(training)["bundle_id"]
    assert engine.recommend(None, now=datetime(2026, 1, 1, tzinfo=UTC)).modules


def test_another_seed_made_another_bundle(life):
    assert life.result("first")["bundle_id"] != life.result("second")["bundle_id"]


def test_reasons_stay_with_the_versions(client):
    tags = {version: client.get_model_version(MODEL, version).tags for version in ("1", "2")}
    assert tags["1"]["promoted_because"] == "The first of all."
    assert tags["2"]["rolled_back_because"] == "Only to see."


def test_bad_data_ends_with_2_and_one_sentence_and_leaves_nothing(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "completions.csv").write_text("learner_id,module_id,progress\nx,a,0.5\nx,b,50\n")
    done = command(tmp_path, "train", "--data", "data", "--json", "result.json")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: completions row 2, column progress: 50.0 ")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["data"]

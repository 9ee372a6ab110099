"""Nothing made of simulated data can be mistaken for real, from file to answer; nothing real is labelled.

Twice the same small dataset, once marked as simulated, goes through every command as a user would run it.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from recommender.bundle import ModelBundle
from serving.api import make_api
from serving.cli import app as serving_app
from tests.unit.serving.world import KEY_SECRET, running_service
from training.cli import app as training_app
from training.datasets import write_dataset
from training.registry import MODEL
from training.tracking import connect

# MLflow's own use of SQLAlchemy 2.1, which this project cannot mend.
pytestmark = pytest.mark.filterwarnings(r"ignore:The .*noload.* loader strategy is deprecated")

NOTICE = "twelve modules and sixty learners, made for a test"
QUICK = (
    "--set",
    "evaluation.cuts=[0.5]",
    "--set",
    "slices.max_choices=300",
    "--set",
    "ranking.ranker.max_rounds=20",
)
KINDS = ("real", "made")


@dataclass(frozen=True)
class Life:
    """What each command said, by kind of data and command, and where it happened."""

    folder: Path
    said: dict[tuple[str, str], str]

    def result(self, kind: str) -> dict[str, Any]:
        return json.loads((self.folder / f"{kind}-train.json").read_text())

    def store(self) -> Path:
        return self.folder / "mlruns"


def said(app: Any, *arguments: object) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "150"})
    assert done.exit_code == 0, done.output
    return str(done.stdout)


@pytest.fixture(scope="module")
def life(
    tiny_tables: dict[str, pd.DataFrame], migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Life]:
    """Validate, train, promote and load; the real data first, the simulated in its place."""
    life = Life(tmp_path_factory.mktemp("labels"), {})
    life.store().mkdir()
    (life.store() / "mlflow.db").write_bytes(migrated_database.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
            patch.delenv(name)
        patch.chdir(life.folder)
        patch.setenv("SERVING_KEY_SECRET", KEY_SECRET)
        for kind in KINDS:
            simulation = {"notice": NOTICE} if kind == "made" else None
            write_dataset(tiny_tables, Path(kind), simulation=simulation)
            for command, options in (
                ("validate", ("--data", kind, "--json", f"{kind}-validate.json")),
                ("train", ("--data", kind, *QUICK, "--json", f"{kind}-train.json")),
                ("promote", ()),
            ):
                life.said[kind, command] = said(training_app, command, *options)
            patch.setenv("SERVING_DATABASE_URL", f"sqlite:///{kind}.db")
            life.said[kind, "load"] = said(serving_app, "load", "--data", kind)
        yield life


def test_every_file_is_marked(life: Life) -> None:
    files = sorted((life.folder / "made").iterdir())
    assert len(files) > 5
    for file in files:
        assert json.loads(pq.read_schema(file).metadata[b"simulation"])["notice"] == NOTICE


@pytest.mark.parametrize("command", ["validate", "train", "promote", "load"])
def test_every_command_says_it_of_simulated_data_and_of_no_other(life: Life, command: str) -> None:
    assert "Simulated data: " in life.said["made", command]
    assert "imulated" not in life.said["real", command]


def test_what_the_commands_say_is_said_where_it_is_looked_at(life: Life) -> None:
    validated, trained = life.said["made", "validate"], life.said["made", "train"]
    nobody = f"Simulated data: no row is of a real person ({NOTICE})"
    assert nobody in validated
    assert nobody in life.said["made", "load"]
    assert "valid (simulated data): fingerprint" in validated
    titles = [line for line in trained.splitlines() if "Predicting" in line]
    assert len(titles) == 3
    assert all(title.strip().startswith("Simulated data: ") for title in titles)
    assert trained.splitlines()[-1].startswith("Simulated data: Bundle ")
    assert life.said["made", "promote"].splitlines()[1] == (
        "Simulated data: version 2 was trained on it, so no real person's learning is in it; "
        "it takes the place of version 1, which was trained on real data."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_results_for_machines_say_it(life: Life, kind: str) -> None:
    simulated = kind == "made"
    validated = json.loads((life.folder / f"{kind}-validate.json").read_text())
    assert validated["simulated"] is simulated
    warned = [found["text"] for found in validated["findings"] if found["level"] == "warning"]
    assert any(text.startswith("Simulated data: ") for text in warned) is simulated
    assert life.result(kind)["dataset"]["simulated"] is simulated


def test_content_and_learned_content_are_the_same(life: Life) -> None:
    real, made = (life.result(kind) for kind in KINDS)
    assert real["dataset"]["fingerprint"] == made["dataset"]["fingerprint"]
    assert real["bundle_id"] == made["bundle_id"]


@pytest.mark.parametrize("kind", KINDS)
def test_run_data_version_and_artifacts_in_mlflow_say_it(life: Life, kind: str, tmp_path: Path) -> None:
    simulated = kind == "made"
    client, result = connect(life.store()), life.result(kind)
    run = client.get_run(result["run_id"])
    (data,) = run.inputs.dataset_inputs
    version = client.get_model_version(MODEL, str(result["version"]))
    for text in (
        run.info.run_name,
        run.data.tags["mlflow.note.content"],
        data.dataset.name,
        version.description,
    ):
        assert text.startswith("Simulated data: ") is simulated, text
        assert text.count("imulated") == simulated, text
    tags = {tag.key: tag.value for tag in data.tags}
    for flags in (run.data.tags, tags, version.tags):
        assert flags["simulated"] == ("true" if simulated else "false")
    folder = Path(client.download_artifacts(run.info.run_id, "", str(tmp_path)))
    plots = sorted((folder / "plots").iterdir())
    assert len(plots) == 5
    for plot in plots:
        assert (b"Title\0Simulated data: " in plot.read_bytes()) is simulated
    assert ModelBundle.open(folder / "bundle").simulated is simulated


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_says_it(life: Life, kind: str, tmp_path: Path) -> None:
    simulated = kind == "made"
    client = connect(life.store())
    bundle = Path(client.download_artifacts(life.result(kind)["run_id"], "bundle", str(tmp_path)))
    with running_service(tmp_path, bundle) as service:
        event = {"kind": "attempt", "event_id": "e", "learner_id": "ann", "item_id": "q00", "score": 1}
        assert service.post_events(event).status_code == 200
        recommended = service.client.post("/v1/recommendations", json={"learner_id": "ann"}).json()
        mastery = service.client.get("/v1/learners/ann/mastery").json()
        model = service.client.get("/v1/model").json()
    assert recommended["recommendations"]
    assert mastery["skills"]
    for answer in (recommended["model"], mastery["model"], model, model["dataset"]):
        assert answer["simulated"] is simulated


def test_no_answer_can_name_its_model_without_saying_it() -> None:
    schemas = make_api().openapi()["components"]["schemas"]
    named = {name: schema for name, schema in schemas.items() if "bundle_id" in schema.get("properties", ())}
    assert set(named) == {"ModelRef", "ModelResponse", "ExportedRecommendation"}
    for schema in named.values():
        assert "simulated data" in schema["properties"]["simulated"]["description"]
        assert "simulated" in schema["required"]


def test_the_demo_says_it_before_anything_it_shows(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    shown = said(serving_app, "demo", "--data", "made")
    told = "Simulated data: the model that answers learned from nothing else, from no real person."
    assert shown.index(told) < shown.index("mastery by skill")

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from recommender.errors import InputError
from training.tracking import (
    EXPERIMENT,
    OUTCOMES,
    RunRecord,
    check_server,
    connect,
    experiment_link,
    log_run,
    metric_name,
    run_name,
)

# MLflow's own use of SQLAlchemy 2.1, which this project cannot mend.
pytestmark = pytest.mark.filterwarnings(r"ignore:The .*noload.* loader strategy is deprecated")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def record(tmp_path):
    bundle = tmp_path / "bundle-abc"
    bundle.mkdir()
    (bundle / "manifest.json").write_text('{"id": "abc"}')
    figure = Figure()
    figure.subplots().plot([0, 1])
    return RunRecord(
        name=run_name(NOW, "toy", "first models"),
        description="First run on toy data.",
        params={"als": {"factors": 64}, "seed": 0, "long": "x" * 7_000} | {f"p{i}": i for i in range(150)},
        metrics={
            "skills": {"model": {"auc": 0.8, "auc_first5": None}},
            "hr@10": 0.25,
            "odd": float("nan"),
        },
        dataset_name="toy",
        dataset_fingerprint="f" * 64,
        dataset_path=tmp_path,
        bundle=bundle,
        simulated=False,
        figures={"calibration": figure},
        started_at=NOW,
        ended_at=NOW.replace(minute=3),
    )


def logged(store, run_id):
    client = connect(store)
    return client, client.get_run(run_id)


def test_a_run_holds_all_that_is_needed_to_understand_it(tmp_path, store, record):
    client, run = logged(store, log_run(record, store))
    assert run.info.run_name == "2026-03-01 toy: first models"
    assert run.info.status == "FINISHED"
    assert run.info.end_time - run.info.start_time == 3 * 60 * 1000
    assert run.data.params["als.factors"] == "64"
    assert len(run.data.params) == 153
    assert run.data.params["long"].endswith("x (cut)")
    assert run.data.metrics == {"skills/model/auc": 0.8, "hr_at_10": 0.25}
    assert run.data.tags["metrics_not_defined"] == "skills/model/auc_first5, odd"
    assert run.data.tags["mlflow.note.content"] == "First run on toy data."
    dataset = run.inputs.dataset_inputs[0]
    assert dataset.dataset.name == "toy"
    assert dataset.dataset.digest == "f" * 36
    assert {tag.key: tag.value for tag in dataset.tags} == {
        "mlflow.data.context": "training",
        "simulated": "false",
    }
    assert run.data.tags["simulated"] == "false"
    folder = store / "artifacts"
    assert run.info.artifact_uri.startswith(folder.as_uri())
    plots = client.list_artifacts(run.info.run_id, "plots")
    assert [file.path for file in plots] == ["plots/calibration.png"]
    manifest = client.download_artifacts(run.info.run_id, "bundle/manifest.json", str(tmp_path))
    assert Path(manifest).read_text() == '{"id": "abc"}'


def test_a_run_on_simulated_data_begins_with_that_wherever_it_is_named(tmp_path, store, record):
    client, run = logged(store, log_run(replace(record, simulated=True), store))
    assert run.info.run_name == "Simulated data: 2026-03-01 toy: first models"
    assert run.data.tags["mlflow.note.content"] == "Simulated data: First run on toy data."
    assert run.data.tags["simulated"] == "true"
    (logged_data,) = run.inputs.dataset_inputs
    assert logged_data.dataset.name == "Simulated data: toy"
    assert {tag.key: tag.value for tag in logged_data.tags}["simulated"] == "true"
    plot = client.download_artifacts(run.info.run_id, "plots/calibration.png", str(tmp_path))
    assert b"Title\0Simulated data: calibration" in Path(plot).read_bytes()


def test_the_experiment_says_what_it_is_for_and_opens_in_the_right_mode(store, record):
    log_run(record, store)
    experiment = connect(store).get_experiment_by_name(EXPERIMENT)
    assert "Every training" in experiment.tags["mlflow.note.content"]
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def test_the_link_leads_to_the_runs_once_there_are_some(store, record):
    with pytest.raises(InputError, match="run train first"):
        experiment_link("http://127.0.0.1:5000", store)
    run = connect(store).get_run(log_run(record, store))
    link = experiment_link("http://127.0.0.1:5000", store)
    assert link.startswith(f"http://127.0.0.1:5000/#/experiments/{run.info.experiment_id}/runs?")


def test_reports_are_kept_as_they_are_in_an_experiment_of_their_own(tmp_path, store, record):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "overview.html").write_text("<p>here</p>")
    outcomes = replace(record, bundle=None, reports=tmp_path / "made", experiment=OUTCOMES)
    client, run = logged(store, log_run(outcomes, store))
    page = client.download_artifacts(run.info.run_id, "reports/overview.html", str(tmp_path))
    assert Path(page).read_text() == "<p>here</p>"
    experiment = client.get_experiment(run.info.experiment_id)
    assert "people in charge" in experiment.tags["mlflow.note.content"]
    link = experiment_link("http://127.0.0.1:5000", store, OUTCOMES)
    assert f"/experiments/{experiment.experiment_id}/" in link


def test_an_experiment_deleted_by_hand_is_restored(store, record):
    first = log_run(record, store)
    client = connect(store)
    client.delete_experiment(client.get_run(first).info.experiment_id)
    second = log_run(record, store)
    assert client.get_run(second).info.experiment_id == client.get_run(first).info.experiment_id


def test_what_cannot_be_written_whole_is_a_failed_run(store, record):
    with pytest.raises(TypeError, match="Unsupported figure"):
        log_run(replace(record, figures={"broken": "no figure"}), store)
    client = connect(store)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert [run.info.status for run in client.search_runs([experiment.experiment_id])] == ["FAILED"]


def test_a_run_without_its_bundle_is_not_begun(store, record, tmp_path):
    with pytest.raises(InputError, match=r"no bundle at .*gone"):
        log_run(replace(record, bundle=tmp_path / "gone"), store)
    assert connect(store).get_experiment_by_name(EXPERIMENT) is None


def test_the_usual_variables_choose_another_place(tmp_path, store, record, monkeypatch):
    (store / "mlflow.db").rename(tmp_path / "elsewhere.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    monkeypatch.setenv("MLFLOW_DEFAULT_ARTIFACT_ROOT", (tmp_path / "files").as_uri())
    _, run = logged(tmp_path / "unused", log_run(record, tmp_path / "unused"))
    assert (tmp_path / "elsewhere.db").exists()
    assert run.info.artifact_uri.startswith((tmp_path / "files").as_uri())
    assert not (tmp_path / "unused").exists()


def test_metric_names_hold_only_what_mlflow_allows():
    assert metric_name("temporal/engine/ndcg@10 (low%)") == "temporal/engine/ndcg_at_10 _low__"


def test_a_first_run_prints_nothing_and_sends_nothing(tmp_path):
    """In a process of its own: MLflow sets its logging up once, when it is first imported."""
    code = (
        "from pathlib import Path; from training.tracking import connect; import sys;"
        f"client = connect(Path({str(tmp_path)!r}) / 'mlruns'); client.search_experiments();"
        "from mlflow.telemetry.utils import is_telemetry_disabled; sys.exit(not is_telemetry_disabled())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_mlflow_is_not_imported_before_it_is_needed():
    code = "import sys, training.tracking, training.registry; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_server_that_does_not_answer_is_told_at_once_and_without_its_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ada:secret@127.0.0.1:9")
    with pytest.raises(InputError) as told:
        check_server()
    assert str(told.value) == (
        "MLFLOW_TRACKING_URI=http://127.0.0.1:9 does not answer; start the server, or correct the address"
    )


def test_no_server_is_asked_where_the_variable_names_a_database(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'a.db'}")
    check_server()
    assert not (tmp_path / "a.db").exists()

"""One training run written to MLflow, with everything needed to understand it a year later.

Only this file and `registry` know MLflow. It is imported inside the functions: that takes five seconds,
which nobody who asks for ``--help`` should wait for.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recommender.domain.simulation import labelled
from recommender.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

STORE: Final = Path("mlruns")
"""Folder of MLflow's database and artifacts, where no ``MLFLOW_*`` variable says otherwise."""
EXPERIMENT: Final = "Training"
EXPERIMENT_DESCRIPTION: Final = (
    "Every training of the recommendation engine: what data went in, with which settings, how good the "
    "result is beside simple baselines, and the bundle that came out. The bundle that serves is the version "
    "of the registered model module-recommender with the alias champion."
)
SIMULATIONS: Final = "Simulation"
"""Experiment of simulated learners under several policies."""
OUTCOMES: Final = "Programme outcomes"
"""Experiment of reports for people in charge."""
_EXPERIMENTS: Final = {
    EXPERIMENT: EXPERIMENT_DESCRIPTION,
    SIMULATIONS: (
        "Simulated learners, of whom everything is known, take what the engine recommends, and what other "
        "policies do: how many minutes of study until they are ready for their role, how often they fail, "
        "and whether any group is worse off. Nobody in it exists; it shows what the engine does where the "
        "truth is known, not what it does for people."
    ),
    OUTCOMES: (
        "Reports for people in charge: where skills are short, who learned how much, whether anybody is "
        "disadvantaged, what the market asks for, whether it is worth its cost. Open a run, then its tab "
        "Artifacts, then reports/overview.html. No figure in a report is about fewer than five people."
    ),
}
BUNDLE_FOLDER: Final = "bundle"
"""Where a run keeps the bundle among its artifacts."""
REPORTS_FOLDER: Final = "reports"
"""Where a run keeps its reports."""
SIMULATED_TAG: Final = "simulated"
"""Tag of runs, their data and registered versions: ``true`` of simulated data, else ``false``."""

# MLflow refuses longer batches, values and digests.
_MAX_PARAMS = 100
_MAX_METRICS = 1_000
_MAX_VALUE = 6_000
_MAX_DIGEST = 36
_SECONDS = 30


@dataclass(frozen=True, slots=True, eq=False)
class RunRecord:
    """What one training leaves behind.

    Parameters
    ----------
    name : str
        Date, data and what changed; see `run_name`.
    description : str
        In plain words, Markdown allowed.
    params : mapping
        Configuration; nested mappings become dotted names.
    metrics : mapping
        Numbers; nested mappings become names with slashes, which the UI shows as sections. None and NaN are
        not logged as numbers but listed in the tag ``metrics_not_defined``.
    dataset_name, dataset_fingerprint : str
        Which data, and the hash of its content.
    dataset_path : Path
        Where it was read from.
    bundle : Path or None
        Directory of the trained bundle, logged whole; None for a run that made none.
    simulated : bool
        Whether the data is simulated. Name, description and dataset then begin with that, and the tag
        ``simulated`` says true or false either way.
    figures : mapping of name to Figure
        Logged as ``plots/NAME.png``.
    reports : Path or None
        Folder of pages and tables, logged whole.
    started_at, ended_at : datetime, optional
        When the training ran, aware; by default the moment of logging.
    experiment : str
        One of those that have a description here.
    """

    name: str
    description: str
    params: Mapping[str, Any]
    metrics: Mapping[str, Any]
    dataset_name: str
    dataset_fingerprint: str
    dataset_path: Path
    bundle: Path | None
    simulated: bool
    figures: Mapping[str, Figure] = field(default_factory=dict)
    reports: Path | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    experiment: str = EXPERIMENT


def run_name(now: datetime, dataset: str, change: str) -> str:
    """Name a run by date, data and what changed.

    Examples
    --------
    >>> from datetime import UTC
    >>> run_name(datetime(2026, 3, 1, tzinfo=UTC), "oulad", "first models")
    '2026-03-01 oulad: first models'
    """
    return f"{now:%Y-%m-%d} {dataset}: {change}"


def connect(store: Path = STORE) -> MlflowClient:
    """Open MLflow: ``STORE/mlflow.db``, or what ``MLFLOW_TRACKING_URI`` and ``MLFLOW_REGISTRY_URI`` name.

    Sends nothing to anybody: usage statistics are switched off, and log lines of MLflow's own database
    migrations are silenced.

    Parameters
    ----------
    store : Path
        Made when it does not exist.

    Raises
    ------
    InputError
        If the variable names a server that does not answer, or does not let in.
    """
    for name, value in {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("alembic").setLevel(logging.WARNING)
    uri = os.environ.get("MLFLOW_TRACKING_URI")
    if not uri:
        store.mkdir(parents=True, exist_ok=True)
        uri = f"sqlite:///{(store / 'mlflow.db').resolve()}"
    if _is_server(uri):
        _check_lets_in(uri)
    return MlflowClient(uri, os.environ.get("MLFLOW_REGISTRY_URI") or uri)


def check_server() -> None:
    """Ask the server, where ``MLFLOW_TRACKING_URI`` names one: before hours of training, not after.

    Raises
    ------
    InputError
        If it does not answer, or does not let in.
    """
    if _is_server(os.environ.get("MLFLOW_TRACKING_URI", "")):
        connect()


def log_run(record: RunRecord, store: Path = STORE) -> str:
    """Write one run: parameters, metrics, data, plots, bundle.

    Parameters
    ----------
    record : RunRecord
    store : Path
        See `connect`.

    Returns
    -------
    str
        The run's id. A run that could not be written whole, or was interrupted, is marked as failed.

    Raises
    ------
    InputError
        If there is no bundle at the path given.
    """
    if record.bundle is not None and not record.bundle.is_dir():  # MLflow would log nothing, and say nothing
        raise InputError(f"there is no bundle at {record.bundle}; write it before logging the run")
    client = connect(store)
    run = client.create_run(
        _experiment(client, store, record.experiment),
        start_time=_milliseconds(record.started_at),
        run_name=labelled(record.name, record.simulated),
        tags=_tags(record),
    )
    run_id: str = run.info.run_id
    try:
        _log_numbers(client, run_id, record)
        _log_dataset(client, run_id, record)
        for name, figure in record.figures.items():
            # a picture goes from hand to hand without its run: the file says what it is of as well
            title = {"Title": labelled(name, record.simulated)}
            client.log_figure(run_id, figure, f"plots/{name}.png", save_kwargs={"metadata": title})
        if record.bundle is not None:
            client.log_artifacts(run_id, str(record.bundle), BUNDLE_FOLDER)
        if record.reports is not None:
            client.log_artifacts(run_id, str(record.reports), REPORTS_FOLDER)
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id, "FINISHED", _milliseconds(record.ended_at))
    return run_id


def experiment_link(server: str, store: Path = STORE, experiment: str = EXPERIMENT) -> str:
    """Link to the runs, in the UI's mode for model training.

    A browser that has not been there before opens MLflow 3.17 in its mode for prompts and traces, where runs,
    metrics and plots are hard to find. Only the link, or the switch "Model training", changes that.

    Parameters
    ----------
    server : str
        Where the UI runs, such as ``http://127.0.0.1:5000``.
    store : Path
        See `connect`.
    experiment : str

    Raises
    ------
    InputError
        If there is no run of it yet.
    """
    found = connect(store).get_experiment_by_name(experiment)
    if found is None:
        raise InputError("there is nothing to look at in MLflow yet; run train first")
    return f"{server}/#/experiments/{found.experiment_id}/runs?workflowType=machine_learning"


def flatten(nested: Mapping[str, Any], separator: str) -> Iterator[tuple[str, Any]]:
    """Name every leaf of nested mappings by its path.

    Examples
    --------
    >>> dict(flatten({"als": {"factors": 64}, "seed": 0}, "."))
    {'als.factors': 64, 'seed': 0}
    """
    for name, value in nested.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}{separator}{rest}", leaf) for rest, leaf in flatten(value, separator))
        else:
            yield str(name), value


def metric_name(name: str) -> str:
    """Spell a metric with the letters that MLflow allows.

    Examples
    --------
    >>> metric_name("temporal/engine/ndcg@10")
    'temporal/engine/ndcg_at_10'
    """
    return re.sub(r"[^\w\-. :/]", "_", name.replace("@", "_at_"))


def flag(value: bool) -> str:
    """Spell a yes or no as tags have it.

    Examples
    --------
    >>> flag(True)
    'true'
    """
    return "true" if value else "false"


def _is_server(uri: str) -> bool:
    return uri.startswith(("http://", "https://"))


def _check_lets_in(server: str) -> None:
    """Ask once: MLflow's client itself would repeat for minutes, and then show a traceback."""
    from mlflow.exceptions import MlflowException
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    shown = f"MLFLOW_TRACKING_URI={re.sub('//[^/]*@', '//', server)}"
    try:
        answer = http_request(  # type: ignore[no-untyped-call]
            get_default_host_creds(server),  # type: ignore[no-untyped-call]
            "/api/2.0/mlflow/experiments/search",
            "POST",
            max_retries=0,
            timeout=_SECONDS,
            raise_on_status=False,
            json={"max_results": 1},
        )
    except MlflowException as error:
        raise InputError(f"{shown} does not answer; start the server, or correct the address") from error
    if answer.status_code == HTTPStatus.UNAUTHORIZED:
        raise InputError(
            f"{shown} does not know this user or password; "
            "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        )
    if answer.status_code != HTTPStatus.OK:
        told = " ".join(answer.text.split())[:200]
        raise InputError(
            f"{shown} answered {answer.status_code} ({told}); is it an MLflow server, and is this host among "
            "its MLFLOW_SERVER_ALLOWED_HOSTS?"
        )


def _experiment(client: MlflowClient, store: Path, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        if found.lifecycle_stage == "deleted":  # in the UI, by hand; its name stays taken until restored
            client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)
    tags = {
        "mlflow.note.content": _EXPERIMENTS[name],
        # Some versions of the UI choose their mode by this tag; 3.17 by the link alone: `experiment_link`.
        "mlflow.experimentKind": "custom_model_development",
    }
    return str(client.create_experiment(name, _artifact_root(store), tags))


def _artifact_root(store: Path) -> str | None:
    """Where new experiments keep files; None leaves it to the server that the environment names."""
    named = os.environ.get("MLFLOW_DEFAULT_ARTIFACT_ROOT")
    if named or os.environ.get("MLFLOW_TRACKING_URI"):
        return named
    return (store / "artifacts").resolve().as_uri()


def _tags(record: RunRecord) -> dict[str, str]:
    from mlflow.utils.git_utils import get_git_commit

    undefined = [name for name, value in flatten(record.metrics, "/") if not _is_number(value)]
    commit = get_git_commit(str(Path.cwd()))
    tags = {
        "mlflow.note.content": labelled(record.description, record.simulated),
        SIMULATED_TAG: flag(record.simulated),
        "dataset": record.dataset_name,
        "dataset_fingerprint": record.dataset_fingerprint,
        "metrics_not_defined": ", ".join(undefined),
        "mlflow.source.git.commit": commit or "",
    }
    return {name: _shortened(value) for name, value in tags.items() if value}


def _log_numbers(client: MlflowClient, run_id: str, record: RunRecord) -> None:
    from mlflow.entities import Metric, Param

    params = [Param(name, _shortened(str(value))) for name, value in flatten(record.params, ".")]
    at = _milliseconds(record.ended_at) or client.get_run(run_id).info.start_time
    metrics = [
        Metric(metric_name(name), float(value), at, 0)
        for name, value in flatten(record.metrics, "/")
        if _is_number(value)
    ]
    for first in range(0, len(params), _MAX_PARAMS):
        client.log_batch(run_id, params=params[first : first + _MAX_PARAMS])
    for first in range(0, len(metrics), _MAX_METRICS):
        client.log_batch(run_id, metrics=metrics[first : first + _MAX_METRICS])


def _log_dataset(client: MlflowClient, run_id: str, record: RunRecord) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    dataset = Dataset(
        name=labelled(record.dataset_name, record.simulated),
        digest=record.dataset_fingerprint[:_MAX_DIGEST],
        source_type="local",
        source=json.dumps({"uri": str(record.dataset_path.resolve())}),
        profile=json.dumps({"fingerprint": record.dataset_fingerprint}),
    )
    tags = [InputTag("mlflow.data.context", "training"), InputTag(SIMULATED_TAG, flag(record.simulated))]
    client.log_inputs(run_id, [DatasetInput(dataset, tags)])


def _shortened(value: str) -> str:
    return value if len(value) <= _MAX_VALUE else f"{value[: _MAX_VALUE - 6]} (cut)"


def _is_number(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)

"""A real MLflow server over a store with one trained, promoted model, and a real browser."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect, sync_playwright

from recommender.bundle import ModelBundle
from recommender.embeddings.histories import Interactions
from tests.mlflow_server import free_port, stop, wait_until_up
from training.evaluation.modules import evaluate_modules
from training.evaluation.skills import evaluate_skills
from training.registry import ModelRegistry
from training.reports.plots import all_figures
from training.tracking import RunRecord, connect, log_run, run_name

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Trained:
    """What is in the store."""

    store: Path
    experiment_id: str
    run_id: str
    run_name: str
    metrics: dict[str, object]


def evaluation():
    """Two reports over made-up data, enough for every plot."""
    rng = np.random.default_rng(0)
    start = np.arange(0, 201, 4)
    modules = np.concatenate([rng.choice(20, 4, replace=False) for _ in range(50)]).astype(np.int32)
    unknown = np.full(50, -1, np.int32)
    source = Interactions(start, modules, np.sort(rng.random((50, 4)), axis=1).ravel(), unknown, unknown, 20)

    def fit(train):
        counts = np.bincount(train.modules, minlength=20).astype(float)
        return {"engine": lambda _: counts * rng.random(20), "popularity": lambda _: counts}

    p = rng.random(500)
    y, learner = (rng.random(500) < p).astype(int), rng.integers(0, 50, 500)
    skills = evaluate_skills(
        y, learner, {"skill_model": p, "item_mean": np.full(500, 0.5)}, {"attempts": 500}
    )
    protocols = ("leave-last-out", "temporal")
    return skills, [evaluate_modules(fit, source, protocol=name, seed=0) for name in protocols]


@pytest.fixture(scope="session")
def trained(tmp_path_factory, tiny_bundle) -> Trained:
    store = tmp_path_factory.mktemp("store")
    bundle, bundle_id = tiny_bundle, ModelBundle.open(tiny_bundle).id
    skills, modules = evaluation()
    engine = {report.protocol: report.models["engine"].metrics for report in modules}
    metrics = {"skills": dict(skills.models), "modules": engine}
    record = RunRecord(
        name=run_name(NOW, "toy", "first models"),
        description="Trained on made-up data, to look at the user interface.",
        params={"als": {"factors": 64}, "seed": 0},
        metrics=metrics,
        dataset_name="toy",
        dataset_fingerprint="f" * 64,
        dataset_path=store,
        bundle=bundle,
        simulated=False,
        figures=all_figures(skills, modules, simulated=False),
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_DEFAULT_ARTIFACT_ROOT"):
            patch.delenv(name, raising=False)
        run_id = log_run(record, store)
        experiment_id = connect(store).get_run(run_id).info.experiment_id
        registry = ModelRegistry.open(store)
        registry.register(run_id, bundle, bundle_id, {"auc": 0.81}, "First models.")
        registry.promote(store / "champion.json", reason="The first one.")
        registry.register(run_id, bundle, bundle_id, {"auc": 0.82}, "Second models.")
    return Trained(store, experiment_id, run_id, record.name, metrics)


@pytest.fixture(scope="session")
def mlflow_url(trained, tmp_path_factory):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{trained.store / 'mlflow.db'}", "--workers", "1"]
    command += ["--default-artifact-root", (trained.store / "artifacts").as_uri()]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with log.open("wb") as output:
        # A session of its own: the server starts workers, which must end with it.
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            env=os.environ | quiet,
            start_new_session=True,
            cwd=trained.store,
        )
    try:
        wait_until_up(url, process, log)
        yield url
    finally:
        stop(process)


@pytest.fixture(scope="session")
def browser():
    assert CHROMIUM.exists(), f"these tests need Chromium at {CHROMIUM}: apt-get install chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=FLAGS)
        expect.set_options(timeout=60_000)  # the first page loads megabytes on a busy machine
        yield opened
        opened.close()


@pytest.fixture
def page(browser):
    """A page, and the hosts it asked in `page.asked`."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    opened = context.new_page()
    opened.asked = []
    context.on("request", lambda request: opened.asked.append(request.url))
    yield opened
    context.close()

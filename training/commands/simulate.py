"""``simulate``: let simulated learners take what each policy recommends, and see who learns."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from recommender.bundle import ModelBundle
from recommender.errors import DatasetError
from recommender.pointer import read_pointer
from training.commands.outputs import check_writable
from training.datasets import load_dataset
from training.evaluation.simulation.config import SimulationConfig
from training.evaluation.simulation.run import simulate
from training.evaluation.simulation.summary import WorldReport, summarise
from training.evaluation.simulation.world import Organisation
from training.progress import bar
from training.reports.simulation import simulation_figures, simulation_table, simulation_words
from training.tracking import SIMULATIONS, STORE, RunRecord, check_server, log_run, run_name


def run(
    bundle: Path,
    data: Path,
    config: SimulationConfig,
    *,
    jobs: int | None = None,
    json_file: Path | None = None,
    store: Path = STORE,
) -> list[WorldReport]:
    """Compare policies on simulated learners, and keep what was found in one MLflow run.

    Parameters
    ----------
    bundle : Path
        Directory of a bundle, or the pointer file that names it; trained on `data`.
    data : Path
        Directory of a simulated dataset with its ``truth/``.
    config : SimulationConfig
    jobs : int, optional
        Processes; by default as many as there are cores.
    json_file : Path, optional
        Where the result is written for machines.
    store : Path
        Folder of MLflow.

    Raises
    ------
    InputError
        The data is not simulated, its truth is missing or of other data, or the bundle was trained on another
        catalogue.
    BundleError
    """
    check_writable(json_file, "--json")
    check_server()
    started, console = datetime.now(UTC), Console(markup=False, emoji=False, highlight=False)
    if bundle.suffix == ".json":
        bundle = bundle.parent / read_pointer(bundle).bundle
    opened = ModelBundle.open(bundle)
    dataset = load_dataset(data)
    Organisation.of(dataset)
    _check_catalog(opened, data, set(dataset.tables["modules"]["module_id"]))
    n_tasks = len(config.variations) * config.seeds
    console.print(
        f"{n_tasks} simulations of {config.learners} learners each, under every policy; nobody in them exists"
    )
    progress = bar(console)
    with progress:
        task = progress.add_task("simulations", total=n_tasks)

        def tell(n: int) -> None:
            progress.advance(task, n)
            done = int(progress.tasks[0].completed)
            if not console.is_terminal and done % max(n_tasks // 10, 1) == 0:
                console.print(f"{done} of {n_tasks} simulations")

        cells = simulate(bundle, data, config, jobs=jobs or os.cpu_count() or 1, progress=tell)
    reports = summarise(cells, config)
    for report in reports:
        console.print(simulation_table(report))
    words = simulation_words(reports)
    log_run(
        RunRecord(
            name=run_name(started, dataset.name, f"{config.learners} learners, {config.seeds} seeds"),
            description=words,
            params=_params(config, opened),
            metrics={report.variation.name: _numbers(report) for report in reports},
            dataset_name=dataset.name,
            dataset_fingerprint=dataset.fingerprint,
            dataset_path=dataset.path,
            bundle=None,
            simulated=True,
            figures=simulation_figures(reports),
            started_at=started,
            ended_at=datetime.now(UTC),
            experiment=SIMULATIONS,
        ),
        store,
    )
    if json_file is not None:
        _write_json(json_file, opened, config, reports)
    return reports


def _check_catalog(bundle: ModelBundle, data: Path, modules: set[str]) -> None:
    if set(bundle.catalog.module_ids) != modules:
        raise DatasetError(
            f"bundle {bundle.id} was trained on other modules than those of {data}; train on that data, or "
            "name with --data what it was trained on"
        )


def _params(config: SimulationConfig, bundle: ModelBundle) -> dict[str, Any]:
    return {"bundle_id": bundle.id, **asdict(config)}


def _numbers(report: WorldReport) -> dict[str, Any]:
    return {name: {**values, **report.calibration.get(name, {})} for name, values in report.policies.items()}


def _write_json(
    file: Path, bundle: ModelBundle, config: SimulationConfig, reports: list[WorldReport]
) -> None:
    result = {
        "simulated": True,
        **_params(config, bundle),
        "worlds": [report.as_json() for report in reports],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

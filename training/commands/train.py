"""``train``: dataset to a judged, tracked and registered bundle."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from recommender.domain.simulation import labelled
from recommender.errors import ConfigurationError
from training.commands.outputs import check_writable
from training.config import TrainConfig, load_config
from training.datasets import Dataset, load_dataset
from training.pipeline import N_STEPS, Trained, train
from training.progress import Steps
from training.reports.against import compared
from training.reports.model_card import model_card
from training.reports.page import write_report
from training.reports.plots import all_figures
from training.reports.sheet import About
from training.reports.tables import module_table, skill_table
from training.reports.words import describe
from training.tracking import STORE, RunRecord, check_server, log_run, run_name

ENGINES = ("local",)


def run(
    data: Path,
    *,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    engine: str = "local",
    out: Path | None = None,
    json_file: Path | None = None,
    store: Path = STORE,
) -> Trained:
    """Train on a dataset, track the run in MLflow and register the bundle as challenger.

    Parameters
    ----------
    data : Path
        Directory of the dataset.
    config_file : Path, optional
    overrides : sequence of str
        See `training.config.load_config`.
    engine : str
        ``local``.
    out : Path, optional
        The bundle's directory; by default under its id in ``STORE/bundles``.
    json_file : Path, optional
        Where the result is written for machines.
    store : Path
        See `training.tracking.connect`.

    Raises
    ------
    InputError
        The dataset or the configuration is wrong, `out` or `json_file` is taken, or MLflow's server does not
        let in; nothing was written.
    """
    if engine not in ENGINES:
        raise ConfigurationError(f"--engine {engine!r} is not known; use {', '.join(ENGINES)}")
    _check_places(out, json_file)
    check_server()
    started = datetime.now(UTC)
    console = Console()
    config = load_config(config_file, overrides)
    console.print(f"Training on {data}", highlight=False, markup=False, soft_wrap=True)
    dataset = load_dataset(data, pass_mark=config.data.pass_mark)
    if dataset.simulated:
        console.print(labelled("no figure below is of real people.", True), highlight=False)
    trained = train(
        dataset,
        config,
        out or store / "bundles",
        under_id=out is None,
        steps=Steps(N_STEPS, console),
        now=started,
        revision=_revision(),
    )
    _show(trained, console)
    against = _against(trained, store)
    words = "\n\n".join((describe(trained, dataset.name), *against))
    with TemporaryDirectory(prefix="card-") as folder:
        card = model_card(trained, dataset, against)
        write_report(card, _about(trained, dataset, started), Path(folder))
        run_id = _log(trained, dataset, config, words, Path(folder), started, overrides, store)
    version = _register(trained, run_id, words, store)
    told = f"Bundle {trained.bundle.id} in {_path(trained)}, registered as version {version}, challenger."
    console.print(
        labelled(told, trained.bundle.simulated),
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    if json_file is not None:
        _write_json(json_file, trained, run_id, version)
    return trained


def _against(trained: Trained, store: Path) -> tuple[str, ...]:
    """Say what got better or worse than what serves."""
    from training.registry import CHAMPION, ModelRegistry

    registry = ModelRegistry.open(store)
    version = registry.version(CHAMPION)
    served = None if version is None else registry.manifest(version)
    return compared(trained.bundle.manifest, served, version)


def _log(
    trained: Trained,
    dataset: Dataset,
    config: TrainConfig,
    words: str,
    reports: Path,
    started: datetime,
    overrides: Sequence[str],
    store: Path,
) -> str:
    return log_run(
        RunRecord(
            name=run_name(started, dataset.name, ", ".join(overrides) or "default configuration"),
            description=words,
            params=config.model_dump(mode="json"),
            metrics=trained.metrics(),
            dataset_name=dataset.name,
            dataset_fingerprint=dataset.fingerprint,
            dataset_path=dataset.path,
            bundle=_path(trained),
            simulated=dataset.simulated,
            figures=all_figures(trained.skills, trained.modules, simulated=dataset.simulated),
            reports=reports,
            started_at=started,
            ended_at=datetime.now(UTC),
        ),
        store,
    )


def _about(trained: Trained, dataset: Dataset, now: datetime) -> About:
    return About(dataset.name, dataset.fingerprint, now, dataset.simulated, trained.bundle.id)


def _check_places(out: Path | None, json_file: Path | None) -> None:
    """Refuse places that cannot be written to before hours of training, not after."""
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError(f"--out {out} exists; name a directory that does not, or remove it first")
    check_writable(out and out / "manifest.json", "--out")
    check_writable(json_file, "--json")


def _show(trained: Trained, console: Console) -> None:
    simulated = trained.bundle.simulated
    if trained.skills is not None:
        console.print(skill_table(trained.skills, simulated=simulated))
    for report in trained.modules:
        console.print(module_table(report, simulated=simulated))
    told = labelled(trained.gain.sentence(), simulated)
    console.print(told, highlight=False, markup=False, soft_wrap=True)
    for what, why in trained.absent.items():
        console.print(f"[yellow]Not there:[/yellow] {what}: {why}.", highlight=False, soft_wrap=True)


def _register(trained: Trained, run_id: str, words: str, store: Path) -> int:
    from training.registry import ModelRegistry

    metrics = trained.metrics()
    shown = {
        "auc": metrics.get("skills", {}).get("skill_model", {}).get("auc"),
        "ndcg_at_10_leave_last_out": metrics.get("leave_last_out", {}).get("engine", {}).get("ndcg@10"),
        "hr_at_10_temporal": metrics.get("temporal", {}).get("engine", {}).get("hr@10"),
    }
    return ModelRegistry.open(store).register(run_id, _path(trained), trained.bundle.id, shown, words)


def _path(trained: Trained) -> Path:
    if trained.bundle.path is None:
        raise AssertionError("a trained bundle was written")
    return trained.bundle.path


def _write_json(file: Path, trained: Trained, run_id: str, version: int) -> None:
    result: dict[str, Any] = {
        "bundle": str(_path(trained)),
        "bundle_id": trained.bundle.id,
        "run_id": run_id,
        "version": version,
        **{key: trained.bundle.manifest[key] for key in ("dataset", "metrics", "absent")},
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _revision() -> str | None:
    """Revision of the source when it runs from a checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()

"""``pictures``: what the engine says of one simulated learner, drawn for the guide for learning designers."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from recommender.domain.simulation import labelled
from recommender.engine import Engine
from recommender.errors import BundleError, ConfigurationError, DatasetError
from training.commands.outputs import check_writable
from training.datasets import Dataset, load_dataset
from training.reports.pictures import NAMES, pictures
from training.reports.shown_learner import moments, shown_learner


def run(bundle: Path, data: Path, out: Path) -> list[Path]:
    """Draw the pictures and write them as PNG, all of them or none.

    Parameters
    ----------
    bundle : Path
        Directory of a bundle, or the pointer file that names it; trained on `data`.
    data : Path
        Directory of a simulated dataset: a picture of one person is not drawn of anybody real.
    out : Path
        Directory for the pictures; those that are there are replaced.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        The data is not simulated, is of another catalogue than the bundle, or has nobody to show.
    BundleError
        The bundle is missing or cannot be used.
    """
    for name in NAMES:
        check_writable(out / name, "--out")
    if not bundle.exists():
        raise BundleError(
            f"--bundle {bundle} is not there; make demo trains one of data/reskilling and writes "
            "mlruns/reskilling.json, and python -m training train --data DIR --out BUNDLE one of other data"
        )
    engine = Engine.load(bundle)
    dataset = load_dataset(data, pass_mark=engine.bundle.difficulty.pass_mark)
    _check(engine, dataset)
    console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
    console.print(labelled(f"looking in {dataset.path} for a learner to show", True))
    shown = shown_learner(engine, dataset)
    drawn = pictures(shown, moments(engine, shown.profile, shown.now))
    out.mkdir(parents=True, exist_ok=True)
    console.print(f"drawn of {shown.profile.learner_id} by bundle {engine.bundle_id}")
    for name, content in drawn.items():
        (out / name).write_bytes(content)
        console.print(f"  {out / name}: {len(content):,} bytes")
    return [out / name for name in drawn]


def _check(engine: Engine, dataset: Dataset) -> None:
    if not dataset.simulated:
        raise DatasetError(
            f"{dataset.path} is not simulated, and a picture of one real person is not drawn; name simulated "
            "data with --data, such as data/reskilling"
        )
    if engine.bundle.skills is None:
        raise ConfigurationError(
            f"bundle {engine.bundle_id} was trained without attempts and knows nothing of mastery; name "
            "one that was trained on data with attempts"
        )
    if set(engine.catalog.module_ids) != set(dataset.tables["modules"]["module_id"]):
        raise DatasetError(
            f"bundle {engine.bundle_id} was trained on other modules than those of {dataset.path}; train on "
            "that data, or name with --data what it was trained on"
        )

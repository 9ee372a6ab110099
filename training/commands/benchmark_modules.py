"""``benchmark modules``: the recommender beside its baselines, under a published protocol."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from threadpoolctl import threadpool_limits

from recommender.domain.simulation import labelled
from recommender.errors import ConfigurationError, DatasetError
from training.columns import catalog_of, held_out_of, interactions_of
from training.commands.outputs import check_writable
from training.config import TrainConfig
from training.datasets import Dataset, load_dataset
from training.evaluation.module_report import ModuleReport
from training.evaluation.modules import evaluate_modules
from training.evaluation.protocols import CUTS, PROTOCOLS, TEMPORAL, most_splits
from training.module_models import module_fit
from training.progress import Steps
from training.reports.tables import module_detail_table, module_table

# Baselines of the benchmark, beside two kinds of popularity.
BESIDE: dict[str, dict[str, Any]] = {
    "als": {},
    "cosine": {},
    "ease": {},
    "transitions": {},
    # Plain neighbours of the history by words: every word, every start and every neighbour counts alike.
    "tfidf": {
        "kind": "content",
        "label_weight": 0.0,
        "max_df": 1.0,
        "n_neighbours": 10_000,
        "recency": 1.0,
        "window": 1000,
    },
}


def run(
    data: Path,
    *,
    protocol: str,
    cuts: Sequence[float] = (),
    seed: int = 0,
    eligible: bool = False,
    max_learners: int | None = None,
    json_file: Path | None = None,
) -> ModuleReport:
    """Fit and judge the recommender of the default configuration beside its baselines; keep no model.

    Parameters
    ----------
    data : Path
        Directory of the dataset.
    protocol : str
        One of `PROTOCOLS`.
    cuts : sequence of float
        Fractions of the time span, for ``temporal`` only; by default `CUTS`.
    seed : int
        Of everything random: what the protocol draws, what models draw, ties and the bootstrap.
    eligible : bool
        Apply the rules of eligibility, as far as first starts can tell.
    max_learners : int, optional
        Test no more than so many, drawn at random; by default all.
    json_file : Path, optional
        Where the result is written for machines.

    Raises
    ------
    InputError
        The dataset or an option is wrong, or the data does not allow the protocol; nothing was written.
    """
    _check_options(protocol, cuts, seed, max_learners)
    check_writable(json_file, "--json")
    console = Console()
    console.print(f"Benchmark of module models on {data}", highlight=False, markup=False, soft_wrap=True)
    config = TrainConfig(seed=seed)
    cuts = tuple(cuts) or CUTS
    dataset = load_dataset(data, pass_mark=config.data.pass_mark)
    steps = Steps(most_splits(protocol, cuts) + 2, console)
    with threadpool_limits(1, "blas"), steps.running():
        with steps.step("read first starts"):
            catalog = catalog_of(dataset)
            interactions = interactions_of(dataset, catalog)
            held_out = held_out_of(dataset, catalog)
        if interactions is None:
            raise DatasetError(
                f"{data} has no table completions, so nobody's next module is known; add completions"
            )
        report = evaluate_modules(
            module_fit(catalog, config, BESIDE),
            interactions,
            protocol=protocol,
            cuts=cuts,
            held_out=held_out,
            seed=seed,
            max_learners=max_learners,
            catalog=catalog,
            eligible=eligible,
            progress=steps.step,
        )
    if report.unavailable:
        raise DatasetError(
            f"--protocol {protocol} cannot be run on {data}: {report.unavailable}; use another protocol"
        )
    _show(report, dataset, console)
    if json_file is not None:
        asked = {"seed": seed, "eligible": eligible, "max_learners": max_learners}
        written = (
            report.as_json(dataset.name) | asked | {"cuts": list(cuts) if protocol == TEMPORAL else None}
        )
        written |= {"fingerprint": dataset.fingerprint, "simulated": dataset.simulated}
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(written, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return report


def _check_options(protocol: str, cuts: Sequence[float], seed: int, max_learners: int | None) -> None:
    if protocol not in PROTOCOLS:
        raise ConfigurationError(f"--protocol is {protocol!r}; use one of {', '.join(PROTOCOLS)}")
    if cuts and protocol != TEMPORAL:
        raise ConfigurationError(
            f"--cut {cuts[0]:g} is for --protocol {TEMPORAL}; leave it out with {protocol}, which has no cut"
        )
    for cut in cuts:
        if not 0 < cut < 1:
            raise ConfigurationError(
                f"--cut is {cut:g}; give a fraction of the time span, more than 0 and less than 1"
            )
    if len(set(cuts)) < len(cuts):
        raise ConfigurationError("--cut has the same fraction twice; give each once")
    if seed < 0:
        raise ConfigurationError(f"--seed is {seed}; give a whole number of at least 0")
    if max_learners is not None and max_learners < 1:
        raise ConfigurationError(f"--max-learners is {max_learners}; give a whole number of at least 1")


def _show(report: ModuleReport, dataset: Dataset, console: Console) -> None:
    console.print(module_table(report, simulated=dataset.simulated))
    console.print(module_detail_table(report, simulated=dataset.simulated))
    for told in _remarks(report):
        console.print(labelled(told, dataset.simulated), highlight=False, soft_wrap=True)


def _remarks(report: ModuleReport) -> list[str]:
    """Say what was left out, of training and of the race."""
    remarks, n = [], report.n
    if n.get("held_out_starts"):
        remarks.append(
            f"{n['held_out_starts']:,} of the held-out pairs are among the completions too: these starts and "
            f"the {n['later_starts']:,} after them were neither learned from nor known."
        )
    if "ineligible_targets" in n:
        remarks.append(
            f"Rules are on: they remove {n['ineligible_targets']:,} of {n['targets']:,} targets, which count "
            "as misses. Prerequisites on skills are left out, since starts do not tell mastery."
        )
    return remarks

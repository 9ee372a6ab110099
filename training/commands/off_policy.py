"""``off-policy``: what another model would have earned, estimated from what the service logged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from threadpoolctl import threadpool_limits

from recommender.domain.simulation import labelled
from recommender.engine import Engine
from training.commands.outputs import check_writable
from training.datasets import Dataset, load_dataset
from training.evaluation.off_policy.report import OffPolicyReport, judge
from training.reports.off_policy_table import off_policy_table, refusals

GUIDE = "docs/guides/off-policy.md"


def run(
    data: Path,
    bundle: Path,
    *,
    reward: str,
    window_days: float,
    seed: int = 0,
    json_file: Path | None = None,
) -> None:
    """Estimate what an engine would have earned at the logged moments, and print it beside simple policies.

    Parameters
    ----------
    data : Path
        Directory of a dataset with the table ``recommendations``, and what learners did afterwards.
    bundle : Path
        The bundle to judge, or the pointer file that names it; trained on what was there before the log.
    reward : str
        One of `training.evaluation.off_policy.rewards.REWARDS`.
    window_days : float
        Days after an answer in which a reward counts.
    seed : int
    json_file : Path, optional
        Where the result is written for machines.

    Raises
    ------
    OverlapError
        The log cannot tell what the bundle would have earned; nothing was written.
    InputError, BundleError
        The data, the bundle or an option is wrong; nothing was written.
    """
    check_writable(json_file, "--json")
    engine = Engine.load(bundle)
    dataset = load_dataset(data, pass_mark=engine.bundle.difficulty.pass_mark)
    simulated = dataset.simulated or engine.bundle.simulated
    console = Console()
    with threadpool_limits(1, "blas"):
        report = judge(engine, dataset, reward=reward, window_days=window_days, seed=seed)
    console.print(off_policy_table(report, simulated=simulated))
    for text in _told(report):
        console.print(labelled(text, simulated), highlight=False, markup=False, soft_wrap=True)
    if json_file is not None:
        _write_json(json_file, dataset, engine, report, simulated)


def _told(report: OffPolicyReport) -> list[str]:
    """Sentences below the table: what was left out, and who is refused."""
    left = report.left_out
    text = []
    if n := left["immature"]:
        text.append(f"{n:,} answers left out: the data end before {report.window_days:g} days are over.")
    if n := left["before_training_ended"]:
        text.append(f"{n:,} answers left out: the bundle learned from what came after them.")
    if left["unused_events"]:
        text.append(f"{left['unused_events']:,} events count for no answer.")
    return [*text, *(f"Refused: {why}." for why in refusals(report)), f"What this means: {GUIDE}."]


def _write_json(
    file: Path, dataset: Dataset, engine: Engine, report: OffPolicyReport, simulated: bool
) -> None:
    result: dict[str, Any] = {
        "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint},
        "bundle_id": engine.bundle_id,
        "simulated": simulated,
        **report.as_json(),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")

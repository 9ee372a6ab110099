"""``oracle``: the evaluation of ``train``, with what somebody would reach who knows the hidden truth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from recommender.domain.simulation import labelled
from recommender.errors import ConfigurationError
from training.columns import attempt_columns, catalog_of, interactions_of
from training.commands.outputs import check_writable
from training.config import TrainConfig, load_config
from training.datasets import Dataset, load_dataset
from training.evaluation.module_report import ModuleReport
from training.evaluation.oracle import ORACLE, PASS_MARK, require_simulated, true_probabilities, true_ranks
from training.evaluation.protocols import TRAINING_PROTOCOLS
from training.evaluation.skills import SkillReport
from training.module_models import judge_modules
from training.progress import Steps
from training.reports.tables import module_table, skill_table
from training.skill_models import judge_skills

_N_STEPS = 2 + len(TRAINING_PROTOCOLS)
_ABOUT = (
    "the oracle knows the hidden truth at every moment, also after a cut in time; "
    "it is an upper bound, not a model that could be built."
)


def run(
    data: Path,
    *,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    json_file: Path | None = None,
) -> None:
    """Judge the models as ``train`` does, on the same rows, and the oracle beside them; keep nothing.

    Parameters
    ----------
    data : Path
        Directory of a simulated dataset with its ``truth/``.
    config_file : Path, optional
    overrides : sequence of str
        See `training.config.load_config`.
    json_file : Path, optional
        Where the result is written for machines.

    Raises
    ------
    InputError
        The dataset is not simulated, its truth is missing, damaged or of other data, or the configuration is
        wrong; nothing was written.
    """
    check_writable(json_file, "--json")
    console = Console()
    config = load_config(config_file, overrides)
    if config.data.pass_mark != PASS_MARK:
        raise ConfigurationError(
            f"data.pass_mark is {config.data.pass_mark:g}, but what is known to be true is the probability "
            f"of a score of at least {PASS_MARK:g}; set it to {PASS_MARK:g}"
        )
    console.print(f"Judging on {data}", highlight=False, markup=False, soft_wrap=True)
    dataset = load_dataset(data, pass_mark=config.data.pass_mark)
    require_simulated(dataset)
    console.print(labelled("no figure below is of real people.", True), highlight=False)
    skills, modules = _judge(dataset, config, Steps(_N_STEPS, console))
    if skills is not None:
        console.print(skill_table(skills, simulated=True))
    for report in modules:
        console.print(module_table(report, simulated=True))
    absent = _absent(skills, modules)
    for what, why in absent.items():
        console.print(f"[yellow]Not there:[/yellow] {what}: {why}.", highlight=False, soft_wrap=True)
    console.print(labelled(_ABOUT, True), highlight=False, soft_wrap=True)
    if json_file is not None:
        _write_json(json_file, dataset, skills, modules, absent)


def _judge(
    dataset: Dataset, config: TrainConfig, steps: Steps
) -> tuple[SkillReport | None, list[ModuleReport]]:
    with threadpool_limits(1, "blas"), steps.running():
        with steps.step("read events and what is true of them"):
            catalog = catalog_of(dataset)
            attempts = attempt_columns(dataset, catalog, pass_mark=config.data.pass_mark)
            interactions = interactions_of(dataset, catalog)
            probabilities, ranks = true_probabilities(dataset), true_ranks(dataset)
        skills = None
        with steps.step("judge the skill model on held-out learners"):
            if attempts is not None and probabilities is not None and len(np.unique(attempts.passed)) > 1:
                skills = judge_skills(attempts, catalog, config, known={ORACLE: probabilities})
        modules = []
        for protocol in TRAINING_PROTOCOLS:
            with steps.step(f"judge the recommender, {protocol}"):
                if interactions is not None and ranks is not None:
                    known = {ORACLE: ranks}
                    modules.append(judge_modules(interactions, catalog, config, protocol, known=known))
    return skills, modules


def _absent(skills: SkillReport | None, modules: list[ModuleReport]) -> dict[str, str]:
    """Say what could not be judged, and why."""
    absent = {}
    if skills is None:
        absent["skills"] = "there are too few attempts, outcomes or learners to judge a skill model on"
    if not modules:
        absent["modules"] = "there are no completions"
    return absent | {report.protocol: report.unavailable for report in modules if report.unavailable}


def _write_json(
    file: Path,
    dataset: Dataset,
    skills: SkillReport | None,
    modules: list[ModuleReport],
    absent: dict[str, str],
) -> None:
    """Write what `train` writes of its evaluation, with intervals and counts."""
    found = {report.protocol.replace("-", "_"): report.as_json(dataset.name) for report in modules}
    if skills is not None:
        found = {"skills": skills.as_json(dataset.name, "held-out learners"), **found}
    result: dict[str, Any] = {
        "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint, "simulated": dataset.simulated},
        "n": {name: report["n"] for name, report in found.items()},
        "metrics": {name: report["models"] for name, report in found.items()},
        "absent": absent,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")

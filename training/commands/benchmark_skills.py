"""``benchmark skills``: the skill model beside published baselines, under a published protocol."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from rich.console import Console

from recommender.domain.simulation import labelled
from recommender.errors import ConfigurationError, DatasetError
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModel
from training.columns import attempt_columns, catalog_of, folds_of
from training.commands.outputs import check_writable
from training.config import TrainConfig
from training.contenders import N_STEPS, benchmark_skills
from training.datasets import Dataset, load_dataset
from training.evaluation.skill_benchmark import BEST_LR, SkillBenchmark
from training.evaluation.skill_splits import NO_FOLD, SkillSplit, split_at_random, split_by_fold
from training.progress import Steps
from training.reports.tables import benchmark_table


def run(
    data: Path,
    *,
    fold: int | None = None,
    test_fraction: float | None = None,
    seed: int = 0,
    json_file: Path | None = None,
) -> SkillBenchmark:
    """Fit and judge the skill model of the default configuration beside its baselines; keep no model.

    Parameters
    ----------
    data : Path
        Directory of the dataset.
    fold : int, optional
        Fold of the dataset's table of folds that is tested; without it a share of the learners is.
    test_fraction : float, optional
        That share; by default the configuration's.
    seed : int
        Of everything random. With the same one `train` tests the same learners, where no fold is given.
    json_file : Path, optional
        Where the result is written for machines.

    Raises
    ------
    InputError
        The dataset or an option is wrong; nothing was written.
    """
    config = TrainConfig()
    if fold is not None and test_fraction is not None:
        raise ConfigurationError(
            f"--fold {fold} and --test-fraction {test_fraction:g} say both who is tested; give one of them"
        )
    if seed < 0:
        raise ConfigurationError(f"--seed is {seed}; give a whole number of at least 0")
    check_writable(json_file, "--json")
    console = Console()
    console.print(f"Benchmark of skill models on {data}", highlight=False, markup=False, soft_wrap=True)
    dataset = load_dataset(data, pass_mark=config.data.pass_mark)
    catalog = catalog_of(dataset)
    attempts = attempt_columns(dataset, catalog, pass_mark=config.data.pass_mark)
    if attempts is None:
        raise DatasetError(f"{data} has no table attempts, so there is nothing to predict; add attempts")
    if test_fraction is None:
        test_fraction = config.evaluation.test_fraction
    split = _split(dataset, attempts, fold, test_fraction, np.random.default_rng(seed))
    model = SkillModel(config.skills)
    steps = Steps(N_STEPS, console)
    result = benchmark_skills(attempts, catalog, split, model, seed=seed, steps=steps)
    _show(result, dataset, console)
    if json_file is not None:
        written = result.as_json(dataset.name) | {
            "fingerprint": dataset.fingerprint,
            "simulated": dataset.simulated,
        }
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(written, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return result


def _split(
    dataset: Dataset,
    attempts: AttemptColumns,
    fold: int | None,
    test_fraction: float,
    rng: np.random.Generator,
) -> SkillSplit:
    active = np.zeros(attempts.n_learners, np.bool_)
    active[attempts.learner] = True
    if fold is None:
        return split_at_random(active, test_fraction, rng)
    fold_of = folds_of(dataset)
    if fold_of is None:
        raise ConfigurationError(
            f"--fold {fold}: {dataset.path} has no table folds (learner_id, fold); "
            "add it, or give --test-fraction instead"
        )
    without = np.flatnonzero(active & (fold_of == NO_FOLD))
    if len(without):
        first = dataset.tables["learners"]["learner_id"].iloc[int(without[0])]
        more = f" and {len(without) - 1:,} more" if len(without) > 1 else ""
        raise DatasetError(
            f"table folds, column learner_id: the learner {first!r}{more} with attempts is not in it; "
            "add a row for each, or give --test-fraction instead of --fold"
        )
    return split_by_fold(fold_of, active, fold, rng)


def _show(result: SkillBenchmark, dataset: Dataset, console: Console) -> None:
    sizes = result.sizes
    told = (
        f"Tested: {result.split.protocol}. Learned from {sizes['trained']['learners']:,} learners, "
        f"{sizes['held_out']['learners']:,} held out to decide when to stop."
    )
    console.print(labelled(told, dataset.simulated), highlight=False, soft_wrap=True)
    console.print(benchmark_table(result.everything, simulated=dataset.simulated))
    if result.one_skill is not None:
        table = benchmark_table(result.one_skill, simulated=dataset.simulated, rows="attempts with one skill")
        console.print(table)
    for name, why in result.absent.items():
        console.print(f"[yellow]Not there:[/yellow] {name}: {why}.", highlight=False, soft_wrap=True)
    if not result.everything.extra[BEST_LR]["converged"]:
        console.print(
            f"{BEST_LR} stopped at its last allowed iteration, before it converged.", soft_wrap=True
        )

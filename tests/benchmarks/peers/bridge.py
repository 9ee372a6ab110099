"""Our side of the exchange: tasks out, scores in, judged by the code that judges our own models."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from recommender.embeddings.histories import History, Interactions
from recommender.errors import InputError
from tests.benchmarks.peers.exchange import NOBODY, Task, Told, answered, read_answer, read_task, write_task
from training.evaluation.module_exam import lists_of
from training.evaluation.module_report import ModuleReport, ModuleResult
from training.evaluation.modules import Fit, Scorer, TimedScorer, drawn_splits, evaluate_modules
from training.evaluation.protocols import CUTS, TEMPORAL
from training.evaluation.splits import Split, Unavailable
from training.evaluation.splits_holdout import HeldOut

HERE = Path(__file__).parent
TUNING_CUT = 0.8
"""Where ``temporal`` cuts the training part of a split, to choose settings."""


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """Data under one protocol, as `evaluate_modules` takes it.

    Parameters
    ----------
    interactions : Interactions
    protocol : str
    seed : int
    cuts : sequence of float
    held_out : HeldOut, optional
    """

    interactions: Interactions
    protocol: str
    seed: int = 0
    cuts: Sequence[float] = CUTS
    held_out: HeldOut | None = None

    def splits(self) -> list[Split]:
        """Return the splits that are tested.

        Raises
        ------
        InputError
            If the data does not allow the protocol.
        """
        splits = drawn_splits(
            self.interactions, self.protocol, cuts=self.cuts, held_out=self.held_out, seed=self.seed
        )
        if isinstance(splits, Unavailable):
            raise InputError(f"protocol {self.protocol} cannot be run: {splits.reason}; use another one")
        return splits


def write_tasks(directory: Path, bench: Bench) -> int:
    """Write every split of a protocol for peers to answer; answers that lie there are removed.

    Returns
    -------
    int
        Number of splits.
    """
    splits = bench.splits()
    for number, split in enumerate(splits):
        of_split = directory / str(number)
        for name in answered(of_split):
            (of_split / f"{name}.npy").unlink()
            (of_split / f"{name}.json").unlink(missing_ok=True)
        write_task(of_split / "task.npz", task_of(split))
        write_task(of_split / "tuning.npz", tuning_of(split, bench))
    about = {"protocol": bench.protocol, "seed": bench.seed, "n_splits": len(splits)}
    (directory / "exchange.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return len(splits)


def task_of(split: Split) -> Task:
    """Return what a peer is asked of one split, in the order in which models are asked; no target."""
    lists = lists_of(split, np.unique(split.learner))
    return _task(split, np.array([rows[0] for rows in lists], np.int64), np.zeros(0, np.int64))


def tuning_of(split: Split, bench: Bench) -> Task:
    """Split the training part of a split once more by the same protocol, with targets, in random order.

    What has a test set of its own, ``holdout``, is tuned by leaving the last one out. A training part that
    allows no such split gives a task without histories: nothing is tuned then.
    """
    protocol = "leave-last-out" if bench.protocol == "holdout" else bench.protocol
    inner = drawn_splits(
        split.train, protocol, cuts=(TUNING_CUT,) if protocol == TEMPORAL else (), seed=bench.seed
    )
    if isinstance(inner, Unavailable):
        return _task(replace(split, source=split.train), np.zeros(0, np.int64), np.zeros(0, np.int64))
    # One fold of hidden modules is enough to choose settings.
    order = np.random.default_rng(bench.seed).permutation(len(inner[0].learner))
    return _task(inner[0], order, inner[0].module[order].astype(np.int64))


def _task(split: Split, rows: NDArray[np.int64], target: NDArray[np.int64]) -> Task:
    train = split.train
    learner, n_known = split.learner[rows], split.n_known[rows]
    known = split.source.known(learner, n_known)
    trained = [train.history(of).modules for of in learner.tolist()]
    same = [np.array_equal(a, b.modules) for a, b in zip(trained, known, strict=True)]
    return Task(
        n_learners=train.n_learners,
        n_modules=train.n_modules,
        learner=train.learners().astype(np.int64),
        module=train.modules.astype(np.int64),
        at=train.at,
        list_start=known.start,
        list_module=known.modules.astype(np.int64),
        list_at=known.at,
        list_learner=np.where(np.array(same, np.bool_) & (n_known > 0), learner, NOBODY),
        target=target,
    )


def run_peer(python: Path | str, script: str, directory: Path) -> None:
    """Let a peer of this folder answer, by an interpreter that has its library.

    Raises
    ------
    RuntimeError
        If it fails; its own words are on stderr.
    """
    done = subprocess.run([str(python), str(HERE / script), str(directory)], check=False)
    if done.returncode:
        raise RuntimeError(f"{script} ended with code {done.returncode} under {python}; see its words above")


@dataclass(slots=True)
class FromElsewhere:
    """A scorer that repeats what a peer answered, one history after the other.

    Raises `ValueError` when it is asked about another history than the peer was.
    """

    task: Task
    scores: NDArray[np.float64]
    asked: count[int] = field(default_factory=count)

    def __call__(self, history: History) -> NDArray[np.float64]:
        """Return the scores of the next history (n_modules,)."""
        i = next(self.asked)
        rows = slice(int(self.task.list_start[i]), int(self.task.list_start[i + 1]))
        if not np.array_equal(self.task.list_module[rows], history.modules):
            raise ValueError(f"history {i + 1} is not the one that peers were asked about; write tasks again")
        return np.asarray(self.scores[i], np.float64)


def with_peers(fit: Fit, directory: Path) -> Fit:
    """Let the models of `fit` stand beside the answers in a directory, split by split."""
    split = count()

    def both(train: Interactions) -> Mapping[str, Scorer]:
        of_split = directory / str(next(split))
        task = read_task(of_split / "task.npz")
        if not np.array_equal(task.module, train.modules):
            raise ValueError(f"{of_split} was written for other data, protocol or seed; write tasks again")
        peers: dict[str, Scorer] = {}
        for name in answered(of_split):
            scores, told = read_answer(of_split, name, task)
            peers[name] = TimedScorer(FromElsewhere(task, scores), told.fit_seconds)
        return dict(fit(train)) | peers

    return both


def judge_with_peers(
    fit: Fit,
    bench: Bench,
    directory: Path,
    *,
    catalog: Catalog | None = None,
    **options: Callable,
) -> tuple[ModuleReport, dict[str, list[Told]]]:
    """Judge our models and all answers in a directory by the same targets, ties and resamples.

    Returns
    -------
    ModuleReport
        A peer's ``recommend_us_per_learner`` is what it measured itself in its own process, the mean over
        splits of its median single call; None where it measured none.
    dict of name to list of Told, one a split
    """
    report = evaluate_modules(
        with_peers(fit, directory),
        bench.interactions,
        protocol=bench.protocol,
        cuts=bench.cuts,
        held_out=bench.held_out,
        seed=bench.seed,
        catalog=catalog,
        **options,
    )
    n_splits = json.loads((directory / "exchange.json").read_text(encoding="utf-8"))["n_splits"]
    told: dict[str, list[Told]] = {}
    for number in range(n_splits):
        of_split = directory / str(number)
        task = read_task(of_split / "task.npz")
        for name in answered(of_split):
            told.setdefault(name, []).append(read_answer(of_split, name, task)[1])
    models = {
        name: _timed(result, told[name]) if name in told else result for name, result in report.models.items()
    }
    return replace(report, models=models), told


def _timed(result: ModuleResult, told: list[Told]) -> ModuleResult:
    taken = [each.recommend_us for each in told if each.recommend_us is not None]
    return replace(result, recommend_us_per_learner=math.fsum(taken) / len(taken) if taken else None)

"""What goes between this project and another library, each in a process and an environment of its own.

Needs Python and NumPy only, so that every peer can import it. One directory holds one benchmark::

    exchange.json        protocol, seed, number of splits
    0/task.npz           split 0: what may be learned from, and the histories that are asked about
    0/tuning.npz         the same inside the task's training part, with targets: for choosing settings
    0/NAME.npy           answer of the model NAME: scores (n_lists, n_modules), NaN is no opinion
    0/NAME.json          what else it tells: settings chosen, seconds

No file tells a peer the targets of a task. Nothing here is pickled.
"""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

NOBODY = -1
"""Learner of a history that is not exactly what training holds of somebody."""


@dataclass(frozen=True, eq=False)
class Task:
    """Learn from first starts, then score every module for each of some histories.

    Parameters
    ----------
    n_learners, n_modules : int
    learner, module : int arrays, shape (n_starts,)
        What may be learned from: learner by learner, each learner's starts oldest first.
    at : float array, shape (n_starts,)
        Seconds since 1970 UTC, NaN without a clock.
    list_start : int array, shape (n_lists + 1,)
        History `i` is rows ``list_start[i]:list_start[i + 1]`` of the next two.
    list_module : int array, shape (n_rows,)
        Oldest first. These modules are started: wherever they are ranked, nobody counts them.
    list_at : float array, shape (n_rows,)
    list_learner : int array, shape (n_lists,)
        The learner whose training starts are exactly this history; `NOBODY` where there is none.
    target : int array, shape (n_lists,) or (0,)
        The module that was started next; empty where it is the question.
    """

    n_learners: int
    n_modules: int
    learner: np.ndarray
    module: np.ndarray
    at: np.ndarray
    list_start: np.ndarray
    list_module: np.ndarray
    list_at: np.ndarray
    list_learner: np.ndarray
    target: np.ndarray

    @property
    def n_lists(self) -> int:
        """Number of histories asked about."""
        return len(self.list_start) - 1

    def list_rows(self) -> np.ndarray:
        """History of every row of `list_module`, shape (n_rows,)."""
        return np.repeat(np.arange(self.n_lists), np.diff(self.list_start))

    def first_lists(self, n: int) -> "Task":
        """Ask about no more than the first `n` histories."""
        n = min(n, self.n_lists)
        rows = int(self.list_start[n])
        return Task(
            *(getattr(self, field.name) for field in fields(self)[:5]),
            self.list_start[: n + 1],
            self.list_module[:rows],
            self.list_at[:rows],
            self.list_learner[:n],
            self.target[:n],
        )


@dataclass(frozen=True, eq=False)
class Told:
    """What a peer tells beside its scores.

    Parameters
    ----------
    settings : dict
        Chosen on the tuning task.
    tuned_ndcg : float or None
        NDCG@10 there; None when there was nothing to choose.
    fit_seconds, tune_seconds : float
        Of the one fit with these settings; of everything that led to them.
    recommend_us : float or None
        Median of single calls for ten modules, microseconds; None when not measured.
    n_without_opinion : int
        Histories that the model said nothing about, which got the popularity of the training part.
    """

    settings: dict
    tuned_ndcg: float | None
    fit_seconds: float
    tune_seconds: float
    recommend_us: float | None
    n_without_opinion: int


def write_task(path: Path, task: Task) -> None:
    """Write a task as plain arrays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **{name: np.asarray(value) for name, value in asdict(task).items()})


def read_task(path: Path) -> Task:
    """Read what `write_task` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        values = {field.name: arrays[field.name] for field in fields(Task)}
    return Task(**values | {name: int(values[name]) for name in ("n_learners", "n_modules")})


def write_answer(directory: Path, name: str, scores: np.ndarray, told: Told) -> None:
    """Write scores (n_lists, n_modules) and what else there is to tell."""
    np.save(directory / f"{name}.npy", np.asarray(scores, np.float64), allow_pickle=False)
    (directory / f"{name}.json").write_text(json.dumps(asdict(told), indent=2) + "\n", encoding="utf-8")


def read_answer(directory: Path, name: str, task: Task) -> tuple[np.ndarray, Told]:
    """Read an answer.

    Raises
    ------
    ValueError
        If it is not one number for every history and module of the task.
    """
    scores = np.load(directory / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    if scores.shape != (task.n_lists, task.n_modules):
        raise ValueError(
            f"{directory / name}.npy has shape {scores.shape}, but {(task.n_lists, task.n_modules)} was "
            "asked for; run that peer again"
        )
    return scores, Told(**json.loads((directory / f"{name}.json").read_text(encoding="utf-8")))


def answered(directory: Path) -> list[str]:
    """Names of the models that have answered a task."""
    return sorted(path.stem for path in directory.glob("*.npy"))

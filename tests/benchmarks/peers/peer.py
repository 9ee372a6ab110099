"""What every peer does: choose settings on the tuning task, fit, answer. Needs Python and NumPy only."""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from exchange import Task, Told, read_task, write_answer

TUNED_LISTS = 2_000
"""Histories that settings are chosen on, at most: the first ones, which the bridge has shuffled."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What one model makes of one task.

    Parameters
    ----------
    scores : float array, shape (n_lists, n_modules)
        Larger is better; NaN is no opinion.
    fit_seconds : float
    recommend_us : float, optional
        Median of single calls for ten modules, microseconds.
    """

    scores: np.ndarray
    fit_seconds: float
    recommend_us: float | None = None


Model = Callable[..., Answer]
"""Called with a task and settings by name."""


def grid(**choices: Iterable) -> list[dict]:
    """Every combination of settings."""
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


def popularity(task: Task) -> np.ndarray:
    """Starts of every module in the training part, shape (n_modules,)."""
    return np.bincount(task.module, minlength=task.n_modules).astype(np.float64)


def ndcg(task: Task, scores: np.ndarray) -> float:
    """NDCG@10 on a task that tells its targets; equal scores share their ranks, NaN comes last."""
    scores = np.where(np.isnan(scores), -np.inf, scores)
    rows = np.arange(task.n_lists)
    of_target = scores[rows, task.target][:, None]
    allowed = np.ones(scores.shape, np.bool_)
    allowed[task.list_rows(), task.list_module] = False
    allowed[rows, task.target] = False
    better = ((scores > of_target) & allowed).sum(axis=1)
    equal = ((scores == of_target) & allowed).sum(axis=1)
    places = better[:, None] + np.arange(10)
    gain = np.where((places < 10) & (places <= (better + equal)[:, None]), 1 / np.log2(places + 2), 0.0)
    return float((gain.sum(axis=1) / (equal + 1)).mean())


def microseconds(task: Task, call: Callable[[int], object], n: int) -> float | None:
    """Median time of ``call(i)`` for up to 300 histories, the first call left out; None while tuning."""
    if not n or len(task.target):
        return None
    call(0)
    taken = []
    for i in range(min(n, 300)):
        started = time.perf_counter()
        call(i)
        taken.append(time.perf_counter() - started)
    return 1e6 * float(np.median(taken))


def main(models: dict[str, tuple[Model, list[dict]]]) -> None:
    """Answer every split of the directory given on the command line, with every model and its settings."""
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--only", nargs="+", choices=sorted(models), default=sorted(models))
    given = parser.parse_args()
    about = json.loads((given.directory / "exchange.json").read_text(encoding="utf-8"))
    for split in range(about["n_splits"]):
        directory = given.directory / str(split)
        task, tuning = read_task(directory / "task.npz"), read_task(directory / "tuning.npz")
        for name in given.only:
            told = answer(directory, name, task, tuning.first_lists(TUNED_LISTS), *models[name])
            sys.stdout.write(
                f"  split {split}, {name}: {told.settings}, fitted in {told.fit_seconds:.1f} s\n"
            )
            sys.stdout.flush()


def answer(directory: Path, name: str, task: Task, tuning: Task, model: Model, settings: list[dict]) -> Told:
    """Choose settings, fit and write scores; who has no opinion of a history gets popularity there."""
    started = time.perf_counter()
    chosen, reached = settings[0], None
    if len(settings) > 1 and tuning.n_lists:
        found = [ndcg(tuning, with_fallback(tuning, model(tuning, **each).scores)[0]) for each in settings]
        reached = max(found)
        chosen = settings[found.index(reached)]
    tuned = time.perf_counter() - started
    given = model(task, **chosen)
    scores, n_silent = with_fallback(task, given.scores)
    told = Told(chosen, reached, given.fit_seconds, tuned, given.recommend_us, n_silent)
    write_answer(directory, name, scores, told)
    return told


def with_fallback(task: Task, scores: np.ndarray) -> tuple[np.ndarray, int]:
    """Put popularity where a model is silent: no opinion, or one and the same score for every module.

    Returns
    -------
    float array (n_lists, n_modules), and the number of silent rows
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    silent = known.max(axis=1) == known.min(axis=1)
    return np.where(silent[:, None], popularity(task), scores), int(silent.sum())

"""How RecTools is asked about histories, whatever the model."""

import time
import warnings

import numpy as np
import pandas as pd
from exchange import NOBODY, Task
from peer import Answer, microseconds
from rectools import Columns
from rectools.dataset import Dataset, IdMap, Interactions

K = 10


def trained_on(task: Task) -> Dataset:
    """Training part; learners and modules are called by their positions, and only those in it are known."""
    return _dataset(task, task.learner, task.module, task.at)


def asked_about(task: Task) -> Dataset:
    """Histories as learners of their own, called by their position, without modules that training lacks.

    RecTools takes the highest module it meets for the size of the catalogue, so nobody, as one more learner,
    started the last one.
    """
    rows, known = task.list_rows(), np.isin(task.list_module, task.module)
    return _dataset(
        task,
        np.append(rows[known], NOBODY),
        np.append(task.list_module[known], task.module.max()),
        np.append(task.list_at[known], np.nan),
    )


def _dataset(task: Task, learner: np.ndarray, module: np.ndarray, at: np.ndarray) -> Dataset:
    # RecTools orders by time: the order of rows decides where the clock ties or is missing.
    seconds = np.where(np.isnan(at), 0.0, at)
    order = np.lexsort((np.arange(len(at)), seconds, learner))
    learner, module, seconds = learner[order], module[order], seconds[order]
    rank = np.arange(len(seconds)) - np.searchsorted(learner, learner)
    frame = pd.DataFrame(
        {
            Columns.User: learner,
            Columns.Item: module,
            Columns.Weight: np.ones(len(learner), np.float32),
            Columns.Datetime: pd.to_datetime(seconds, unit="s") + pd.to_timedelta(rank, unit="ms"),
        }
    )
    users, items = IdMap.from_values(np.unique(learner)), IdMap.from_values(np.unique(task.module))
    return Dataset(users, items, Interactions.from_raw(frame, users, items))


def from_histories(model: object, task: Task) -> Answer:
    """Fit, then recommend for histories: for models that score by what is in the data they are asked with."""
    seconds = timed_fit(model, task)
    data = asked_about(task)
    rows = data.user_id_map.external_ids
    rows = rows[rows != NOBODY]
    scores = _whole_catalogue(model, task, rows, data, rows)
    # One learner a call, with the data set of all of them at hand, as a service would ask.
    return Answer(
        scores, seconds, microseconds(task, lambda i: _ten(model, rows[i : i + 1], data), len(rows))
    )


def from_learners(model: object, task: Task) -> Answer:
    """Fit, then recommend for learners of the training part; silent about histories of anybody else."""
    seconds = timed_fit(model, task)
    rows = np.flatnonzero(task.list_learner >= 0)
    learners, data = task.list_learner[rows], trained_on(task)
    scores = _whole_catalogue(model, task, rows, data, learners)
    return Answer(
        scores, seconds, microseconds(task, lambda i: _ten(model, learners[i : i + 1], data), len(rows))
    )


def timed_fit(model: object, task: Task) -> float:
    """Fit and return seconds."""
    data = trained_on(task)
    started = time.perf_counter()
    model.fit(data)
    return time.perf_counter() - started


def _ten(model: object, users: np.ndarray, data: Dataset) -> pd.DataFrame:
    return model.recommend(users, data, K, filter_viewed=True)


def _whole_catalogue(
    model: object, task: Task, rows: np.ndarray, data: Dataset, names: np.ndarray
) -> np.ndarray:
    scores = np.full((task.n_lists, task.n_modules), np.nan)
    if not len(rows):
        return scores
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = model.recommend(
            names, data, task.n_modules, filter_viewed=True, on_unsupported_targets="ignore"
        )
    place = pd.Index(names).get_indexer(pd.Index(answer[Columns.User]))
    scores[rows[place], answer[Columns.Item].to_numpy()] = answer[Columns.Score].to_numpy()
    return scores

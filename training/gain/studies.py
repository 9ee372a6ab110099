"""When learners began and finished modules."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recommender.domain.catalog import Catalog
from training.datasets.dataset import Dataset
from training.gain.outcomes import Studies


def studies_of(dataset: Dataset, catalog: Catalog) -> Studies:
    """Return the modules that learners of a dataset began; none without a clock.

    A module begins with its first event, be it a start, a finish or an answer to one of its items.
    """
    completions = dataset.tables.get("completions")
    if completions is None or completions.empty or not dataset.has_clock:
        none = np.zeros(0, np.int64)
        return Studies(none, none, np.zeros(0), np.zeros(0))
    parts = [completions[["learner_id", "module_id", "occurred_at"]]]
    parts[0] = parts[0].assign(finished=completions["status"] == "completed")
    attempts = dataset.tables.get("attempts")
    if attempts is not None and "module_id" in attempts:
        answers = attempts.loc[attempts["module_id"].notna(), ["learner_id", "module_id", "occurred_at"]]
        parts.append(answers.assign(finished=False))
    events = pd.concat(parts, ignore_index=True)
    events = events[events["occurred_at"].notna()]
    seconds = events["occurred_at"].dt.as_unit("us").astype("int64").to_numpy(np.float64) / 1e6
    learner = pd.Index(dataset.tables["learners"]["learner_id"]).get_indexer(pd.Index(events["learner_id"]))
    module = pd.Index(catalog.module_ids).get_indexer(pd.Index(events["module_id"]))
    key = learner.astype(np.int64) * max(catalog.n_modules, 1) + module
    distinct, study = np.unique(key, return_inverse=True)
    begun, finished = np.full(len(distinct), np.inf), np.full(len(distinct), np.inf)
    np.minimum.at(begun, study, seconds)
    done = events["finished"].to_numpy(bool)
    np.minimum.at(finished, study[done], seconds[done])
    return Studies(
        distinct // max(catalog.n_modules, 1), distinct % max(catalog.n_modules, 1), begun, finished
    )

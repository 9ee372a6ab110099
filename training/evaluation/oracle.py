"""What somebody would predict who knows the hidden truth of a simulated dataset: the ceiling for every model.

Nothing that trains may use it, and an import contract holds that: it is only ever laid beside a finished
evaluation.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from recommender.errors import DatasetError
from training.datasets.dataset import Dataset
from training.datasets.sample.truth import REMEDY, read_choice_ranks, read_pass_probabilities
from training.evaluation.metrics import Floats, Ints

ORACLE: Final = "oracle"
"""Name of its row in reports."""


PASS_MARK: Final = 0.5
"""What the simulation calls passing: a score of at least this."""


def require_simulated(dataset: Dataset) -> None:
    """Refuse data of real people: nobody knows what is true of them.

    Raises
    ------
    DatasetError
    """
    if not dataset.simulated:
        raise DatasetError(
            f"dataset {dataset.name} is not simulated, so nobody knows what is true of it; "
            "give data from python -m training sample"
        )


def true_probabilities(dataset: Dataset) -> Floats | None:
    """Return what the oracle predicts for every attempt: the probability of passing that it really had.

    The oracle knows everything about the moment of the answer, also what is no one's to know beforehand:
    that it is a second try after feedback, for one. No model can be better but by chance.

    Parameters
    ----------
    dataset : Dataset
        A simulated one.

    Returns
    -------
    float array in [0, 1], shape (n_attempts,), or None
        One for each row of table ``attempts``, in its order; None without attempts.

    Raises
    ------
    DatasetError
        There is no truth, or it is that of other data.
    """
    attempts = dataset.tables.get("attempts")
    if attempts is None:
        return None
    truth = read_pass_probabilities(dataset.path)
    return _matched(truth, attempts["event_id"], "attempts").to_numpy(np.float64)


def true_ranks(dataset: Dataset) -> Ints | None:
    """Return where the oracle would have put each module just before it was first started.

    The oracle knows every term of the choice but its noise, and the state of learner, colleagues and
    catalogue at that very moment, under ``temporal`` too, where models know nothing after the cut. It also
    knows which modules were on offer. So it is an upper bound, not a model that could be built.

    Parameters
    ----------
    dataset : Dataset
        A simulated one.

    Returns
    -------
    int array, at least 1, shape (n_interactions,), or None
        One for each row of `training.columns.interactions_of`, in its order; None without completions.

    Raises
    ------
    DatasetError
        There is no truth, or it is that of other data.
    """
    completions = dataset.tables.get("completions")
    if completions is None:
        return None
    starts = completions.drop_duplicates(["learner_id", "module_id"])
    learner = pd.Index(dataset.tables["learners"]["learner_id"]).get_indexer(starts["learner_id"])
    # rows are in order of events; interactions are, learner by learner
    events = starts["event_id"].iloc[np.argsort(learner, kind="stable")]
    truth = read_choice_ranks(dataset.path)
    return _matched(truth, events, "starts").to_numpy(np.int64)


def _matched(truth: pd.Series[Any], events: pd.Series[Any], name: str) -> pd.Series[Any]:
    """Return the truth in the order of `events`, which must be the same events."""
    strange = truth.index[~truth.index.isin(events)]
    missing = events[~events.isin(truth.index)]
    if len(missing):
        raise DatasetError(
            f"truth/{name}.parquet, column event_id: {missing.iloc[0]!r} of the dataset is not in it, and "
            f"{len(missing) - 1:,} more, so it is the truth of other data; {REMEDY}"
        )
    if len(strange):
        raise DatasetError(
            f"truth/{name}.parquet, column event_id: {strange[0]!r} is not in the dataset, and "
            f"{len(strange) - 1:,} more, so it is the truth of other data; {REMEDY}"
        )
    return truth.reindex(events)

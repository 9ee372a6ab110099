"""pyBKT, Bayesian knowledge tracing by others, fitted and asked through the columns of this project.

Badrinath, Wang and Pardos 2021, "pyBKT: An accessible Python library of Bayesian knowledge tracing models"
(EDM 2021). The package is optional: the extra ``bench``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.domain.catalog import Ragged
from recommender.errors import NotFittedError
from recommender.skills.columns import AttemptColumns


def why_not() -> str | None:
    """Say why there is no pyBKT to compare with; None where there is one."""
    if find_spec("pyBKT") is None:
        return "the package pyBKT is not installed (extra bench)"
    try:
        BayesianKnowledgeTracing(seed=0).fit(_trial())
    except Exception as error:
        # 1.4.3 fails to import with scikit-learn 1.8 and to fit with NumPy 2.4: better now than after hours.
        what = f"{type(error).__name__}: {error}"
        return (
            f"pyBKT does not run here ({what}); install it with the extra bench, in an environment of its own"
        )
    return None


def one_skill(attempts: AttemptColumns) -> NDArray[np.bool_]:
    """Rows with exactly one skill, which are all that the model can tell of, shape (n_attempts,)."""
    rows: NDArray[np.bool_] = np.diff(attempts.skills.start) == 1
    return rows


class BayesianKnowledgeTracing:
    """pyBKT's model with its own defaults: one hidden Markov model per skill, five starts, no forgetting.

    Parameters
    ----------
    seed : int
        Of the random starts.

    Attributes
    ----------
    model_ : pyBKT.models.Model
    skills_ : int array
        Skills it was fitted on; elsewhere pyBKT says .5.
    """

    model_: Any
    skills_: NDArray[np.int32]

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    def fit(self, attempts: AttemptColumns) -> Self:
        """Fit on attempts of one skill each, at least one."""
        from pyBKT.models import Model

        # Its parallel mode starts a pool of processes for every iteration, which costs more than it saves.
        self.model_ = Model(seed=self.seed, parallel=False)
        with _quiet():
            self.model_.fit(data=_frame(attempts))
        self.skills_ = np.unique(attempts.skills.values)
        return self

    def predict(self, attempts: AttemptColumns) -> NDArray[np.float64]:
        """Probability of passing each attempt from the same learner's earlier ones, shape (n_attempts,).

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        if not hasattr(self, "model_"):
            raise NotFittedError(self)
        if not np.isin(attempts.skills.values, self.skills_).any():
            return np.full(len(attempts), 0.5)
        with _quiet():
            predicted = self.model_.predict(data=_frame(attempts)).sort_index()
        probability: NDArray[np.float64] = predicted["correct_predictions"].to_numpy(np.float64)
        # Rounding may leave the unit interval by a hair.
        return np.clip(probability, 0.0, 1.0)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep from stderr what it does that pandas deprecates, and divisions by zero that it mends itself."""
    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, RuntimeWarning):
            warnings.simplefilter("ignore", category)
        yield


def _frame(attempts: AttemptColumns) -> pd.DataFrame:
    """Columns by pyBKT's names; skills are numbers, because it takes their names for regular expressions."""
    return pd.DataFrame(
        {
            "order_id": np.arange(len(attempts)),
            "user_id": attempts.learner,
            "skill_name": attempts.skills.values.astype(str),
            "correct": attempts.passed.astype(np.int64),
        }
    )


def _trial() -> AttemptColumns:
    """Two learners who learn one skill."""
    column, passed = np.zeros(4), np.array([0.0, 1.0, 0.0, 1.0])
    return AttemptColumns(
        learner=np.array([0, 0, 1, 1]),
        item=column.astype(np.int32),
        skills=Ragged.of([[0]] * 4),
        module=column.astype(np.int32),
        passed=passed,
        score=passed,
        at=column,
        n_learners=2,
    )

"""How well the skill model knows people it has not learned from: every answer predicted by half of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.domain.catalog import Catalog
from recommender.skills.columns import AttemptColumns
from recommender.skills.model import SkillModel, SkillModelConfig
from training.columns import attempt_columns, catalog_of
from training.datasets.dataset import Dataset
from training.evaluation.splits import split_learners
from training.programme.programme import Programme

HALVES: Final = 2
MOST_FITTED: Final = 40_000
"""Attempts that a half's model is fitted on at most, so that an audit takes seconds."""
_FOLDS: Final = 2
_LEAST_LEARNERS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Answers, each predicted from the same learner's earlier ones by a model that never saw that learner.

    Parameters
    ----------
    learner : int64 array, shape (n_answers,)
        Rows of `Programme.learners`.
    passed : float64 array, shape (n_answers,)
        1 or 0.
    predicted : float64 array, shape (n_answers,)
        Probability of passing, in (0, 1).
    """

    learner: NDArray[np.int64]
    passed: NDArray[np.float64]
    predicted: NDArray[np.float64]


def held_out_predictions(programme: Programme) -> HeldOut | None:
    """Deal the learners out to two halves and predict each half by a model fitted on the other.

    The model is that of the bundle, with its settings but for two folds and at most `MOST_FITTED` attempts,
    fitted anew: the bundle's own has seen everybody. Who belongs to which group is no input of it.

    Parameters
    ----------
    programme : Programme

    Returns
    -------
    HeldOut or None
        None without a skill model, or where a half is too small or of equal outcomes.
    """
    if programme.bundle is None or programme.bundle.skills is None:
        return None
    known = _up_to_now(programme)
    catalog = catalog_of(known)
    attempts = attempt_columns(known, catalog, pass_mark=programme.bundle.difficulty.pass_mark)
    if attempts is None:
        return None
    active = np.unique(attempts.learner)
    if len(active) < _LEAST_LEARNERS:
        return None
    rng = programme.rng("equity halves")
    seed = int(rng.integers(2**31))
    config = _small(programme.bundle.skills.config)
    predicted = np.full(len(attempts), np.nan)
    for part in split_learners(len(active), (1 / HALVES,) * HALVES, rng):
        is_tested = np.isin(attempts.learner, active[part])
        train = attempts.take(~is_tested)
        if len(np.unique(train.passed)) < 2:
            return None
        predicted[is_tested] = _predict(train, attempts.take(is_tested), catalog, config, seed)
    return HeldOut(attempts.learner, attempts.passed, predicted)


def _predict(
    train: AttemptColumns, test: AttemptColumns, catalog: Catalog, config: SkillModelConfig, seed: int
) -> NDArray[np.float64]:
    # Threads inside BLAS only get in the way of those above it.
    with threadpool_limits(1, "blas"):
        return SkillModel(config).fit(train, catalog, seed=seed).predict(test, catalog)


def _small(config: SkillModelConfig) -> SkillModelConfig:
    return config.model_copy(
        update={"n_folds": _FOLDS, "max_attempts": min(config.max_attempts, MOST_FITTED)}
    )


def _up_to_now(programme: Programme) -> Dataset:
    """Return the dataset without what is later than now, learners in the order of the programme."""
    tables = {name: rows for name in programme.dataset.tables if (rows := programme.table(name)) is not None}
    return replace(programme.dataset, tables=tables | {"learners": programme.learners})

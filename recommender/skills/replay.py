"""The fold over many learners at once: what training reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from recommender.skills.columns import AttemptColumns
from recommender.skills.records import (
    ITEM,
    LEARNER,
    N_ENTRIES,
    N_FEATURES,
    N_ITEM_SLOTS,
    SKILL,
    fresh,
    item_key,
)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What was known just before each attempt.

    Parameters
    ----------
    features : float64 array, shape (n_attempts, N_FEATURES)
    entries : float64 array, shape (n_entries, N_ENTRIES)
        One row per skill of an attempt, in the order of ``attempts.skills.values``.

    The columns are named in `recommender.skills.records`.
    """

    features: NDArray[np.float64]
    entries: NDArray[np.float64]


def replay(attempts: AttemptColumns, catalog: Catalog, difficulty: NDArray[np.float64]) -> Evidence:
    """Fold every attempt by the same kernel as an online update and keep what was known before each.

    Parameters
    ----------
    difficulty : float64 array, shape (n_attempts,)
        Logits; out of fold by learner when a model is fitted on the result.
    """
    from recommender.skills.kernel import fold_attempts  # it brings the compiler

    row = attempts.skills.row_of_value()
    pair = attempts.learner[row] * max(catalog.n_skills, 1) + attempts.skills.values
    pairs, skill_row = np.unique(pair, return_inverse=True)
    keys = np.array([item_key(v) for v in catalog.item_ids], np.int64).reshape(-1, 2)
    slot = attempts.learner * N_ITEM_SLOTS + keys[attempts.item, 0]
    slots, item_row = np.unique(slot, return_inverse=True)
    features = np.zeros((len(attempts), N_FEATURES))
    entries = np.zeros((len(row), N_ENTRIES))
    fold_attempts(
        fresh(LEARNER, attempts.n_learners),
        fresh(SKILL, len(pairs)),
        fresh(ITEM, len(slots)),
        attempts.learner,
        attempts.skills.start,
        skill_row.astype(np.int64),
        item_row.astype(np.int64),
        keys[attempts.item, 1].astype(np.uint32),
        difficulty,
        attempts.passed,
        attempts.at,
        features,
        entries,
    )
    return Evidence(features, entries)

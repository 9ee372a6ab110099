"""The fold over many learners at once: what training reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog
from recommender.skills.columns import AttemptColumns
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.kernel_arrays import LessonRows, Records, Rows
from recommender.skills.memory import MemoryOutput
from recommender.skills.records import ITEM, LEARNER, N_FEATURES, N_ITEM_SLOTS, SKILL, fresh, item_key

T = TypeVar("T", bound=np.generic)


def replay(
    attempts: AttemptColumns,
    catalog: Catalog,
    table: DifficultyTable,
    memory: MemoryOutput | None = None,
) -> NDArray[np.float32]:
    """Fold every attempt by the same kernel as an online update and keep what was known before each.

    Parameters
    ----------
    attempts : AttemptColumns
        Rows whose `passed` is NaN ask what is known at their place; they are not folded in.
    catalog : Catalog
        That of the attempts. Items and skills that the table does not know are folded in as online.
    table : DifficultyTable
        Fitted on other learners when a model is fitted on the result.
    memory : MemoryOutput, optional
        What fills the feature ``memory_logit``; 0 without it.

    Returns
    -------
    float32 array, shape (n_attempts, N_FEATURES)
        Columns as in `recommender.skills.records.FEATURES`.
    """
    from recommender.skills.kernel import fold_rows  # it brings the compiler

    lessons, n_skills = attempts.lessons, max(catalog.n_skills, 1)
    entry_learner = attempts.learner[attempts.skills.row_of_value()]
    pairs = np.concatenate(
        [
            entry_learner * n_skills + attempts.skills.values,
            lessons.learner[lessons.skills.row_of_value()] * n_skills + lessons.skills.values,
        ]
    )
    pair, pair_row = _rows(pairs)
    skill_row, lesson_skill_row = np.split(pair_row, [len(entry_learner)])
    keys = np.array([item_key(v) for v in catalog.item_ids], np.int64).reshape(-1, 2)
    slot, item_row = _rows(attempts.learner * N_ITEM_SLOTS + keys[attempts.item, 0])
    features = np.zeros((len(attempts), N_FEATURES), np.float32)
    fold_rows(
        Records(fresh(LEARNER, attempts.n_learners), fresh(SKILL, len(pair)), fresh(ITEM, len(slot))),
        Rows(
            _plain(attempts.learner),
            item_row,
            keys[attempts.item, 1].astype(np.uint32),
            _known(catalog.item_ids, table.item_index)[attempts.item],
            attempts.skills.start,
            skill_row,
            _known(catalog.skill_ids, table.skill_index)[attempts.skills.values],
            _plain(attempts.passed),
            _plain(attempts.score),
            _plain(attempts.at),
            _plain(attempts.seconds),
        ),
        LessonRows(
            lessons.before,
            _plain(lessons.learner),
            lessons.skills.start,
            lesson_skill_row,
            lessons.hours,
            lessons.level,
            lessons.at,
            lessons.expires,
            lessons.push,
            lessons.declined,
        ),
        table.known(memory),
        features,
    )
    return features


def _known(ids: Sequence[str], index: Mapping[str, int]) -> NDArray[np.int64]:
    """Row of each id in a table, -1 for one that it does not know."""
    return np.array([index.get(one, -1) for one in ids], np.int64)


def _plain(column: NDArray[T]) -> NDArray[T]:
    """In a row and writable: for a column of a frame or of a file the kernel would be compiled once more."""
    return np.require(column, requirements=("C", "W"))


def _rows(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct keys, and for each key its row among them."""
    distinct, row = np.unique(keys, return_inverse=True)
    return distinct, row.astype(np.int64)

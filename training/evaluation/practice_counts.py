"""How often a learner had answered, and passed, before each attempt: exact counts, nothing is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.skills.columns import AttemptColumns

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PracticeCounts:
    """What a learner had done before each attempt; column 0 counts passes, column 1 attempts.

    Parameters
    ----------
    learner : float64 array, shape (n_attempts, 2)
        Over everything.
    learner_item : float64 array, shape (n_attempts, 2)
        At the same item.
    learner_skill : float64 array, shape (n_entries, 2)
        At one skill of the attempt, in the order of ``attempts.skills.values``.
    """

    learner: Floats
    learner_item: Floats
    learner_skill: Floats


def practice_counts(attempts: AttemptColumns) -> PracticeCounts:
    """Count the earlier rows of the same learner.

    Parameters
    ----------
    attempts : AttemptColumns
        Rows of one learner in the order of time; no row names a skill twice.

    Examples
    --------
    >>> from recommender.domain.catalog import Ragged
    >>> passed, item = np.array([1.0, 0.0, 1.0]), np.array([4, 4, 4], np.int32)
    >>> skills, learner = Ragged.of([[2], [], [2]]), np.array([0, 0, 7])
    >>> rows = AttemptColumns(learner, item, skills, item, passed, passed, passed, n_learners=8)
    >>> practice_counts(rows).learner_item.tolist()
    [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]
    """
    entry = attempts.skills.row_of_value()
    n_items = int(attempts.item.max(initial=0)) + 1
    n_skills = int(attempts.skills.values.max(initial=0)) + 1
    return PracticeCounts(
        learner=_before(attempts.learner, attempts.passed),
        learner_item=_before(attempts.learner * n_items + attempts.item, attempts.passed),
        learner_skill=_before(
            attempts.learner[entry] * n_skills + attempts.skills.values, attempts.passed[entry]
        ),
    )


def _before(key: NDArray[np.int64], passed: Floats) -> Floats:
    """Count passes and rows above each row among those with the same key, shape (n_rows, 2)."""
    order = np.argsort(key, kind="stable")
    grouped = key[order]
    new = np.append(True, grouped[1:] != grouped[:-1])[: len(key)]
    first = np.flatnonzero(new)
    run = np.cumsum(new) - 1
    passes = np.append(0.0, np.cumsum(passed[order]))
    above = np.arange(len(key))
    counts = np.empty((len(key), 2))
    counts[order, 0] = passes[above] - passes[first][run]
    counts[order, 1] = above - first[run]
    return counts

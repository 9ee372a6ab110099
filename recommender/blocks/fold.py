"""The fold over a block of learners: their events as columns in, what a recommendation reads out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.blocks.learners import LearnerBlock, Places
from recommender.domain.catalog import Catalog
from recommender.domain.catalog_change import positions_of
from recommender.embeddings.histories import Histories
from recommender.skills.columns import AttemptColumns
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.kernel_arrays import LessonRows, Records, Rows
from recommender.skills.memory import MemoryInput
from recommender.skills.records import ITEM, LEARNER, SKILL, fresh


@dataclass(frozen=True, slots=True, eq=False)
class BlockEvents:
    """Events of some learners.

    Parameters
    ----------
    places : Places
    n_events : int64 array, shape (n_learners,)
    attempts : AttemptColumns
        In the order of learners and, of each, of (`occurred_at`, `event_id`), with what teaches between them.
        Items are positions in the difficulty table, -1 for one that it lacks; so are skills, and those that
        it lacks have numbers of their own from its number of skills on.
    histories : Histories
        Modules of the catalogue in the order of their first start.
    finished : bool array, shape (n_started,)
        Of the modules in `histories`.
    """

    places: Places
    n_events: NDArray[np.int64]
    attempts: AttemptColumns
    histories: Histories
    finished: NDArray[np.bool_]


def fold_block(events: BlockEvents, table: DifficultyTable, catalog: Catalog | None = None) -> LearnerBlock:
    """Fold events by the same kernel as an online update.

    What a recommendation does not read is not kept: items met lately and the memory of answers; nor are
    skills that the table lacks.

    Parameters
    ----------
    events : BlockEvents
    table : DifficultyTable
    catalog : Catalog, optional
        Needed where the engine serves another catalogue than the table was fitted on, as after
        `Engine.with_catalog`; skills are matched by id.
    """
    from recommender.skills.kernel import fold_rows  # it brings the compiler

    attempts, lessons, n_skills = events.attempts, events.attempts.lessons, len(table.skill_ids)
    entry_learner = attempts.learner[attempts.skills.row_of_value()]
    lesson_learner = lessons.learner[lessons.skills.row_of_value()]
    width = 1 + max(n_skills, *(int(s.values.max(initial=-1)) + 1 for s in (attempts.skills, lessons.skills)))
    pairs, row = np.unique(
        np.concatenate(
            [
                entry_learner * width + attempts.skills.values,
                lesson_learner * width + lessons.skills.values,
            ]
        ),
        return_inverse=True,
    )
    skill_row, lesson_row = np.split(row.astype(np.int64), [len(entry_learner)])
    n, learner = len(attempts), fresh(LEARNER, attempts.n_learners)
    met, pair_learner, pair_skill = fresh(SKILL, len(pairs)), pairs // width, pairs % width
    values = attempts.skills.values.astype(np.int64)
    fold_rows(
        Records(learner, met, fresh(ITEM, 1)),
        Rows(
            learner_row=attempts.learner,
            item_row=np.zeros(n, np.int64),
            item_tag=np.zeros(n, np.uint32),
            item=attempts.item.astype(np.int64),
            skill_start=attempts.skills.start,
            skill_row=skill_row,
            skill=np.where(values < n_skills, values, -1),
            passed=attempts.passed,
            score=attempts.score,
            at=attempts.at,
            seconds=attempts.seconds,
        ),
        LessonRows(
            lessons.before,
            lessons.learner,
            lessons.skills.start,
            lesson_row,
            lessons.hours,
            lessons.level,
            lessons.at,
            lessons.expires,
            lessons.push,
            lessons.declined,
        ),
        _forgetful(table),
        np.zeros((0, 0), np.float32),
    )
    position = np.arange(width)
    position[n_skills:] = -1
    if catalog is not None:
        position[:n_skills] = positions_of(table.skill_ids, catalog.skill_index)
    pair_skill = position[pair_skill]
    known = pair_skill >= 0
    counts = np.bincount(pair_learner[known], minlength=attempts.n_learners)
    return LearnerBlock(
        places=events.places,
        n_events=events.n_events,
        learner=learner,
        start=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        skill=pair_skill[known],
        met=met[known],
        histories=events.histories,
        finished=events.finished,
    )


def _forgetful(table: DifficultyTable) -> object:
    """Return what the fold reads, without the vectors of the memory of answers."""
    none = MemoryInput.none()
    return table.known()._replace(item_input=none.item, skill_input=none.skill)

"""What was expected of each answer before a module was begun, by models of other learners."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Ragged
from recommender.skills.columns import AttemptColumns, Lessons
from recommender.skills.difficulty import DifficultyTable, fit_difficulty
from recommender.skills.evidence import fading_rate
from recommender.skills.mastery import MasteryReadout
from recommender.skills.mastery_training import evidence_of_rows, kept_of_rows
from recommender.skills.model import SkillModelConfig
from recommender.skills.replay import replay
from training.gain.outcomes import Outcomes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """What was known before, arrays of shape (n_outcomes,).

    `mastery_logit` is the logit of mastery of the skill just before the module was begun, and `item_logit`
    what the item's difficulty adds to it.
    """

    mastery_logit: Floats
    item_logit: Floats


def read_before(
    attempts: AttemptColumns,
    outcomes: Outcomes,
    catalog: Catalog,
    config: SkillModelConfig,
    fold: Ints,
) -> Before:
    """Read mastery from each learner's state before, by difficulty and a read-out fitted on other folds.

    The read-out is a regression on answers, so what it reads is an expectation given the state: a run of bad
    luck before a module is discounted as far as such runs are luck in others. That is how regression to
    the mean is kept out of the gain.

    Parameters
    ----------
    attempts : AttemptColumns
    outcomes : Outcomes
    catalog : Catalog
    config : SkillModelConfig
    fold : int64 array, shape (n_learners,)
        Fold of each learner, 0 and up.
    """
    mastery, item = np.zeros(len(outcomes)), np.zeros(len(outcomes))
    of_row = fold[attempts.learner]
    of_outcome = of_row[outcomes.row]
    for k in np.unique(of_outcome).tolist():
        others = attempts.take(of_row != k)
        table, readout = _fitted(others, catalog, config, fold)
        its = np.flatnonzero(of_outcome == k)
        mastery[its] = _read(attempts, outcomes, its, catalog, table, readout)
        item[its] = -readout.item_difficulty_[attempts.item[outcomes.row[its]]]
    return Before(mastery, item)


def _fitted(
    attempts: AttemptColumns, catalog: Catalog, config: SkillModelConfig, fold: Ints
) -> tuple[DifficultyTable, MasteryReadout]:
    """Table and read-out of these attempts; the features it is fitted to rest on tables of other folds."""
    table = fit_difficulty(attempts, catalog, config.difficulty)
    of_row = fold[attempts.learner]
    features = np.zeros((len(attempts), 0), np.float32)
    for j in np.unique(of_row).tolist():
        its = of_row == j
        rest = attempts.take(~its)
        share = len(rest) / len(attempts) or 1.0
        other = fit_difficulty(rest, catalog, config.difficulty, share=share)
        found = replay(attempts.take(its), catalog, other)
        features = features if features.shape[1] else np.zeros((len(attempts), found.shape[1]), np.float32)
        features[its] = found
    return table, MasteryReadout(config.mastery).fit(attempts, features, catalog, table)


def _read(
    attempts: AttemptColumns,
    outcomes: Outcomes,
    its: Ints,
    catalog: Catalog,
    table: DifficultyTable,
    readout: MasteryReadout,
) -> Floats:
    """Logit of mastery of the skill of each of these outcomes, just before its module was begun."""
    learner = attempts.learner[outcomes.row[its]]
    asked, place = np.unique(
        np.column_stack([learner, outcomes.skill[its], outcomes.before_at[its]]), axis=0, return_inverse=True
    )
    who, skill, at = asked[:, 0].astype(np.int64), asked[:, 1].astype(np.int64), asked[:, 2]
    of_them = np.zeros(attempts.n_learners, np.bool_)
    of_them[who] = True
    rows, question = with_questions(attempts.take(of_them[attempts.learner]), who, skill, at)
    features = replay(rows, catalog, table)[question]
    share = kept_of_rows(features, fading_rate(catalog.half_life_days)[skill])
    logit = readout.base_[skill] + evidence_of_rows(features, share) @ readout.weight_
    for values, places in ((readout.role_, rows.role), (readout.segment_, rows.segment)):
        if places is not None:
            known = places[who] >= 0
            logit[known] += values[places[who[known]], skill[known]]
    result: Floats = logit[place.ravel()]
    return result


def with_questions(
    attempts: AttemptColumns, learner: Ints, skill: Ints, at: Floats
) -> tuple[AttemptColumns, Ints]:
    """Lay rows that ask what is known of a skill between the attempts, before everything of their moment.

    Parameters
    ----------
    attempts : AttemptColumns
        With times.
    learner, skill : int64 arrays, shape (n_questions,)
    at : float64 array, shape (n_questions,)
        Seconds since 1970 UTC.

    Returns
    -------
    rows : AttemptColumns
        `passed` is NaN in questions; learner after learner.
    place : int64 array, shape (n_questions,)
        Row of each question.
    """
    n, lessons = len(attempts), attempts.lessons
    # Of one learner: attempts keep their order, lessons come just before an attempt, questions where
    # their time puts them. A time that is not known is that of the last event before it.
    n_all = n + len(lessons) + len(learner)
    who = np.concatenate([attempts.learner, lessons.learner, learner])
    position = np.concatenate([np.arange(n) + 0.5, lessons.before.astype(np.float64), np.zeros(len(learner))])
    known = np.lexsort((np.arange(n + len(lessons)), position[: n + len(lessons)], who[: n + len(lessons)]))
    when = _filled(np.concatenate([attempts.at, lessons.at])[known], who[known])
    keys = np.concatenate([when, at])
    source = np.concatenate([known, np.arange(n + len(lessons), n_all)])
    is_event = source < n + len(lessons)
    order = source[np.lexsort((np.arange(n_all), is_event, keys, who[source]))]
    is_lesson = (order >= n) & (order < n + len(lessons))
    rows = order[~is_lesson]
    asked = rows >= n
    row = np.where(asked, 0, rows)
    number = np.where(asked, rows - n - len(lessons), 0)
    counts = np.where(asked, 1, np.diff(attempts.skills.start)[row])
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    within = np.arange(start[-1]) - np.repeat(start[:-1], counts)
    of_attempt = np.append(attempts.skills.values, 0)[
        np.minimum(np.repeat(attempts.skills.start[row], counts) + within, len(attempts.skills.values))
    ]
    values = np.where(np.repeat(asked, counts), np.repeat(np.append(skill, 0)[number], counts), of_attempt)
    lesson = order[is_lesson] - n
    before: Ints = np.cumsum(~is_lesson)[is_lesson].astype(np.int64)
    place = np.empty(len(learner), np.int64)
    place[rows[asked] - n - len(lessons)] = np.flatnonzero(asked)
    of_lesson = Ragged.of([lessons.skills[i].tolist() for i in lesson.tolist()])
    return (
        replace(
            attempts,
            learner=who[rows],
            item=attempts.item[row],
            skills=Ragged(start, values.astype(np.int32)),
            module=np.where(asked, -1, attempts.module[row]).astype(np.int32),
            passed=np.where(asked, np.nan, attempts.passed[row]),
            score=np.where(asked, 0.0, attempts.score[row]),
            at=np.where(asked, np.append(at, 0.0)[number], attempts.at[row]),
            lessons=Lessons(
                learner=lessons.learner[lesson],
                before=before,
                skills=of_lesson,
                hours=lessons.hours[lesson],
                level=lessons.level[lesson],
                at=lessons.at[lesson],
            ),
        ),
        place,
    )


def _filled(times: Floats, learner: Ints) -> Floats:
    """Fill times not known with that of the event before, of the same learner; else with the earliest."""
    first = np.append(True, learner[1:] != learner[:-1]) if len(learner) else np.zeros(0, np.bool_)
    known = np.where(np.isnan(times) & ~first, -1, np.arange(len(times)))
    filled: Floats = times[np.maximum.accumulate(known)] if len(times) else times
    return np.where(np.isnan(filled), -np.inf, filled)

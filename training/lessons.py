"""What tells of skills between attempts: finished modules and self-assessments, laid between the attempts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.domain.catalog import Catalog, Ragged
from recommender.skills.columns import Lessons
from recommender.skills.difficulty import module_hours
from training.datasets.dataset import Dataset

_COLUMNS = ("learner_id", "event_id", "occurred_at")


def lessons_of(dataset: Dataset, catalog: Catalog) -> Lessons:
    """Return the lessons of a dataset that has attempts, each with the attempt that it comes just before.

    A module teaches when it is finished for the first time, all of its skills for the same time.
    """
    frames = [frame for frame in (_finished(dataset), _assessed(dataset)) if len(frame)]
    if not frames:
        return Lessons.none()
    events = pd.concat(frames, ignore_index=True)
    learners = pd.Index(dataset.tables["learners"]["learner_id"])
    learner = learners.get_indexer(pd.Index(events["learner_id"])).astype(np.int64)
    before = _before(dataset.tables["attempts"], events, learners)
    # Of lessons before the same attempt each learner's own stay in their order.
    order = np.lexsort((_order(events, learner), before))
    events, learner, before = events.iloc[order], learner[order], before[order]
    module = pd.Index(catalog.module_ids).get_indexer(pd.Index(events["module_id"]))
    skill = pd.Index(catalog.skill_ids).get_indexer(pd.Index(events["skill_id"]))
    taught: list[list[int]] = [
        catalog.module_skills[m].tolist() if m >= 0 else [s]
        for m, s in zip(module.tolist(), skill.tolist(), strict=True)
    ]
    seconds = events["occurred_at"].dt.as_unit("us").astype("int64").to_numpy(np.float64) / 1e6
    timed = events["occurred_at"].notna().to_numpy() & dataset.has_clock
    return Lessons(
        learner=learner,
        before=before,
        skills=Ragged.of(taught),
        hours=np.append(module_hours(catalog), 0.0)[module],
        level=events["level"].to_numpy(np.float64),
        at=np.where(timed, seconds, np.nan),
    )


def _finished(dataset: Dataset) -> pd.DataFrame:
    frame = dataset.tables.get("completions")
    if frame is None:
        return pd.DataFrame()
    done = frame[frame["status"] == "completed"].drop_duplicates(["learner_id", "module_id"])
    return done[[*_COLUMNS, "module_id"]].assign(skill_id=None, level=np.nan)


def _assessed(dataset: Dataset) -> pd.DataFrame:
    frame = dataset.tables.get("self_assessments")
    if frame is None:
        return pd.DataFrame()
    return frame[[*_COLUMNS, "skill_id", "level"]].assign(module_id=None)


def _order(events: pd.DataFrame, learner: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of each event by learner, time and id; those without a time come first."""
    ids = pd.factorize(events["event_id"], sort=True)[0]
    times = (
        events["occurred_at"].dt.as_unit("us").astype("int64").where(events["occurred_at"].notna(), -(2**62))
    )
    rank = np.empty(len(events), np.int64)
    rank[np.lexsort((ids, times, learner))] = np.arange(len(events))
    return rank


def _before(attempts: pd.DataFrame, events: pd.DataFrame, learners: pd.Index[str]) -> NDArray[np.int64]:
    """Row of the attempts that each event comes just before, for its learner."""
    every = pd.concat([attempts[list(_COLUMNS)], events[list(_COLUMNS)]], ignore_index=True)
    learner = learners.get_indexer(pd.Index(every["learner_id"])).astype(np.int64)
    sequence = np.argsort(_order(every, learner))
    n = len(attempts)
    is_attempt = sequence < n
    # Walking back, the next attempt of the same learner; where there is none, the row after the last one.
    place = np.where(is_attempt, np.arange(len(sequence)), len(sequence))
    following = np.minimum.accumulate(place[::-1])[::-1]
    has_next = following < len(sequence)
    at = np.minimum(following, len(sequence) - 1)
    has_next &= learner[sequence[at]] == learner[sequence]
    row = np.where(has_next, sequence[at], n)
    result = np.empty(len(sequence), np.int64)
    result[sequence] = row
    return result[n:]

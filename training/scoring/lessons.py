"""What tells between attempts, of everybody: modules finished, self-assessments, credentials and feedback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recommender.domain.catalog import Ragged
from recommender.skills.difficulty import DifficultyTable
from recommender.skills.records import DECLINES, PUSHES, item_key
from training.scoring.sequence import (
    ATTEMPT,
    COMPLETION,
    CREDENTIAL,
    FEEDBACK,
    SELF,
    EventSequence,
    Ints,
    SkillCodes,
    is_done,
    numbers,
    positions,
)

# What a row says where its kind says nothing.
_NOTHING: Final[Mapping[str, Any]] = {
    "hours": 0.0,
    "level": np.nan,
    "expires": np.nan,
    "push": 0.0,
    "declined": np.uint32(0),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Lessons:
    """Lessons of one kind: places among all events, their skills, and what the kind says of them."""

    place: Ints
    skills: Ragged
    said: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def column(self, name: str) -> NDArray[Any]:
        value = _NOTHING[name]
        return self.said.get(name, np.full(len(self.place), value, np.asarray(value).dtype))


def lessons_of(
    sequence: EventSequence, table: DifficultyTable, skills: SkillCodes
) -> dict[str, NDArray[Any]]:
    """Return the rows of `recommender.skills.columns.Lessons`, each with the attempt that it comes before."""
    kinds = (_finished(sequence, table), _said(sequence, skills), _earned(sequence, table), _told(sequence))
    place = np.concatenate([kind.place for kind in kinds])
    order = np.argsort(place, kind="stable")
    place = place[order]
    touched = Ragged.stacked(*(kind.skills for kind in kinds)).taken(order)
    n_before = np.cumsum(sequence.kind == ATTEMPT)
    return {
        "lesson_start": sequence.start_of(place),
        "lesson_before": n_before[place].astype(np.int64),
        "lesson_at": sequence.at[place],
        **{
            f"lesson_{name}": np.concatenate([kind.column(name) for kind in kinds])[order]
            for name in _NOTHING
        },
        "lesson_skill_start": touched.start,
        "lesson_skill": touched.values,
    }


def _finished(sequence: EventSequence, table: DifficultyTable) -> _Lessons:
    """Modules of the table that are finished for the first time."""
    place, frame = sequence.of_kind(COMPLETION)
    if frame.empty:
        return _Lessons(place[:0], Ragged.of([]))
    module = positions(frame["module_id"], table.module_ids)
    teaches = (module >= 0) & is_done(frame)
    place, module = place[teaches], module[teaches]
    key = sequence.learner[place] * max(len(table.module_ids), 1) + module
    first = np.sort(np.unique(key, return_index=True)[1])
    module = module[first]
    return _Lessons(place[first], table.module_skills.taken(module), {"hours": table.module_hours[module]})


def _said(sequence: EventSequence, skills: SkillCodes) -> _Lessons:
    """Self-assessments."""
    place, frame = sequence.of_kind(SELF)
    if frame.empty:
        return _Lessons(place, Ragged.of([]))
    said = Ragged.of([[skills(name)] for name in frame["skill_id"].tolist()])
    return _Lessons(place, said, {"level": numbers(frame, "level")})


def _earned(sequence: EventSequence, table: DifficultyTable) -> _Lessons:
    """Credentials; one that the table lacks touches no skill."""
    place, frame = sequence.of_kind(CREDENTIAL)
    if frame.empty:
        return _Lessons(place, Ragged.of([]))
    credential = positions(frame["credential_id"], table.credential_ids)
    certified = Ragged.stacked(table.credential_skills, Ragged.of([[]])).taken(credential)
    return _Lessons(place, certified, {"expires": _expiry(frame)})


def _told(sequence: EventSequence) -> _Lessons:
    """Feedback that the fold does something with."""
    place, frame = sequence.of_kind(FEEDBACK)
    if frame.empty:
        return _Lessons(place, Ragged.of([]))
    counts = frame["kind"].isin(DECLINES).to_numpy(np.bool_)
    place, frame = place[counts], frame[counts]
    push = frame["kind"].map(PUSHES).fillna(0.0).to_numpy(np.float64)
    tags = [0 if pd.isna(i) else item_key(i)[1] for i in frame["module_id"].tolist()]
    said = {"push": push, "declined": np.array(tags, np.uint32)}
    return _Lessons(place, Ragged.of([[]] * len(place)), said)


def _expiry(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Seconds since 1970 UTC at which credentials expire, infinity for never."""
    if "expires_at" not in frame:
        return np.full(len(frame), np.inf)
    times = frame["expires_at"]
    micros = times.dt.as_unit("us").astype("int64").to_numpy(np.float64)
    return np.where(times.isna(), np.inf, micros / 1e6)

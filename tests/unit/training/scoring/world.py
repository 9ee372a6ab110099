"""Datasets of a few events, as loading gives them, and the same events one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from recommender.domain.events import (
    Attempt,
    Completion,
    CredentialEarned,
    Event,
    Feedback,
    SelfAssessment,
)
from recommender.domain.learner import LearnerProfile
from training.datasets import Dataset

PROFILE = ("learner_id", "role_id", "target_role_id", "segment", "language")
_ANSWER = "to "
_COLUMNS: Mapping[type, tuple[str, tuple[str, ...]]] = {
    Attempt: ("attempts", ("item_id", "score", "passed", "skill_ids", "module_id", "duration_seconds")),
    Completion: ("completions", ("module_id", "status")),
    SelfAssessment: ("self_assessments", ("skill_id", "level")),
    CredentialEarned: ("credentials_earned", ("credential_id", "expires_at")),
    Feedback: ("feedback", ("kind", "module_id", "recommendation_id")),
}


def dataset_of(events: Mapping[str, Sequence[Event]], profiles: Iterable[LearnerProfile] = ()) -> Dataset:
    """Tables of what learners did, in no order; learners without a profile have an empty one."""
    known = {profile.learner_id: profile for profile in profiles}
    people = [known.get(i, LearnerProfile(learner_id=i)) for i in events]
    tables = {"learners": pd.DataFrame({name: _text([getattr(p, name) for p in people]) for name in PROFILE})}
    for kind, (name, columns) in _COLUMNS.items():
        rows = [(learner, event) for learner, of in events.items() for event in of if type(event) is kind]
        if not rows:
            continue
        frame = {"learner_id": _text([learner for learner, _ in rows])}
        frame |= {"event_id": _text([f"{learner}/{event.event_id}" for learner, event in rows])}
        frame |= {
            column: _column([getattr(event, column) for _, event in rows], column) for column in columns
        }
        frame["occurred_at"] = _times([event.occurred_at for _, event in rows])
        tables[name] = pd.DataFrame(frame)
        if kind is Feedback:
            # Feedback names an answer, and answers name their learner.
            tables[name]["recommendation_id"] = _ANSWER + tables[name].pop("learner_id")
            people_ids = tables["learners"]["learner_id"]
            made = {"recommendation_id": _ANSWER + people_ids, "learner_id": people_ids}
            tables["recommendations"] = pd.DataFrame(made)
    return Dataset("made", Path("made"), tables, (), "0" * 64, False, False)


def events_of(dataset: Dataset) -> dict[str, list[Event]]:
    """Events of each learner, made of the tables."""
    found: dict[str, list[Event]] = {i: [] for i in dataset.tables["learners"]["learner_id"]}
    for kind, (name, columns) in _COLUMNS.items():
        for row in dataset.tables.get(name, pd.DataFrame()).to_dict("records"):
            given = {column: _plain(row[column]) for column in columns}
            learner_id = row.get("learner_id") or row["recommendation_id"].removeprefix(_ANSWER)
            found[learner_id].append(
                kind(
                    event_id=row["event_id"],
                    learner_id=learner_id,
                    occurred_at=_plain(row["occurred_at"]),
                    **given,
                )
            )
    return found


def profiles_of(dataset: Dataset) -> list[LearnerProfile]:
    """Profiles in the order of their ids."""
    rows = dataset.tables["learners"].sort_values("learner_id")[list(PROFILE)].to_dict("records")
    return [LearnerProfile(**{name: _plain(value) for name, value in row.items()}) for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(value)
    if pd.isna(value):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def _column(values: list[Any], name: str) -> Any:
    if values and isinstance(values[0], tuple):
        return pd.Series([list(value) for value in values], dtype=object)
    if name.endswith("_at"):
        return _times(values)
    return _text(values) if any(isinstance(value, str) for value in values) else pd.Series(values)


def _times(values: list[Any]) -> Any:
    return pd.Series(values, dtype="object").astype("datetime64[us, UTC]")


def _text(values: list[Any]) -> Any:
    return pd.Series(values, dtype="str")

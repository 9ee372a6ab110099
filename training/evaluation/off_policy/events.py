"""A dataset's events as the engine takes them, learner by learner."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final, Literal

import pandas as pd

from recommender.domain.events import Attempt, Completion, CredentialEarned, Event, SelfAssessment, event_key
from recommender.domain.learner import LearnerProfile
from training.datasets.dataset import Dataset


def events_of(dataset: Dataset, learner_ids: Collection[str]) -> dict[str, list[Event]]:
    """Return what these learners did, each in the order in which a state is folded.

    Parameters
    ----------
    dataset : Dataset
    learner_ids : collection of str
        Learners without an event have an empty list.
    """
    found: dict[str, list[Event]] = {learner_id: [] for learner_id in learner_ids}
    for name, make in _MAKERS.items():
        frame = dataset.tables.get(name)
        if frame is None:
            continue
        for row in frame[frame["learner_id"].isin(found)].to_dict("records"):
            found[row["learner_id"]].append(make(row))
    for events in found.values():
        events.sort(key=event_key)
    return found


def profiles_of(dataset: Dataset, learner_ids: Collection[str]) -> dict[str, LearnerProfile]:
    """Return the profiles of these learners, as the dataset has them at its end."""
    learners = dataset.tables["learners"]
    columns = ("learner_id", "role_id", "target_role_id", "segment", "language")
    return {
        row["learner_id"]: LearnerProfile(
            **{name: _text(row[name]) for name in columns}, weekly_minutes=_number(row["weekly_minutes"])
        )
        for row in learners[learners["learner_id"].isin(learner_ids)].to_dict("records")
    }


def _attempt(row: Mapping[Any, Any]) -> Event:
    return Attempt(
        event_id=row["event_id"],
        learner_id=row["learner_id"],
        item_id=row["item_id"],
        score=row["score"],
        passed=bool(row["passed"]),
        skill_ids=tuple(row["skill_ids"]),
        module_id=_text(row["module_id"]),
        occurred_at=_time(row["occurred_at"]),
        duration_seconds=_number(row["duration_seconds"]),
    )


def _completion(row: Mapping[Any, Any]) -> Event:
    status: Literal["started", "completed", "abandoned"] = row["status"]
    return Completion(
        event_id=row["event_id"],
        learner_id=row["learner_id"],
        module_id=row["module_id"],
        status=status,
        progress=_number(row["progress"]),
        score=_number(row["score"]),
        occurred_at=_time(row["occurred_at"]),
    )


def _self_assessment(row: Mapping[Any, Any]) -> Event:
    return SelfAssessment(
        event_id=row["event_id"],
        learner_id=row["learner_id"],
        skill_id=row["skill_id"],
        level=row["level"],
        occurred_at=_time(row["occurred_at"]),
    )


def _credential(row: Mapping[Any, Any]) -> Event:
    return CredentialEarned(
        event_id=row["event_id"],
        learner_id=row["learner_id"],
        credential_id=row["credential_id"],
        occurred_at=_time(row["occurred_at"]),
        expires_at=_time(row["expires_at"]),
    )


_MAKERS: Final[Mapping[str, Callable[[Mapping[Any, Any]], Event]]] = {
    "attempts": _attempt,
    "completions": _completion,
    "self_assessments": _self_assessment,
    "credentials_earned": _credential,
}


def _text(value: Any) -> Any:
    return None if pd.isna(value) else str(value)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _time(value: pd.Timestamp) -> datetime | None:
    return None if pd.isna(value) else value.to_pydatetime()

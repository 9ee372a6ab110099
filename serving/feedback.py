"""Feedback on recommendations: evidence like all other, in the log and in the learner's state."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID, uuid5

from sqlalchemy import Connection

from recommender.domain.events import to_seconds
from serving.evidence import CANONICAL
from serving.intake import record
from serving.model import ServedModel
from serving.schemas.feedback import FeedbackRequest
from serving.store import events as log
from serving.store.database import Database
from serving.store.events import LoggedEvent
from serving.store.recommendations import LoggedRecommendation

FeedbackOutcome: TypeAlias = Literal["stored", "duplicate"]


def give_feedback(
    database: Database,
    model: ServedModel | None,
    recommendation: LoggedRecommendation,
    given: FeedbackRequest,
    *,
    now: datetime,
) -> FeedbackOutcome:
    """Store feedback once, whenever it is sent again, and fold it into the learner's state."""
    event = _event(recommendation, given, now)

    def store(connection: Connection) -> FeedbackOutcome:
        if log.payloads(connection, [event.event_id]):
            return "duplicate"
        record(connection, model, [event], now=now)
        return "stored"

    return database.transact(store)


def _event(recommendation: LoggedRecommendation, given: FeedbackRequest, now: datetime) -> LoggedEvent:
    # The same of the same module of the same answer is the same feedback.
    event_id = str(
        uuid5(UUID(recommendation.recommendation_id), "\n".join((given.kind, given.module_id or "")))
    )
    sent = {
        "event_id": event_id,
        "kind": "feedback",
        "feedback": given.kind,
        "learner_id": recommendation.learner_id,
        "recommendation_id": recommendation.recommendation_id,
    }
    if given.module_id is not None:
        sent["module_id"] = given.module_id
    return LoggedEvent(
        event_id=event_id,
        learner_id=recommendation.learner_id,
        kind="feedback",
        occurred_at=to_seconds(given.occurred_at or now),
        received_at=to_seconds(now),
        payload=CANONICAL.encode(sent),
    )

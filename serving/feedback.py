"""Feedback on recommendations: evidence like all other, in the log and in the learner's state."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID, uuid5

from sqlalchemy import Connection

from recommender.domain.events import FeedbackKind, to_seconds
from serving.evidence import CANONICAL
from serving.intake import record
from serving.model import ServedModel
from serving.problems import Fault
from serving.schemas.feedback import FeedbackRequest
from serving.store import events as log
from serving.store.database import Database
from serving.store.erasure import was_erased
from serving.store.events import LoggedEvent
from serving.store.recommendations import LoggedRecommendation

FeedbackOutcome: TypeAlias = Literal["stored", "duplicate", "erased"]


class _ErasedError(Exception):
    """The learner was erased since the answer: what the transaction did is undone."""


def give_feedback(
    database: Database,
    model: ServedModel | None,
    recommendation: LoggedRecommendation,
    given: FeedbackRequest,
    *,
    mark: str,
    now: datetime,
) -> FeedbackOutcome:
    """Store feedback once, whenever it is sent again, and fold it into the learner's state.

    Of a learner who was erased since the answer, whose mark this is, nothing is stored.
    """
    event = _event(recommendation, given, now)

    def store(connection: Connection) -> FeedbackOutcome:
        if log.payloads(connection, [event.event_id]):
            return "duplicate"
        record(connection, model, [event], now=now)
        # Only now, with the lock on the learner, no erasure can come in between.
        if was_erased(connection, recommendation, mark):
            raise _ErasedError
        return "stored"

    try:
        return database.transact(store)
    except _ErasedError:
        return "erased"


def unknown_module(recommendation: LoggedRecommendation, module_id: str | None) -> Fault | None:
    """Return what is wrong with feedback on a module, None when it was one of those recommended."""
    if module_id is None or any(module.module_id == module_id for module in recommendation.modules):
        return None
    message = "module_id is not a module of this recommendation"
    remedy = "send the id of a module that was recommended in it, or none for the answer as a whole"
    return Fault("module_id", message, remedy, module_id)


def feedback_payload(
    recommendation: LoggedRecommendation, event_id: str, kind: FeedbackKind, module_id: str | None
) -> str:
    """Spell what the log keeps of feedback."""
    sent = {
        "event_id": event_id,
        "kind": "feedback",
        "feedback": kind,
        "learner_id": recommendation.learner_id,
        "recommendation_id": recommendation.recommendation_id,
    }
    if module_id is not None:
        sent["module_id"] = module_id
    return CANONICAL.encode(sent)


def _event(recommendation: LoggedRecommendation, given: FeedbackRequest, now: datetime) -> LoggedEvent:
    # The same of the same module of the same answer is the same feedback.
    event_id = str(
        uuid5(UUID(recommendation.recommendation_id), "\n".join((given.kind, given.module_id or "")))
    )
    return LoggedEvent(
        event_id=event_id,
        learner_id=recommendation.learner_id,
        kind="feedback",
        occurred_at=to_seconds(given.occurred_at or now),
        received_at=to_seconds(now),
        payload=feedback_payload(recommendation, event_id, given.kind, given.module_id),
    )

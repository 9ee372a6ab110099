"""Everything that is held of one learner, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from recommender.domain.learner import LearnerProfile
from serving.store import people
from serving.store.aliases import of_learner
from serving.store.database import CHUNK, streamed
from serving.store.tables import events, learner_states, recommendations


@dataclass(frozen=True, slots=True)
class HeldState:
    """A state as it is stored; `updated_at` in seconds since 1970 UTC."""

    state: bytes
    difficulty_id: str
    updated_at: float


def profile(connection: Connection, learner_id: str) -> LearnerProfile | None:
    """Return the learner's profile."""
    return people.profiles(connection, [learner_id]).get(learner_id)


def state(connection: Connection, learner_id: str) -> HeldState | None:
    """Return the learner's state."""
    table = learner_states
    row = connection.execute(select(table).where(table.c.learner_id == learner_id)).first()
    return None if row is None else HeldState(bytes(row.state), row.difficulty_id, row.updated_at)


def aliases(connection: Connection, learner_id: str) -> list[dict[str, str]]:
    """`issuer` and `name` of every alias."""
    return [{"issuer": issuer, "name": name} for issuer, name in of_learner(connection, learner_id)]


def event_rows(connection: Connection, learner_id: str) -> Iterator[Sequence[Row[Any]]]:
    """`received_at`, `occurred_at` and `payload` of every event, some at a time, oldest first."""
    statement = (
        select(events.c.received_at, events.c.occurred_at, events.c.payload)
        .where(events.c.learner_id == learner_id)
        .order_by(events.c.occurred_at.asc().nulls_first(), events.c.event_id)
    )
    return streamed(connection, statement, CHUNK)


def recommendation_rows(connection: Connection, learner_id: str) -> Iterator[Sequence[Row[Any]]]:
    """All but the learner id of every answer, oldest first."""
    table = recommendations
    statement = (
        select(*(c for c in table.c if c is not table.c.learner_id))
        .where(table.c.learner_id == learner_id)
        .order_by(table.c.generated_at, table.c.recommendation_id)
    )
    return streamed(connection, statement, CHUNK)


def was_answered(connection: Connection, learner_id: str) -> bool:
    """Whether anything recommended to the learner is logged."""
    statement = select(recommendations.c.recommendation_id).where(recommendations.c.learner_id == learner_id)
    return connection.execute(statement.limit(1)).first() is not None

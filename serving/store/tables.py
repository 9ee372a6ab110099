"""Tables of the store. Times are seconds since 1970 in UTC; migrations, not this file, make them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("event_id", String(200), primary_key=True),
    Column("learner_id", String(200), nullable=False),
    Column("kind", String(32), nullable=False),
    # NULL: an event of a source without a clock. It comes before every event with a time.
    Column("occurred_at", Double, nullable=True),
    Column("received_at", Double, nullable=False),
    # What the sender sent, in one canonical spelling: a retry compares equal, a change does not.
    Column("payload", Text, nullable=False),
    Index("ix_events_learner", "learner_id", "occurred_at", "event_id"),
)

learner_states = Table(
    "learner_states",
    metadata,
    Column("learner_id", String(200), primary_key=True),
    Column("state", LargeBinary, nullable=False),
    Column("difficulty_id", String(128), nullable=False),
    Column("updated_at", Double, nullable=False),
)

learners = Table(
    "learners",
    metadata,
    Column("learner_id", String(200), primary_key=True),
    Column("role_id", String(200), nullable=True),
    Column("target_role_id", String(200), nullable=True),
    Column("team_id", String(200), nullable=True),
    Column("segment", String(32), nullable=True),
    Column("language", String(35), nullable=True),
    Column("weekly_minutes", Double, nullable=True),
    Column("can_mentor", Boolean, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("last4", String(4), nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("revoked_at", Double, nullable=True),
)

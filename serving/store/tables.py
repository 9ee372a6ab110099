"""Tables of the store. Times are seconds since 1970 in UTC; migrations, not this file, make them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()

# Compared by code point, as Python compares: the order of the log is that of the fold. SQLite does so anyway.
_SortedId = String(200).with_variant(String(200, collation="C"), "postgresql")

events = Table(
    "events",
    metadata,
    Column("event_id", _SortedId, primary_key=True),
    Column("learner_id", _SortedId, nullable=False),
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
    Column("learner_id", _SortedId, primary_key=True),
    Column("state", LargeBinary, nullable=False),
    Column("difficulty_id", String(128), nullable=False),
    Column("updated_at", Double, nullable=False),
)

learners = Table(
    "learners",
    metadata,
    Column("learner_id", _SortedId, primary_key=True),
    Column("role_id", String(200), nullable=True),
    Column("target_role_id", String(200), nullable=True),
    Column("team_id", String(200), nullable=True),
    Column("segment", String(32), nullable=True),
    Column("language", String(35), nullable=True),
    Column("weekly_minutes", Double, nullable=True),
    Column("can_mentor", Boolean, nullable=False),
    Index("ix_learners_team", "team_id"),
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

# What was put into the catalogue since the bundle was trained; `revision` is the one it came with.
catalog_rows = Table(
    "catalog_rows",
    metadata,
    Column("table_name", String(32), primary_key=True),
    Column("row_key", String(640), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("payload", Text, nullable=False),
)

# Counters that only grow: who has seen the same number has seen the same rows.
CATALOG = "catalog"
STATEMENTS = "xapi_statements"
revisions = Table(
    "revisions",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("revision", BigInteger, nullable=False),
)

# What was answered; `modules` is JSON: one object per module, best first.
recommendations = Table(
    "recommendations",
    metadata,
    Column("recommendation_id", String(36), primary_key=True),
    Column("learner_id", _SortedId, nullable=False),
    Column("generated_at", Double, nullable=False),
    Column("bundle_id", String(128), nullable=False),
    Column("simulated", Boolean),
    Column("modules", Text, nullable=False),
    Index("ix_recommendations_learner", "learner_id"),
)

# Reports on groups of people, each part of one by itself; the part "" is of everybody.
reports = Table(
    "reports",
    metadata,
    Column("report", String(32), primary_key=True),
    Column("part", String(200), primary_key=True),
    Column("made_at", Double, nullable=False),
    Column("payload", Text, nullable=False),
)

# Keyed hashes of learners erased lately, against what another process still holds of them.
erasures = Table(
    "erasures",
    metadata,
    Column("mark", String(64), primary_key=True),
    Column("erased_at", Double, nullable=False),
)

# Who did what of the calls and commands that administer. No learner id stands in it.
audit_log = Table(
    "audit_log",
    metadata,
    Column("audit_id", String(36), primary_key=True),
    Column("at", Double, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(200), nullable=True),
    Column("outcome", String(64), nullable=False),
    Column("request_id", String(128), nullable=True),
    Index("ix_audit_log_at", "at"),
)

# Who somebody is elsewhere; the key is a hash of issuer and name, see `serving.store.aliases`.
aliases = Table(
    "aliases",
    metadata,
    Column("alias_key", String(32), primary_key=True),
    Column("learner_id", _SortedId, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("name", Text, nullable=False),
    # Whether a statement made the learner, whom nobody has named yet.
    Column("made", Boolean, nullable=False),
    Index("ix_aliases_learner", "learner_id"),
)

# xAPI statements in the order in which they were stored.
xapi_statements = Table(
    "xapi_statements",
    metadata,
    # SQLite finds rows by such a number at once.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("statement_id", String(36), nullable=False),
    # Milliseconds since 1970 in UTC: what is told of it, and asked by.
    Column("stored_ms", BigInteger, nullable=False),
    # As sent, NULL where it was not.
    Column("occurred_at", Double, nullable=True),
    # Whom it is about, where that is one learner.
    Column("learner_id", _SortedId, nullable=True),
    Column("fingerprint", String(64), nullable=False),
    # The statement that is the object of this one.
    Column("refers_to", String(36), nullable=True),
    # Whether it voids that.
    Column("voids", Boolean, nullable=False),
    Column("is_voided", Boolean, nullable=False),
    Column("outcome", String(32), nullable=False),
    # What it is found by: hashes of 16 bytes, one after the other.
    Column("found_by", LargeBinary, nullable=False),
    # The statement with everything but the time at which it was stored, as JSON.
    Column("payload", Text, nullable=False),
    Index("ix_xapi_statements_id", "statement_id", unique=True),
    Index("ix_xapi_statements_stored", "stored_ms"),
    Index("ix_xapi_statements_learner", "learner_id"),
    # Few have one.
    Index(
        "ix_xapi_statements_refers_to",
        "refers_to",
        sqlite_where=text("refers_to IS NOT NULL"),
        postgresql_where=text("refers_to IS NOT NULL"),
    ),
)
xapi_references = Table(
    "xapi_references",
    metadata,
    Column("ref", LargeBinary(16), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
# What is told of activities and verbs, by a hash of what they are: JSON, put together of all that was sent.
xapi_definitions = Table(
    "xapi_definitions",
    metadata,
    Column("ref", LargeBinary(16), primary_key=True),
    Column("payload", Text, nullable=False),
    sqlite_with_rowid=False,
)

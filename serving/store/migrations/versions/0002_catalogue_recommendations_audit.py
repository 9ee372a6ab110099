"""Catalogue rows, recommendations, reports, erasures, audit log; ids sorted by code point on PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SORTED_IDS = (
    ("events", "event_id"),
    ("events", "learner_id"),
    ("learner_states", "learner_id"),
    ("learners", "learner_id"),
    ("recommendations", "learner_id"),
)


def upgrade() -> None:
    """Add tables; make the order of ids that of the fold."""
    op.create_table(
        "catalog_rows",
        sa.Column("table_name", sa.String(32), primary_key=True),
        sa.Column("row_key", sa.String(640), primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_table(
        "revisions",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "recommendations",
        sa.Column("recommendation_id", sa.String(36), primary_key=True),
        sa.Column("learner_id", sa.String(200), nullable=False),
        sa.Column("generated_at", sa.Double, nullable=False),
        sa.Column("bundle_id", sa.String(128), nullable=False),
        sa.Column("simulated", sa.Boolean),
        sa.Column("modules", sa.Text, nullable=False),
    )
    op.create_index("ix_recommendations_learner", "recommendations", ["learner_id"])
    op.create_table(
        "reports",
        sa.Column("report", sa.String(32), primary_key=True),
        sa.Column("part", sa.String(200), primary_key=True),
        sa.Column("made_at", sa.Double, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_table(
        "erasures",
        sa.Column("mark", sa.String(64), primary_key=True),
        sa.Column("erased_at", sa.Double, nullable=False),
    )
    op.create_table(
        "audit_log",
        sa.Column("audit_id", sa.String(36), primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(200), nullable=True),
        sa.Column("outcome", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(128), nullable=True),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])
    op.create_index("ix_learners_team", "learners", ["team_id"])
    _collate("C")


def downgrade() -> None:
    """Drop them, with everything in them."""
    _collate("default")
    op.drop_index("ix_learners_team", "learners")
    for table in ("audit_log", "erasures", "reports", "recommendations", "revisions", "catalog_rows"):
        op.drop_table(table)


def _collate(collation: str) -> None:
    # SQLite compares bytes already; PostgreSQL compares by language unless it is told.
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _SORTED_IDS:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE VARCHAR(200) COLLATE "{collation}"')

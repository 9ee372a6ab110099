"""xAPI statements, what they are found by, definitions of activities; who learners are elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SortedId = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    """Add tables."""
    op.create_table(
        "aliases",
        sa.Column("alias_key", sa.String(32), primary_key=True),
        sa.Column("learner_id", _SortedId, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("made", sa.Boolean, nullable=False),
    )
    op.create_index("ix_aliases_learner", "aliases", ["learner_id"])
    op.create_table(
        "xapi_statements",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("statement_id", sa.String(36), nullable=False),
        sa.Column("stored_ms", sa.BigInteger, nullable=False),
        sa.Column("occurred_at", sa.Double, nullable=True),
        sa.Column("learner_id", _SortedId, nullable=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("refers_to", sa.String(36), nullable=True),
        sa.Column("voids", sa.Boolean, nullable=False),
        sa.Column("is_voided", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("found_by", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_index("ix_xapi_statements_id", "xapi_statements", ["statement_id"], unique=True)
    op.create_index("ix_xapi_statements_stored", "xapi_statements", ["stored_ms"])
    op.create_index("ix_xapi_statements_learner", "xapi_statements", ["learner_id"])
    is_there = sa.text("refers_to IS NOT NULL")
    op.create_index(
        "ix_xapi_statements_refers_to",
        "xapi_statements",
        ["refers_to"],
        sqlite_where=is_there,
        postgresql_where=is_there,
    )
    op.create_table(
        "xapi_references",
        sa.Column("ref", sa.LargeBinary(16), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "xapi_definitions",
        sa.Column("ref", sa.LargeBinary(16), primary_key=True),
        sa.Column("payload", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop them, with everything in them."""
    for table in ("xapi_definitions", "xapi_references", "xapi_statements", "aliases"):
        op.drop_table(table)

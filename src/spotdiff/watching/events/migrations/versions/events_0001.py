"""The first tables: events, their evidence, alerts to deliver, the journal, small facts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "events",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("number", LONG, nullable=False),
        sa.Column("camera", sa.String(150), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("zone", sa.String(200), nullable=False),
        sa.Column("box", sa.JSON),
        sa.Column("box_before", sa.JSON),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("confirmed", sa.BigInteger, nullable=False),
        sa.Column("closed", sa.BigInteger),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("confirmed_seconds", sa.Float, nullable=False),
        sa.Column("boot", sa.String(100), nullable=False),
        sa.Column("acknowledged_by", sa.String(200), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.UniqueConstraint("camera", "number", name="event_number"),
    )
    op.create_index("events_by_state", "events", ["camera", "state"])
    op.create_index("events_by_time", "events", ["first_seen"])
    op.create_table(
        "evidence",
        sa.Column("id", LONG, primary_key=True, autoincrement=True),
        sa.Column("event", sa.String(200), sa.ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("path", sa.String(500), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("event", "role", name="evidence_role"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", LONG, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(400), nullable=False, unique=True),
        sa.Column("event", sa.String(200), nullable=False),
        sa.Column("sink", sa.String(150), nullable=False),
        sa.Column("message", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("sent", sa.BigInteger),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("outbox_by_due", "outbox", ["state", "due"])
    op.create_table(
        "journal",
        sa.Column("id", LONG, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("camera", sa.String(150), nullable=False),
        sa.Column("what", sa.String(50), nullable=False),
        sa.Column("said", sa.Text, nullable=False),
    )
    op.create_table(
        "kept",
        sa.Column("name", sa.String(300), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Remove the tables and all that is in them."""
    for table in ("kept", "journal", "outbox", "evidence", "events"):
        op.drop_table(table)

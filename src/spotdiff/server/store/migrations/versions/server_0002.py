"""Accounts and their sessions, and what each has sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("scope", sa.String(10), nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("token", sa.String(64), unique=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(100), sa.ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("sessions_by_account", "sessions", ["account"])
    op.create_table(
        "uploads",
        sa.Column("number", LONG, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
    )
    op.create_index("uploads_by_picture", "uploads", ["sha256"])
    op.create_index("uploads_by_account", "uploads", ["account"])
    op.create_table(
        "job_owners",
        sa.Column("job", sa.String(32), primary_key=True),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("bytes", sa.BigInteger),
    )
    op.create_index("jobs_by_account", "job_owners", ["account"])


def downgrade() -> None:
    """Remove the tables and all that is in them."""
    for table in ("job_owners", "uploads", "sessions", "accounts"):
        op.drop_table(table)

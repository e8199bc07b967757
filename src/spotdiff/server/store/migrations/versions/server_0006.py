"""Measurements on labelled sets, which belong to no place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and let a run be of no place; SQLite writes the table anew for that."""
    with op.batch_alter_table("runs") as runs:
        runs.alter_column("place", existing_type=sa.String(100), nullable=True)
        runs.add_column(sa.Column("labelled_set", sa.String(200)))
        runs.create_index("runs_by_set", ["labelled_set", "number"])


def downgrade() -> None:
    """Remove the column and the runs that belong to no place."""
    op.execute("DELETE FROM runs WHERE place IS NULL")
    with op.batch_alter_table("runs") as runs:
        runs.drop_index("runs_by_set")
        runs.drop_column("labelled_set")
        runs.alter_column("place", existing_type=sa.String(100), nullable=False)

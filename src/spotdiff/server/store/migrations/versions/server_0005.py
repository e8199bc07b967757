"""Webhooks with names, which places choose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: what was on its way goes to the one webhook that there was."""
    op.add_column("places", sa.Column("webhooks", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("deliveries", sa.Column("hook", sa.String(40), nullable=False, server_default=""))


def downgrade() -> None:
    """Remove the columns."""
    op.drop_column("deliveries", "hook")
    op.drop_column("places", "webhooks")

"""Events name the inspection that found them; until now it stood in their text alone."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXT = re.compile(r"(?:1 thing is|\d+ things are) not as in (.+?): ", re.DOTALL)


def upgrade() -> None:
    """Add the column, filled in from the texts, which were all English."""
    op.add_column("events", sa.Column("inspection", sa.String(200), nullable=False, server_default=""))
    events = sa.table("events", sa.column("id"), sa.column("kind"), sa.column("text"), sa.column("inspection"))
    connection = op.get_bind()
    rows = connection.execute(sa.select(events.c.id, events.c.text).where(events.c.kind == "untidy")).all()
    for name, text in rows:
        if match := _TEXT.match(text):
            connection.execute(sa.update(events).where(events.c.id == name).values(inspection=match[1][:200]))


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("events", "inspection")

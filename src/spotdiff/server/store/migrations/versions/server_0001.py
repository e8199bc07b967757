"""The first tables: places, their pictures and approvals, jobs, comparisons, decisions, annotations."""

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
        "places",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("baseline", sa.BigInteger),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("training", sa.String(32)),
    )
    op.create_table(
        "jobs",
        sa.Column("number", LONG, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("before", sa.String(64)),
        sa.Column("before_name", sa.Text, nullable=False),
        sa.Column("after", sa.String(64), nullable=False),
        sa.Column("after_name", sa.Text, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("place", sa.String(100), sa.ForeignKey("places.name")),
        sa.Column("batch", sa.String(200), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("started", sa.BigInteger),
        sa.Column("finished", sa.BigInteger),
        sa.Column("problem", sa.JSON),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "number"])
    op.create_table(
        "comparisons",
        sa.Column("number", LONG, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("before_name", sa.Text, nullable=False),
        sa.Column("after_name", sa.Text, nullable=False),
        sa.Column("place", sa.String(100), sa.ForeignKey("places.name")),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("regions", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("batch", sa.String(200), nullable=False),
        sa.Column("decision", sa.String(20)),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    for column in ("decision", "batch", "place"):
        op.create_index(f"comparisons_by_{column}", "comparisons", [column, "number"])
    op.create_table(
        "place_pictures",
        sa.Column("number", LONG, primary_key=True, autoincrement=False),
        sa.Column("place", sa.String(100), sa.ForeignKey("places.name"), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("comparison", sa.String(32)),
        sa.Column("received", sa.BigInteger, nullable=False),
    )
    op.create_index("pictures_by_place", "place_pictures", ["place", "number"])
    op.create_table(
        "approvals",
        sa.Column("number", LONG, primary_key=True, autoincrement=True),
        sa.Column("place", sa.String(100), sa.ForeignKey("places.name"), nullable=False),
        sa.Column("picture", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("approvals_by_place", "approvals", ["place", "number"])
    op.create_table(
        "decisions",
        sa.Column("number", LONG, primary_key=True, autoincrement=True),
        sa.Column("comparison", sa.String(32), sa.ForeignKey("comparisons.id"), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("previous", sa.BigInteger),
    )
    op.create_index("decisions_by_comparison", "decisions", ["comparison", "number"])
    op.create_table(
        "comparison_annotations",
        sa.Column("comparison", sa.String(32), sa.ForeignKey("comparisons.id"), primary_key=True),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Remove the tables and all that is in them."""
    for table in (
        "comparison_annotations",
        "decisions",
        "approvals",
        "place_pictures",
        "comparisons",
        "jobs",
        "places",
    ):
        op.drop_table(table)

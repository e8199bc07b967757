"""The tables of a server, and the migrations that bring an older database to this shape."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.types import Float

from spotdiff.clock import from_microseconds, to_microseconds
from spotdiff.database.migrations import Migrations

VERSION = "spotdiff_server_version"
metadata = MetaData()
LONG = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is called an integer

# Instants are microseconds since 1970 in UTC: they sort, and no database bends them to a time zone.
jobs = Table(
    "jobs",
    metadata,
    Column("number", LONG, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("state", String(20), nullable=False),  # queued, running, done, failed, cancelled
    Column("before", String(64)),  # SHA-256; none where a place gets its first picture
    Column("before_name", Text, nullable=False),
    Column("after", String(64), nullable=False),
    Column("after_name", Text, nullable=False),
    Column("options", JSON, nullable=False),
    Column("place", String(100), ForeignKey("places.name")),
    Column("batch", String(200), nullable=False),  # what the client calls the set that it belongs to; "" for none
    Column("tries", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("finished", BigInteger),
    Column("problem", JSON),
    Index("jobs_by_state", "state", "number"),
)

comparisons = Table(
    "comparisons",
    metadata,
    Column("number", LONG, primary_key=True, autoincrement=False),  # of its job
    Column("id", String(32), nullable=False, unique=True),
    Column("before_name", Text, nullable=False),
    Column("after_name", Text, nullable=False),
    Column("place", String(100), ForeignKey("places.name")),
    Column("verdict", String(20), nullable=False),
    Column("score", Float, nullable=False),
    Column("regions", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("batch", String(200), nullable=False),
    Column("decision", String(20)),  # approved or rejected; none while nobody has decided
    Column("created", BigInteger, nullable=False),
    Index("comparisons_by_decision", "decision", "number"),
    Index("comparisons_by_batch", "batch", "number"),
    Index("comparisons_by_place", "place", "number"),
)

places = Table(
    "places",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("created", BigInteger, nullable=False),
    Column("baseline", BigInteger),  # number of one of its pictures
    Column("options", JSON, nullable=False),  # under which its pictures are compared
    Column("training", String(32)),  # whose weights they are compared with; none for those that ship
    Column("webhooks", JSON, nullable=False, server_default="[]"),  # names of those that are told of it
)

place_pictures = Table(
    "place_pictures",
    metadata,
    Column("number", LONG, primary_key=True, autoincrement=False),  # of the job that read it
    Column("place", String(100), ForeignKey("places.name"), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("comparison", String(32)),
    Column("received", BigInteger, nullable=False),
    Index("pictures_by_place", "place", "number"),
)

approvals = Table(  # who made which picture the baseline, and when
    "approvals",
    metadata,
    Column("number", LONG, primary_key=True, autoincrement=True),
    Column("place", String(100), ForeignKey("places.name"), nullable=False),
    Column("picture", BigInteger, nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("approvals_by_place", "place", "number"),
)

watched_files = Table(  # files of watched folders that have become pictures, so that each does so once
    "watched_files",
    metadata,
    Column("place", String(100), ForeignKey("places.name"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),  # nanoseconds, as the file system has it
    Column("sha256", String(64), nullable=False),
    Column("job", String(32), nullable=False),
)

deliveries = Table(  # messages on their way to webhooks, and those that were never taken
    "deliveries",
    metadata,
    Column("number", LONG, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column(
        "hook", String(40), nullable=False, server_default=""
    ),  # name of the webhook; "" for the one that is told of everything
    Column("body", Text, nullable=False),
    Column("state", String(20), nullable=False),  # waiting, dead
    Column("tries", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("error", Text, nullable=False),
    Index("deliveries_by_state", "state", "number"),
)

decisions = Table(  # who decided what, and when: rows are only added
    "decisions",
    metadata,
    Column("number", LONG, primary_key=True, autoincrement=True),
    Column("comparison", String(32), ForeignKey("comparisons.id"), nullable=False),
    Column("decision", String(20), nullable=False),  # approved, rejected, undone
    Column("who", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("previous", BigInteger),  # the baseline that an approval took the place of
    Index("decisions_by_comparison", "comparison", "number"),
)

comparison_annotations = Table(  # what a person says of a comparison that the answer does not
    "comparison_annotations",
    metadata,
    Column("comparison", String(32), ForeignKey("comparisons.id"), primary_key=True),
    Column("document", JSON, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("number", LONG, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("kind", String(20), nullable=False),  # training, measurement
    Column("place", String(100), ForeignKey("places.name")),  # on whose corrections it is; none for a labelled set
    Column("state", String(20), nullable=False),  # queued, running, stopped, done, failed
    Column("settings", JSON, nullable=False),
    Column("pairs", Integer, nullable=False),
    Column("who", String(200), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Column("problem", Text),
    Column("labelled_set", String(200)),  # that it is on; none for corrections
    Index("runs_by_place", "place", "kind", "number"),
    Index("runs_by_set", "labelled_set", "number"),
)


def now() -> int:
    """The wall's time as the tables hold it."""
    return to_microseconds(datetime.now(UTC))


def shown_time(value: int | None) -> str | None:
    """An instant of a table as ISO 8601 in UTC.

    Examples:
        >>> shown_time(0)
        '1970-01-01T00:00:00+00:00'
    """
    return None if value is None else from_microseconds(value).isoformat()


MIGRATIONS = Migrations(Path(__file__).parent / "migrations", metadata, VERSION, "a server's database")

"""The tables of a store. The migrations in `migrations/` bring an older database to this shape."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()
LONG = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only what is called an integer

# Instants of the wall are microseconds since 1970 in UTC: they sort, and no database bends them to a time zone.
events = Table(
    "events",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("number", LONG, nullable=False),
    Column("camera", String(150), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("zone", String(200), nullable=False, default=""),
    Column("box", JSON),
    Column("box_before", JSON),
    Column("first_seen", BigInteger, nullable=False),
    Column("confirmed", BigInteger, nullable=False),
    Column("closed", BigInteger),
    Column("score", Float, nullable=False),
    Column("text", Text, nullable=False),
    Column("outcome", String(20), nullable=False, default=""),
    Column("seconds", Float, nullable=False, default=0.0),
    Column("confirmed_seconds", Float, nullable=False, default=0.0),
    Column("boot", String(100), nullable=False, default=""),
    Column("inspection", String(200), nullable=False, default=""),
    Column("acknowledged_by", String(200), nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    UniqueConstraint("camera", "number", name="event_number"),
    Index("events_by_state", "camera", "state"),
    Index("events_by_time", "first_seen"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("event", String(200), ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(20), nullable=False),  # before, after, mask, clip, thumbnail
    Column("path", String(500), nullable=False),  # below the evidence folder, with forward slashes
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("written", BigInteger, nullable=False),
    UniqueConstraint("event", "role", name="evidence_role"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("key", String(400), nullable=False, unique=True),  # idempotency: event, change, sink, part
    Column("event", String(200), nullable=False),
    Column("sink", String(150), nullable=False),
    Column("message", JSON, nullable=False),
    Column("state", String(20), nullable=False),  # waiting, sent, dead
    Column("tries", Integer, nullable=False, default=0),
    Column("created", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("sent", BigInteger),
    Column("error", Text, nullable=False, default=""),
    Index("outbox_by_due", "state", "due"),
)

journal = Table(  # what happened to the watch itself: starts, steps of the clock, what was thrown away
    "journal",
    metadata,
    Column("id", LONG, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("camera", String(150), nullable=False, default=""),
    Column("what", String(50), nullable=False),
    Column("said", Text, nullable=False, default=""),
)

kept = Table(  # small facts by name, such as when a shift was last reported
    "kept",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("value", JSON, nullable=False),
)

"""The tables of a server, and the migrations that bring an older database to this shape."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text, inspect
from sqlalchemy.types import Float

from spotdiff.clock import from_microseconds, to_microseconds
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from alembic.script.revision import _RevIdType
    from sqlalchemy import Connection

VERSION = "spotdiff_server_version"  # this table says that the database is ours, and how old
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
    Column("created", BigInteger, nullable=False),
)

places = Table(
    "places",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("created", BigInteger, nullable=False),
    Column("baseline", BigInteger),  # number of one of its pictures
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


def migrate(connection: Connection) -> None:
    """Make the tables in an empty database, or bring older ones up; all of it in the caller's transaction.

    Raises:
        DataError: the database holds something else, or was made by a newer spotdiff.
        DBAPIError: the database does not take it.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    tables = inspect(connection).get_table_names()
    if tables and VERSION not in tables:
        raise DataError(f"the database holds other tables ({', '.join(sorted(tables)[:3])}); give the server its own")
    current = MigrationContext.configure(connection, opts={"version_table": VERSION}).get_current_revision()
    if current is not None and current not in {each.revision for each in script.walk_revisions()}:
        raise DataError(f"the database was made by a newer spotdiff (tables {current}); update this one")
    if current == script.get_current_head():
        return

    def steps(revision: _RevIdType, _context: MigrationContext) -> object:
        return script._upgrade_revs("head", revision)  # type: ignore[arg-type]  # as Alembic's own command does

    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(connection=connection, target_metadata=metadata, version_table=VERSION)
        environment.run_migrations()

"""A connection to the database of a server: SQLite that is safe to kill, or another one by its URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from spotdiff.errors import DataError, MissingExtra, OptionError
from spotdiff.server.schema import migrate

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


def open_database(address: str) -> Engine:
    """An engine for a database whose tables are there and in their present shape.

    Args:
        address: A SQLAlchemy URL.

    Raises:
        OptionError: it is none.
        MissingExtra: the database's driver is not installed.
        DataError: the database cannot be used.
    """
    try:
        url = make_url(address)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        engine = create_engine(url, pool_pre_ping=True, max_overflow=-1)  # threads are few; none fails for want of one
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise OptionError("--database takes a URL such as postgresql://user@host/name") from None
    except ModuleNotFoundError as error:
        raise MissingExtra(str(error.name)) from None
    if url.get_backend_name() == "sqlite":
        _settle(engine)
    try:
        with engine.begin() as connection:
            migrate(connection)
    except DBAPIError as error:
        engine.dispose()
        told = str(error.orig).partition("\n")[0]
        raise DataError(f"{url.render_as_string(hide_password=True)}: {told}") from None
    return engine


def _settle(engine: Engine) -> None:
    """Let every transaction of SQLite take the right to write at its start, so that none fails half way."""

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401 (the driver's own connection)
        connection.isolation_level = None  # transactions begin where we say
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

"""Connections to SQLite and PostgreSQL that keep what they commit and do not wait for ever."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError

from spotdiff.errors import MissingExtra, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDINGS = (".db", ".sqlite", ".sqlite3")
_FORMS = "is a path that ends in .db, or a URL such as sqlite:///name.db or postgresql://user@host/name"
_PRAGMAS = (
    "busy_timeout=5000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "wal_autocheckpoint=256",  # pages: a log of about 1 MB, which must fit into what is set aside for a full disk
)
_FILE = "file"  # of a pooled connection: the identity of its file
_SERVER_TIMEOUTS = {
    "connect_timeout": "3",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
    "options": "-c statement_timeout=10000 -c lock_timeout=5000",
}


def parse_url(text: str, *, what: str) -> URL:
    """The address of a database, with the driver that is used.

    Args:
        text: A path that ends in .db, .sqlite or .sqlite3, or a SQLAlchemy URL of one of the two databases.
        what: What it is the address of, for messages: "a store".

    Raises:
        OptionError: it is neither.

    Examples:
        >>> str(parse_url("/data/events.db", what="a store"))
        'sqlite:////data/events.db'
        >>> parse_url("postgresql://ann@db/watch", what="a store").drivername
        'postgresql+psycopg'
    """
    if "://" in text:
        try:
            parsed = make_url(text)
        except (ArgumentError, ValueError):
            raise OptionError(f"{what} {_FORMS}") from None  # the URL itself may hold a password
    elif text.endswith(_ENDINGS):
        parsed = URL.create("sqlite", database=text)
    else:
        raise OptionError(f"{text!r}: {what} {_FORMS}")
    backend, _, driver = parsed.drivername.partition("+")
    if backend == "sqlite" and driver in ("", "pysqlite"):
        name = parsed.database or ""
        if name in ("", ":memory:") or name.startswith("file:") or parsed.query:
            raise OptionError(f"{what} in SQLite is a plain file: sqlite:///name.db")
        return parsed
    if backend not in ("postgresql", "postgres") or driver not in ("", "psycopg"):
        raise OptionError(f"{parsed.drivername}: only sqlite and postgresql are known; {what} {_FORMS}")
    return parsed.set(drivername="postgresql+psycopg")


def file_of(url: URL) -> Path | None:
    """The SQLite file, or None for a server."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def shown_url(url: URL) -> str:
    """An address as people may see it, without its password.

    Examples:
        >>> shown_url(parse_url("postgresql://ann:secret@db/watch", what="a store"))
        'postgresql://ann:***@db/watch'
    """
    file = file_of(url)
    if file is not None:
        return str(file)
    return url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)


def make_engine(url: URL, *, extra: str) -> Engine:
    """An engine whose transactions write only where `writes` is among the execution options (see `writing`).

    Only the first connection to a SQLite file makes it: where its folder goes away for a while, none is made in its
    place. A connection to a file that is no longer at its path, as when a backup was put there, is not used again.

    Args:
        url: From `parse_url`.
        extra: What to install where the server's driver is missing.

    Raises:
        MissingExtra: the server's driver is not installed.
    """
    file = file_of(url)
    if file is None:
        return _server_engine(url, extra)
    path = file.absolute()
    made = False

    def connect() -> sqlite3.Connection:
        nonlocal made
        uri = f"{path.as_uri()}?mode={'rw' if made else 'rwc'}"
        connection = sqlite3.connect(uri, uri=True, timeout=5, check_same_thread=False)
        made = True
        return connection

    engine = create_engine(url, creator=connect, max_overflow=-1)  # no thread fails for want of one

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: Any) -> None:  # noqa: ANN401 (the driver's own connection, and the pool's)
        connection.isolation_level = None  # transactions begin where we say
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()
        record.info[_FILE] = _identity(path)

    @event.listens_for(engine, "checkout")
    def check_file(_connection: object, record: Any, _proxy: object) -> None:  # noqa: ANN401
        if _identity(path) not in (None, record.info[_FILE]):
            raise DisconnectionError(f"{file} is another file now")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from others, wherever it is moved; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def read_only(url: URL, *, extra: str) -> Iterator[Connection]:
    """A connection that leaves a database as it is, for one look at it.

    A SQLite file is read through the log of those who write it. Where there is none it is read as it lies, since even
    a connection that only reads would make one.

    Raises:
        MissingExtra: the server's driver is not installed.
        DBAPIError: the database does not answer.
    """
    file = file_of(url)
    if file is None:
        engine: Engine = _server_engine(url, extra).execution_options(postgresql_readonly=True)
    else:
        logged = all(Path(f"{file}{ending}").exists() for ending in ("-wal", "-shm"))
        uri = f"{file.absolute().as_uri()}?mode=ro&{'readonly_shm' if logged else 'immutable'}=1"
        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _server_engine(url: URL, extra: str) -> Engine:
    if find_spec("psycopg") is None:
        raise MissingExtra("psycopg", extra=extra)
    timeouts = {name: value for name, value in _SERVER_TIMEOUTS.items() if name not in url.query}
    return create_engine(url, connect_args=timeouts, pool_pre_ping=True, pool_size=4, max_overflow=-1)


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write."""
    return engine.execution_options(writes=True)

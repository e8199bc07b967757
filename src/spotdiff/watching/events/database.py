"""Where a store is, and connections to SQLite and PostgreSQL that keep what they commit and do not wait for ever."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from spotdiff.errors import MissingExtra, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDINGS = (".db", ".sqlite", ".sqlite3")
_TAKES = "a store is a path that ends in .db, or a URL such as sqlite:///events.db or postgresql://user@host/name"
_PRAGMAS = (
    "busy_timeout=5000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "wal_autocheckpoint=256",  # pages: a log of about 1 MB, which must fit into the reserve
)
_SERVER_TIMEOUTS = {
    "connect_timeout": "3",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
    "options": "-c statement_timeout=10000 -c lock_timeout=5000",
}


@dataclass(frozen=True, slots=True)
class Address:
    """A database and the folder of its evidence.

    Attributes:
        url: Of the database, with the driver that is used.
        folder: Where the evidence lies.
    """

    url: URL
    folder: Path

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None for a server."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    @property
    def shown(self) -> str:
        """The address as people may see it, without its password."""
        if self.file is not None:
            return str(self.file)
        return self.url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)

    def without_password(self, text: str) -> str:
        """A text, such as a server's own message, in which the password is not shown."""
        password = self.url.password
        return text.replace(str(password), "***") if password else text


def parse_address(url: str, folder: Path | None) -> Address:
    """Read the address of a store.

    Args:
        url: A path that ends in .db, .sqlite or .sqlite3, or a SQLAlchemy URL.
        folder: Of the evidence; None for `<name>-evidence` beside the SQLite file.

    Raises:
        OptionError: it is neither, names another database than these two, or a server without a folder.

    Examples:
        >>> address = parse_address("/data/events.db", None)
        >>> str(address.url), address.folder.as_posix()
        ('sqlite:////data/events.db', '/data/events-evidence')
        >>> parse_address("postgresql://ann:secret@db/watch", Path("/data")).shown
        'postgresql://ann:***@db/watch'
    """
    if "://" in url:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise OptionError(_TAKES) from None  # the URL itself may hold a password
    elif url.endswith(_ENDINGS):
        parsed = URL.create("sqlite", database=url)
    else:
        raise OptionError(f"{url!r}: {_TAKES}")
    backend, _, driver = parsed.drivername.partition("+")
    if backend == "sqlite" and driver in ("", "pysqlite"):
        return _file_address(parsed, folder)
    if backend not in ("postgresql", "postgres") or driver not in ("", "psycopg"):
        raise OptionError(f"{parsed.drivername}: events are kept in sqlite or postgresql; {_TAKES}")
    if folder is None:
        raise OptionError("a store in PostgreSQL needs a folder for its evidence")
    return Address(parsed.set(drivername="postgresql+psycopg"), folder)


def _file_address(url: URL, folder: Path | None) -> Address:
    name = url.database or ""
    if name in ("", ":memory:") or name.startswith("file:") or url.query:
        raise OptionError("a store in SQLite is a plain file: sqlite:///events.db")
    path = Path(name)
    return Address(url, path.with_name(f"{path.stem}-evidence") if folder is None else folder)


def make_engine(address: Address) -> Engine:
    """An engine whose transactions write only where `writes` is among the execution options (see `writing`).

    Raises:
        MissingExtra: the server's driver is not installed.
    """
    if address.file is None:
        return _server_engine(address)
    engine = create_engine(address.url, connect_args={"timeout": 5})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401 (the driver's own connection)
        connection.isolation_level = None  # transactions begin where we say
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def read_only(address: Address) -> Iterator[Connection]:
    """A connection that leaves a database as it is, for one look at it.

    A SQLite file is read through the log of those who write it. Where there is none it is read as it lies, since even
    a connection that only reads would make one.

    Raises:
        MissingExtra: the server's driver is not installed.
        DBAPIError: the database does not answer.
    """
    if address.file is None:
        engine: Engine = _server_engine(address).execution_options(postgresql_readonly=True)
    else:
        logged = all(Path(f"{address.file}{ending}").exists() for ending in ("-wal", "-shm"))
        uri = f"{address.file.absolute().as_uri()}?mode=ro&{'readonly_shm' if logged else 'immutable'}=1"
        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _server_engine(address: Address) -> Engine:
    if find_spec("psycopg") is None:
        raise MissingExtra("psycopg", extra="watch")
    timeouts = {name: value for name, value in _SERVER_TIMEOUTS.items() if name not in address.url.query}
    return create_engine(address.url, connect_args=timeouts, pool_pre_ping=True, pool_size=4)


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write."""
    return engine.execution_options(writes=True)

"""Connections to SQLite and PostgreSQL that keep what they commit and do not wait for ever."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event

from spotdiff.errors import MissingExtra

if TYPE_CHECKING:
    from spotdiff.watching.store.address import Address

_PRAGMAS = (
    "busy_timeout=5000",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "wal_autocheckpoint=256",  # pages: a log of about 1 MB, which must fit into the reserve
)
_PATIENCE = {
    "connect_timeout": "3",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
    "options": "-c statement_timeout=10000 -c lock_timeout=5000",
}


def make_engine(address: Address) -> Engine:
    """An engine whose transactions write only where `writes` is among the execution options.

    Raises:
        MissingExtra: the server's driver is not installed.
    """
    if address.file is not None:
        return _sqlite(address)
    if find_spec("psycopg") is None:
        raise MissingExtra("psycopg", extra="watch")
    patience = {name: value for name, value in _PATIENCE.items() if name not in address.url.query}
    return create_engine(address.url, connect_args=patience, pool_pre_ping=True, pool_size=4)


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write."""
    return engine.execution_options(writes=True)


def _sqlite(address: Address) -> Engine:
    engine = create_engine(address.url, connect_args={"timeout": 5})

    @event.listens_for(engine, "connect")
    def settle(connection: Any, _record: object) -> None:  # noqa: ANN401 (the driver's own connection)
        connection.isolation_level = None  # transactions begin where we say
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine

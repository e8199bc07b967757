"""Opening the database of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

import spotdiff.server.store.account_tables  # noqa: F401 (they belong to what is migrated)
from spotdiff.database.connection import make_engine, parse_url, shown_url, writing
from spotdiff.database.failures import reason
from spotdiff.errors import DataError
from spotdiff.server.store.schema import MIGRATIONS

if TYPE_CHECKING:
    from sqlalchemy import Engine


def open_database(address: str) -> Engine:
    """An engine for a database whose tables are there and in their present shape.

    Args:
        address: A path that ends in .db, or a SQLAlchemy URL of SQLite or PostgreSQL.

    Raises:
        OptionError: it is none.
        MissingExtra: the database's driver is not installed.
        DataError: the database cannot be used.
    """
    url = parse_url(address, what="a server's database")
    engine = make_engine(url, extra="serve")
    try:
        with writing(engine).begin() as connection:
            MIGRATIONS.bring_up(connection, shown_url(url))
    except DBAPIError as error:
        engine.dispose()
        raise DataError(f"{shown_url(url)}: {reason(error, url)}") from None
    except DataError:
        engine.dispose()
        raise
    return engine

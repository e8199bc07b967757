"""The tables brought to their present shape when a store is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from spotdiff.errors import DataError
from spotdiff.watching.store.tables import metadata

if TYPE_CHECKING:
    from alembic.script.revision import _RevIdType

VERSION = "spotdiff_version"  # this table says that the database is ours, and how old
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7305041)")


def migrate(connection: Connection, shown: str) -> None:
    """Make the tables in an empty database, or bring older ones up; all of it in the caller's transaction.

    Args:
        connection: In a transaction that writes.
        shown: Names the database in messages.

    Raises:
        DataError: the database is not a store, or was made by a newer spotdiff.
        DBAPIError: the database does not take it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)
    tables = inspect(connection).get_table_names()
    if tables and VERSION not in tables:
        some = ", ".join(sorted(tables)[:3])
        raise DataError(f"{shown}: not a store of events, it has other tables ({some}); give it a database of its own")
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection, opts={"version_table": VERSION}).get_current_revision()
    if current is not None and current not in {each.revision for each in script.walk_revisions()}:
        raise DataError(f"{shown}: made by a newer spotdiff (tables {current}); update this one to read it")
    if current != script.get_current_head():
        _upgrade(connection, config, script)


def _upgrade(connection: Connection, config: Config, script: ScriptDirectory) -> None:
    def steps(current: _RevIdType, _context: MigrationContext) -> object:
        return script._upgrade_revs("head", current)  # type: ignore[arg-type]  # as Alembic's own command does

    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(connection=connection, target_metadata=metadata, version_table=VERSION)
        environment.run_migrations()

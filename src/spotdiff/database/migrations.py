"""Tables brought to their present shape by Alembic, each kind of database with a version table of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from spotdiff.errors import DataError

if TYPE_CHECKING:
    from alembic.script.revision import _RevIdType
    from sqlalchemy import Connection, MetaData

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7305041)")


@dataclass(frozen=True, slots=True)
class Migrations:
    """The steps of one kind of database.

    Attributes:
        folder: Where Alembic finds them.
        metadata: The tables in their present shape.
        version_table: Says that the database is ours, and how old.
        what: What the database is, for messages: "a store of events".
    """

    folder: Path
    metadata: MetaData
    version_table: str
    what: str

    def current(self, connection: Connection, shown: str) -> str | None:
        """How old the tables are; None for an empty database. Nothing is written.

        Args:
            connection: To read with.
            shown: Names the database in messages.

        Raises:
            DataError: the database is something else, or was made by a newer spotdiff.
            DBAPIError: the database does not answer.
        """
        tables = inspect(connection).get_table_names()
        if tables and self.version_table not in tables:
            some = ", ".join(sorted(tables)[:3])
            raise DataError(f"{shown}: not {self.what}, it has other tables ({some}); give it a database of its own")
        context = MigrationContext.configure(connection, opts={"version_table": self.version_table})
        current = context.get_current_revision()
        if current is not None and current not in {each.revision for each in self._script()[1].walk_revisions()}:
            raise DataError(f"{shown}: made by a newer spotdiff (tables {current}); update this one to read it")
        return current

    def bring_up(self, connection: Connection, shown: str) -> None:
        """Make the tables in an empty database, or bring older ones up; all of it in the caller's transaction.

        Args:
            connection: In a transaction that writes.
            shown: Names the database in messages.

        Raises:
            DataError: the database is something else, or was made by a newer spotdiff.
            DBAPIError: the database does not take it.
        """
        if connection.dialect.name == "postgresql":
            connection.execute(_ONE_AT_A_TIME)
        config, script = self._script()
        if self.current(connection, shown) == script.get_current_head():
            return

        def steps(current: _RevIdType, _context: MigrationContext) -> object:
            return script._upgrade_revs("head", current)  # type: ignore[arg-type]  # as Alembic's own command does

        with EnvironmentContext(config, script, fn=steps) as environment:
            environment.configure(
                connection=connection, target_metadata=self.metadata, version_table=self.version_table
            )
            environment.run_migrations()

    def _script(self) -> tuple[Config, ScriptDirectory]:
        config = Config()
        config.set_main_option("script_location", str(self.folder).replace("%", "%%"))
        return config, ScriptDirectory.from_config(config)

"""Which files of watched folders have become pictures of their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from spotdiff.database.connection import writing
from spotdiff.server.store.schema import watched_files

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was taken.

    Attributes:
        name: Of the file in its folder.
        size: In bytes.
        modified: When it was written to last, in nanoseconds.
        sha256: Of its content.
        job: That compared it.
    """

    name: str
    size: int
    modified: int
    sha256: str
    job: str


class WatchedFiles:
    """The files that were taken; threads may share it."""

    def __init__(self, engine: Engine) -> None:
        """Over a database."""
        self._engine = engine

    def of(self, place: str) -> dict[str, Seen]:
        """Those of a place by name."""
        query = select(watched_files).where(watched_files.c.place == place)
        with self._engine.begin() as connection:
            rows = connection.execute(query).mappings().all()
        return {row["name"]: Seen(**{name: row[name] for name in Seen.__slots__}) for row in rows}

    def put(self, place: str, seen: Seen) -> None:
        """Write down how a file was taken, in place of how it was before."""
        with writing(self._engine).begin() as connection:
            put(connection, place, seen)


def put(connection: Connection, place: str, seen: Seen) -> None:
    """`WatchedFiles.put` within a transaction."""
    same = (watched_files.c.place == place) & (watched_files.c.name == seen.name)
    connection.execute(delete(watched_files).where(same))
    row = {name: getattr(seen, name) for name in Seen.__slots__}
    connection.execute(insert(watched_files).values(place=place, **row))

"""Annotations: what a person says of a comparison that the answer does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from spotdiff.database.connection import writing
from spotdiff.server.problems import Problem
from spotdiff.server.store.schema import comparison_annotations, comparisons, now, shown_time

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

EMPTY: Mapping[str, Any] = {"regions": {}, "shapes": []}


class Annotations:
    """The annotations of a server; threads may share it."""

    def __init__(self, engine: Engine) -> None:
        """Over a database."""
        self._engine = engine

    def of(self, comparison: str) -> dict[str, Any]:
        """What is said of a comparison, with its revision: 0 while nothing is.

        Raises:
            Problem: 404, there is no such comparison.
        """
        joined = comparisons.outerjoin(comparison_annotations, comparison_annotations.c.comparison == comparisons.c.id)
        query = select(comparison_annotations).select_from(joined).where(comparisons.c.id == comparison)
        with self._engine.begin() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise Problem(404, f"there is no comparison {comparison[:40]}")
        if row["document"] is None:
            return {**EMPTY, "revision": 0, "who": "", "at": None}
        return {**row["document"], "revision": row["revision"], "who": row["who"], "at": shown_time(row["at"])}

    def put(self, comparison: str, document: Mapping[str, Any], *, revision: int, who: str) -> dict[str, Any]:
        """Put what is said of a comparison in the place of a revision.

        Raises:
            Problem: 404, there is no such comparison; 409, another revision has been written meanwhile.
        """
        row = {"document": dict(document), "revision": revision + 1, "who": who, "at": now()}
        try:
            with writing(self._engine).begin() as connection:
                written = _put(connection, comparison, row, over=revision)
        except IntegrityError:  # there is no such comparison, or another first revision
            written = False
        if not written:
            latest = self.of(comparison)["revision"]
            raise Problem(409, f"revision {latest} has been written meanwhile; load it first")
        return self.of(comparison)

    def annotated(self, *, place: str = "", batch: str = "") -> list[str]:
        """The comparisons of which something is said, the oldest first; of a place or batch where one is named."""
        wanted = comparison_annotations.c.comparison == comparisons.c.id
        for column, name in ((comparisons.c.place, place), (comparisons.c.batch, batch)):
            if name:
                wanted &= column == name
        query = select(comparisons.c.id).where(wanted).order_by(comparisons.c.number)
        with self._engine.begin() as connection:
            return [str(name) for name in connection.execute(query).scalars()]


def _put(connection: Connection, comparison: str, row: Mapping[str, Any], *, over: int) -> bool:
    """Write a revision over another, and whether that was still the latest."""
    table = comparison_annotations
    if over == 0:
        connection.execute(insert(table).values(comparison=comparison, **row))
        return True
    here = (table.c.comparison == comparison) & (table.c.revision == over)
    return bool(connection.execute(update(table).where(here).values(row)).rowcount)

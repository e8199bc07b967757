"""Annotations: what a person says of a comparison that the answer does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from spotdiff.database.connection import writing
from spotdiff.server.problems import Problem
from spotdiff.server.store.schema import comparison_annotations, comparisons, now, shown_time

if TYPE_CHECKING:
    from sqlalchemy import Engine

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
        with writing(self._engine).begin() as connection:
            if connection.execute(select(comparisons.c.id).where(comparisons.c.id == comparison)).scalar() is None:
                raise Problem(404, f"there is no comparison {comparison[:40]}")
            here = comparison_annotations.c.comparison == comparison
            latest = connection.execute(select(comparison_annotations.c.revision).where(here)).scalar()
            if (latest or 0) != revision:
                raise Problem(409, f"revision {latest or 0} has been written meanwhile; load it first")
            if latest is None:
                connection.execute(insert(comparison_annotations).values(comparison=comparison, **row))
            else:
                connection.execute(update(comparison_annotations).where(here).values(row))
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

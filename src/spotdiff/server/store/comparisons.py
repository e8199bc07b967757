"""Comparisons that were made: their rows, and where their files lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from spotdiff.server.problems import Problem
from spotdiff.server.store.answer_files import FILES, answer_folder
from spotdiff.server.store.schema import comparisons, shown_time

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Comparisons:
    """The comparisons of a server; threads may share it."""

    def __init__(self, engine: Engine, data: Path) -> None:
        """Over a database and the folder of the files."""
        self._engine, self._data = engine, data

    def file(self, name: str, asked: str) -> Path:
        """A file of a comparison.

        Args:
            name: Its id.
            asked: One of `FILES`.

        Raises:
            Problem: 404, there is no such comparison.
        """
        with self._engine.begin() as connection:
            known = connection.execute(select(comparisons.c.id).where(comparisons.c.id == name)).scalar()
        if known is None:
            raise Problem(404, f"there is no comparison {name[:40]}")
        return answer_folder(self._data, known) / FILES[asked]

    def record(self, name: str) -> dict[str, Any]:
        """The record of a comparison as it was answered.

        Raises:
            Problem: 404, there is no such comparison.
        """
        record: dict[str, Any] = json.loads(self.file(name, "").read_bytes())
        return record

    def latest(self, count: int) -> list[dict[str, Any]]:
        """The latest comparisons, the last one first."""
        query = select(comparisons).order_by(comparisons.c.number.desc()).limit(count)
        with self._engine.begin() as connection:
            rows = connection.execute(query).mappings().all()
        told = ("id", "verdict", "score", "regions", "before_name", "after_name", "place")
        return [
            {name: row[name] for name in told}
            | {"created": shown_time(row["created"]), "url": f"/api/v1/comparisons/{row['id']}"}
            for row in rows
        ]

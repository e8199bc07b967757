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
    from sqlalchemy import Engine, RowMapping


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
            Problem: 404, there is no such comparison, or it has no such file.
        """
        path = self.folder(name) / FILES[asked]
        if asked.startswith("/view/") and not path.is_file():  # not every answer has all of them
            raise Problem(404, f"the comparison has no {asked.rpartition('/')[2]}")
        return path

    def folder(self, name: str) -> Path:
        """Where the files of a comparison lie.

        Raises:
            Problem: 404, there is no such comparison.
        """
        return answer_folder(self._data, self.row(name)["id"])

    def row(self, name: str) -> dict[str, Any]:
        """What is listed of a comparison.

        Raises:
            Problem: 404, there is no such comparison.
        """
        with self._engine.begin() as connection:
            row = connection.execute(select(comparisons).where(comparisons.c.id == name)).mappings().first()
        if row is None:
            raise Problem(404, f"there is no comparison {name[:40]}")
        return shown_comparison(row)

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
        return [shown_comparison(row) for row in rows]


def shown_comparison(row: RowMapping) -> dict[str, Any]:
    """A comparison as lists show it."""
    names = ("id", "verdict", "score", "regions", "text", "before_name", "after_name", "place", "batch", "decision")
    shown = {name: row[name] for name in names}
    return shown | {"created": shown_time(row["created"]), "url": f"/api/v1/comparisons/{row['id']}"}

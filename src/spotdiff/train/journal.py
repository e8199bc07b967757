"""What a training writes down as it goes: one row of figures a measuring, in a CSV that outlives a stop."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from spotdiff.files import write_whole


class Journal:
    """Rows of figures by step; a training that resumes takes back the rows after its checkpoint."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []

    def resume(self, step: int) -> None:
        """Keep the rows of an earlier run up to `step`."""
        if self.path.exists():
            with self.path.open(encoding="utf-8", newline="") as file:
                read = [{name: float(value or "nan") for name, value in row.items()} for row in csv.DictReader(file)]
            self.rows = [row for row in read if row["step"] <= step]

    def add(self, row: Mapping[str, float]) -> None:
        """Write one more row; the file is whole at any time.

        Raises:
            OSError: it cannot be written.
        """
        self.rows.append(dict(row))
        names = list(dict.fromkeys(name for each in self.rows for name in each))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, names)
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in each.items()} for each in self.rows)
        write_whole(self.path, text.getvalue().encode())

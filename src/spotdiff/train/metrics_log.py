"""The figures of a training as it goes: one row a validation, in a CSV that outlives a stop."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from spotdiff.atomic_write import write_whole
from spotdiff.csv_cells import csv_text
from spotdiff.errors import DataError
from spotdiff.evaluate.report_files import written

KEPT = "kept"  # the column that is 1 where the weights of a step were kept, else 0


class MetricsLog:
    """Rows of figures by step; a training that resumes takes back the rows after its checkpoint."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []

    @property
    def first(self) -> dict[str, float]:
        """The row of the first measuring, before the first step; empty where nothing was measured."""
        return self.rows[0] if self.rows else {}

    @property
    def kept(self) -> dict[str, float]:
        """The row of the weights that the run leaves; empty where none were kept."""
        return next((row for row in reversed(self.rows) if row.get(KEPT)), {})

    def resume(self, step: int) -> None:
        """Keep the rows of an earlier run up to `step`.

        Raises:
            DataError: the file holds something else.
            OSError: it cannot be read.
        """
        if not self.path.exists():
            return
        try:
            with self.path.open(encoding="utf-8", newline="") as file:
                read = [{name: float(value or "nan") for name, value in row.items()} for row in csv.DictReader(file)]
            self.rows = [row for row in read if row["step"] <= step]
        except (ValueError, TypeError, KeyError, csv.Error):  # of words, of too many columns, without steps, no text
            raise DataError(f"{self.path} is no journal of a training; remove it to go on without") from None

    def add(self, row: Mapping[str, float]) -> None:
        """Write one more row; the file is whole at any time.

        Raises:
            OSError: it cannot be written.
        """
        self.rows.append(dict(row))
        names = list(dict.fromkeys(name for each in self.rows for name in each))
        rows = ({name: written(value) for name, value in each.items()} for each in self.rows)
        write_whole(self.path, csv_text(names, rows, end="\r\n").encode())

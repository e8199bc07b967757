"""What a batch was run on, beside its answers: where its pictures lie and how much was told."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from spotdiff.atomic_write import write_whole
from spotdiff.csv_cells import text_of
from spotdiff.errors import DataError, why_no_folder

MANIFEST = ".batch.json"
SCHEMA = "spotdiff/batch/1"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a batch was run on.

    Attributes:
        folder: From where relative paths in the index go.
        before, after: The folders compared; "" where a table named the pictures.
        golden: The one picture that all were held against; "" for none.
        table: The table that named the pictures; "" where folders did.
        sensitivity: At which the regions in the records were told.
        language: Of the words.
        report, junit: The page and the JUnit XML of all pairs, from the folder of the answers on; "" for none.
        pages: Which pairs have a page of their own, see `Plan`.
    """

    folder: str = ""
    before: str = ""
    after: str = ""
    golden: str = ""
    table: str = ""
    sensitivity: float = 0.5
    language: str = "en"
    report: str = ""
    junit: str = ""
    pages: str = "off"

    def write(self, out: Path) -> None:
        """Write it into the folder of the answers."""
        write_whole(out / MANIFEST, (json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1) + "\n").encode())

    @classmethod
    def read(cls, out: Path) -> Manifest:
        """That of a folder of answers.

        Raises:
            DataError: the folder holds none.
        """
        try:
            values = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
            if values.pop("schema") != SCHEMA:
                raise ValueError
            return cls(**values)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            problem = f"{out} holds no answers of spotdiff batch" if out.is_dir() else f"{out}: {why_no_folder(out)}"
            raise DataError(f"{problem}; run spotdiff batch ... --out {out}") from None


def read_index(out: Path) -> list[dict[str, str]]:
    """The rows of a batch's index.csv as texts by column.

    Raises:
        DataError: there is none, or it is no index of a batch.
    """
    path = out / "index.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = [{name: text_of(cell) for name, cell in row.items() if name is not None} for row in reader]
            columns = reader.fieldnames or ()
    except (OSError, UnicodeDecodeError, csv.Error):
        raise DataError(f"{path} cannot be read; run spotdiff batch ... --out {out} with --index csv") from None
    if not {"name", "verdict", "before", "after"} <= set(columns):
        raise DataError(f"{path} is no index of spotdiff batch; run it again")
    return rows

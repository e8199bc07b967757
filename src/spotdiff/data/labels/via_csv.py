"""VIA (VGG Image Annotator 2): one CSV file for all pictures, one row a region.

    filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes
    before/1.png,1234,"{}",1,0,"{""name"":""rect"",""x"":1,...}","{""kind"":""added""}"

A picture without a region has one row whose shape is `{}`. The shapes are those of VIA's JSON files.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from spotdiff.data.labels.parts.marks import Mark, Sheet
from spotdiff.data.labels.parts.reading import read_bytes
from spotdiff.data.labels.parts.regions import mark_of, regions_of
from spotdiff.errors import DataError

_SHAPE, _SAID = "region_shape_attributes", "region_attributes"
_HEADS = ("filename", "file_size", "file_attributes", "region_count", "region_id", _SHAPE, _SAID)


@dataclass(frozen=True, slots=True)
class ViaCsv:
    """VIA's annotations as CSV."""

    ending: ClassVar[str] = ".csv"

    def read(self, path: Path) -> tuple[Sheet, ...]:
        """What the file says of every picture it names.

        Raises:
            DataError: it is no such file.
        """
        marks: dict[str, list[Mark]] = {}
        for line, row in enumerate(_rows(path), start=2):
            if row[_SHAPE] is None or row[_SAID] is None:
                raise DataError(f"{path}: not VIA's: row {line} has too few cells")
            found = marks.setdefault(row["filename"], [])
            shape, said = (_json(row[key], f"{path}: row {line}") for key in (_SHAPE, _SAID))
            if shape != {}:
                found.append(mark_of(f"region {row['region_id']} in row {line}", shape, said))
        return tuple(Sheet(name, tuple(found), path, picture=name) for name, found in marks.items())

    def write(self, sheets: Sequence[Sheet]) -> Mapping[str, bytes]:
        """One file for all."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_HEADS)
        for sheet in sheets:
            regions = list(regions_of(sheet))
            for at, (shape, said) in enumerate(regions or [({}, {})]):
                cells = json.dumps(shape), json.dumps(said)
                writer.writerow([sheet.name, sheet.weight, "{}", len(regions), at, *cells])
        return {"annotations.csv": text.getvalue().encode("utf-8")}


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(read_bytes(path).decode("utf-8-sig"), newline=""))
        reader.fieldnames = [name.lstrip("#") for name in reader.fieldnames or ()]
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not CSV: {error}") from None
    missing = [head for head in _HEADS if head not in (reader.fieldnames or ())]
    if missing:
        raise DataError(f"{path}: not VIA's: its first row lacks {', '.join(missing)}")
    return rows


def _json(cell: str, where: str) -> object:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise DataError(f"{where}: {cell[:40]!r} is not JSON") from None

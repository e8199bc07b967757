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

from spotdiff.csv_cells import cell_of, text_of
from spotdiff.data.annotations.annotation import Annotation, ImageAnnotations
from spotdiff.data.labels._via_regions import region_annotation, via_regions
from spotdiff.data.read_json import parse_json
from spotdiff.errors import DataError
from spotdiff.input_files import read_bytes

_SHAPE, _ATTRIBUTES = "region_shape_attributes", "region_attributes"
_HEADS = ("filename", "file_size", "file_attributes", "region_count", "region_id", _SHAPE, _ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class ViaCsv:
    """VIA's annotations as CSV."""

    suffix: ClassVar[str] = ".csv"

    def read(self, path: Path) -> tuple[ImageAnnotations, ...]:
        """What the file says of every picture it names.

        Raises:
            DataError: it is no such file.
        """
        annotations: dict[tuple[str, str], list[Annotation]] = {}  # two pictures may have one name
        for line, row in enumerate(_read_rows(path), start=2):
            if row[_SHAPE] is None or row[_ATTRIBUTES] is None:
                raise DataError(f"{path}: not VIA's: row {line} has too few cells")
            of_image = annotations.setdefault((row["filename"], row["file_size"]), [])
            shape, attributes = (_parse_cell(row[key], f"{path}: row {line}") for key in (_SHAPE, _ATTRIBUTES))
            if (shape, attributes) != ({}, {}):
                of_image.append(region_annotation(f"region {row['region_id']} in row {line}", shape, attributes))
        return tuple(
            ImageAnnotations(name, tuple(of_image), path, path=name) for (name, _), of_image in annotations.items()
        )

    def write(self, images: Sequence[ImageAnnotations]) -> Mapping[str, bytes]:
        """One file for all."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_HEADS)
        for image in images:
            regions = list(via_regions(image))
            for region_id, (shape, attributes) in enumerate(regions or [({}, {})]):
                cells = json.dumps(shape), json.dumps(attributes)
                writer.writerow([cell_of(image.name), image.file_size, "{}", len(regions), region_id, *cells])
        return {"annotations.csv": text.getvalue().encode("utf-8")}


def _read_rows(path: Path) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(read_bytes(path).decode("utf-8-sig"), newline=""))
        reader.fieldnames = [name.lstrip("#") for name in reader.fieldnames or ()]
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not CSV: {error}") from None
    missing = [head for head in _HEADS if head not in (reader.fieldnames or ())]
    if missing:
        raise DataError(f"{path}: not VIA's: its first row lacks {', '.join(missing)}")
    return [row | {"filename": text_of(row["filename"])} for row in rows]


def _parse_cell(cell: str, where: str) -> object:
    try:
        return parse_json(cell)
    except DataError as error:
        raise DataError(f"{where}: {cell[:40]!r} is not JSON: {error}") from None

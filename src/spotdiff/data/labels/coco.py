"""COCO instances: one JSON file for all pictures.

    {"images": [{"id": 1, "file_name": "before/1.png", "width": 640, "height": 480}],
     "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[x1, y1, x2, y2, ...], ...],
                      "bbox": [x, y, width, height], "area": 12.0, "iscrowd": 0}],
     "categories": [{"id": 1, "name": "added", "supercategory": "change"}]}

A segmentation is a list of polygons, or run lengths down the columns, plain or packed into a text; without one the box
counts. The kind is the category's name.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from spotdiff.data.labels.parts.marks import Mark, Ring, Sheet, drawn
from spotdiff.data.labels.parts.polygons import area_of, rectangle
from spotdiff.data.labels.parts.reading import corners, entry, number, read_json, said_size
from spotdiff.data.labels.parts.runs import counts_of, mask_of, rings_of
from spotdiff.data.labels.parts.words import KINDS
from spotdiff.errors import DataError


@dataclass(frozen=True, slots=True)
class Coco:
    """COCO's instances file."""

    ending: ClassVar[str] = ".json"

    def read(self, path: Path) -> tuple[Sheet, ...]:
        """What the file says of every picture it names, also of those without an annotation.

        Raises:
            DataError: it is no such file.
        """
        said = read_json(path)
        try:
            images, annotations, categories = (
                entry(said, key, list) for key in ("images", "annotations", "categories")
            )
            names = {entry(one, "id", int): entry(one, "name", str) for one in categories}
            marks: dict[int, list[Mark]] = defaultdict(list)
            for number_, one in enumerate(annotations, start=1):
                marks[entry(one, "image_id", int)].append(_mark(number_, one, names))
            sheets = tuple(_sheet(image, marks, path) for image in images)
            if marks:
                raise DataError(f"an annotation is of image {next(iter(marks))}, which is not among the images")
        except DataError as error:
            raise DataError(f"{path}: not COCO instances: {error}") from None
        return sheets

    def write(self, sheets: Sequence[Sheet]) -> Mapping[str, bytes]:
        """One file for all."""
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for sheet in sheets:
            width, height = sheet.size or (0, 0)
            images.append({"id": len(images) + 1, "file_name": sheet.name, "width": width, "height": height})
            for mark in sheet.marks:
                annotations.append({"id": len(annotations) + 1, "image_id": len(images), **_annotation(mark)})
        categories = [{"id": at, "name": kind, "supercategory": "change"} for at, kind in enumerate(KINDS, start=1)]
        said = {"images": images, "annotations": annotations, "categories": categories}
        return {"annotations.json": (json.dumps(said) + "\n").encode("ascii")}


def _sheet(image: object, marks: dict[int, list[Mark]], path: Path) -> Sheet:
    name, found = entry(image, "file_name", str), marks.pop(entry(image, "id", int), [])
    width, height = (image.get(key) if isinstance(image, dict) else None for key in ("width", "height"))
    return Sheet(name, tuple(found), path, said_size(width, height), name)


def _mark(position: int, one: object, names: Mapping[int, str]) -> Mark:
    where = f"annotation {one.get('id', position) if isinstance(one, dict) else position}"
    return drawn(where, lambda: _label(entry(one, "category_id", int), names), lambda: _rings(one))


def _label(category: int, names: Mapping[int, str]) -> str:
    if category not in names:
        raise DataError(f"there is no category {category}")
    return names[category]


def _rings(one: object) -> tuple[Ring, ...]:
    said = one.get("segmentation") if isinstance(one, dict) else None
    if isinstance(said, dict):
        return _from_runs(said)
    if said:
        if not isinstance(said, list) or not all(isinstance(flat, list) and len(flat) % 2 == 0 for flat in said):
            raise DataError("a segmentation is a list of polygons [x1, y1, x2, y2, ...]")
        return tuple(corners([flat[at : at + 2] for at in range(0, len(flat), 2)]) for flat in said)
    box = entry(one, "bbox", list)
    if len(box) != 4:
        raise DataError("a bbox is [x, y, width, height]")
    x, y, width, height = map(number, box)
    return (rectangle(x, y, x + width, y + height),)


def _from_runs(said: dict[str, Any]) -> tuple[Ring, ...]:
    size, counts = entry(said, "size", list), said.get("counts")
    if len(size) != 2 or not all(isinstance(side, int) for side in size) or not isinstance(counts, list | str):
        raise DataError('run lengths need "size" [height, width] and "counts"')
    lengths = counts_of(counts) if isinstance(counts, str) else counts
    return rings_of(mask_of(lengths, (size[1], size[0]), by_columns=True))


def _annotation(mark: Mark) -> dict[str, Any]:
    every = np.concatenate(mark.rings)
    low, high = every.min(axis=0), every.max(axis=0)
    return {
        "category_id": KINDS.index(mark.label) + 1,
        "segmentation": [ring.ravel().tolist() for ring in mark.rings],
        "bbox": [*low.tolist(), *(high - low).tolist()],
        "area": sum(area_of(ring) for ring in mark.rings),
        "iscrowd": 0,
    }

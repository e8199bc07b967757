"""labelme: one JSON file a picture, beside it and of its name.

    {"version": "5.0.1", "flags": {}, "imagePath": "1.png", "imageData": null, "imageHeight": 480, "imageWidth": 640,
     "shapes": [{"label": "added", "points": [[x, y], ...], "shape_type": "polygon", "group_id": null, "flags": {}}]}

Read are polygons, rectangles (two opposite corners), circles (middle and a point on the rim) and masks (a PNG in
base64 whose first pixel lies at the first point); lines and points have no area. `imageData` may hold the picture.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import cv2
import numpy as np

from spotdiff.data.labels.parts.marks import Mark, Ring, Sheet, drawn
from spotdiff.data.labels.parts.polygons import ellipse, rectangle
from spotdiff.data.labels.parts.reading import corners, entry, read_json, said_size
from spotdiff.data.labels.parts.runs import rings_of
from spotdiff.errors import DataError

_VERSION = "5.0.1"  # the oldest whose files hold what is written here


@dataclass(frozen=True, slots=True)
class Labelme:
    """labelme's JSON files."""

    ending: ClassVar[str] = ".json"

    def read(self, path: Path) -> tuple[Sheet, ...]:
        """What a file says of its one picture; the file bears the picture's name.

        Raises:
            DataError: it is no such file.
        """
        said = read_json(path)
        try:
            shapes = entry(said, "shapes", list)
            picture = str(said.get("imagePath") or "")
            size = said_size(said.get("imageWidth"), said.get("imageHeight"))
            embedded = _from_base64(said.get("imageData") or "")
        except DataError as error:
            raise DataError(f"{path}: not labelme's: {error}") from None
        marks = tuple(_mark(number, shape) for number, shape in enumerate(shapes, start=1))
        return (Sheet("", marks, path, size, picture, embedded),)

    def write(self, sheets: Sequence[Sheet]) -> Mapping[str, bytes]:
        """One file a picture, beside it."""
        return {str(PurePosixPath(sheet.name).with_suffix(".json")): _file(sheet) for sheet in sheets}


def _mark(number: int, shape: object) -> Mark:
    return drawn(f"shape {number}", lambda: entry(shape, "label", str), lambda: _rings(shape))


def _rings(shape: object) -> tuple[Ring, ...]:
    kind = str(shape.get("shape_type") or "polygon") if isinstance(shape, dict) else ""
    points = corners(entry(shape, "points", list))
    if kind == "polygon":
        return (points,)
    if kind not in ("rectangle", "circle", "mask"):
        raise DataError(f"a {kind} has no area: draw a polygon or a rectangle")
    if kind == "rectangle" and len(points) == 4:
        return (points,)
    if len(points) != 2:
        raise DataError(f"a {kind} has two points, not {len(points)}")
    (x, y), (end_x, end_y) = points
    if kind == "rectangle":
        return (rectangle(x, y, end_x, end_y),)
    if kind == "circle":
        radius = float(np.hypot(end_x - x, end_y - y))
        return (ellipse(x, y, radius, radius),)
    return rings_of(_bitmap(entry(shape, "mask", str)), left=x, top=y)


def _bitmap(text: str) -> np.ndarray:
    data = np.frombuffer(_from_base64(text), np.uint8)
    mask = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if mask is None:
        raise DataError("its mask is no picture")
    return np.asarray(mask > 0)


def _from_base64(text: object) -> bytes:
    try:
        return base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except (binascii.Error, ValueError):
        raise DataError("what should be a picture in base64 is something else") from None


def _file(sheet: Sheet) -> bytes:
    width, height = sheet.size or (0, 0)
    shapes: list[dict[str, Any]] = [
        {
            "label": mark.label,
            "points": ring.tolist(),
            "group_id": None,
            "description": "",
            "shape_type": "polygon",
            "flags": {},
        }
        for mark in sheet.marks
        for ring in mark.rings
    ]
    said: dict[str, Any] = {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": PurePosixPath(sheet.name).name,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
    return (json.dumps(said, indent=2) + "\n").encode("ascii")

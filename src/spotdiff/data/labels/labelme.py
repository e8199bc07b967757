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
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import cv2
import numpy as np

from spotdiff.data.annotations.annotation import ImageAnnotations, parse_annotation
from spotdiff.data.annotations.parsing import exact_polygons, parse_polygon, parse_size, value_of
from spotdiff.data.decode_array import decode_array
from spotdiff.data.read_json import read_json_object
from spotdiff.errors import DataError
from spotdiff.regions.polygons import Polygon, ellipse, rectangle

_VERSION = "5.0.1"  # the oldest whose files hold what is written here


@dataclass(frozen=True, slots=True)
class Labelme:
    """labelme's JSON files."""

    suffix: ClassVar[str] = ".json"

    def read(self, path: Path) -> tuple[ImageAnnotations, ...]:
        """What a file says of its one picture; the file bears the picture's name.

        Raises:
            DataError: it is no such file.
        """
        document = read_json_object(path)
        try:
            shapes = value_of(document, "shapes", list)
            path_in_file = str(document.get("imagePath") or "")
            size = parse_size(document.get("imageWidth"), document.get("imageHeight"))
            embedded = _decode_base64(document.get("imageData") or "")
        except DataError as error:
            raise DataError(f"{path}: not labelme's: {error}") from None
        annotations = tuple(
            parse_annotation(f"shape {at}", partial(value_of, shape, "label", str), partial(_parse_polygons, shape))
            for at, shape in enumerate(shapes, start=1)
        )
        return (ImageAnnotations("", annotations, path, size, path_in_file, embedded),)

    def write(self, images: Sequence[ImageAnnotations]) -> Mapping[str, bytes]:
        """One file a picture, beside it."""
        return {str(PurePosixPath(image.name).with_suffix(".json")): _encode_file(image) for image in images}


def _parse_polygons(shape: object) -> tuple[Polygon, ...]:
    kind = str(shape.get("shape_type") or "polygon") if isinstance(shape, dict) else ""
    points = parse_polygon(value_of(shape, "points", list))
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
    return exact_polygons(_decode_mask(value_of(shape, "mask", str)), left=x, top=y)


def _decode_mask(text: str) -> np.ndarray:
    mask = decode_array(_decode_base64(text), cv2.IMREAD_GRAYSCALE, name="its mask")
    if mask is None:
        raise DataError("its mask is no picture")
    return np.asarray(mask > 0)


def _decode_base64(text: object) -> bytes:
    try:
        return base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except (binascii.Error, ValueError):
        raise DataError("what should be a picture in base64 is something else") from None


def _encode_file(image: ImageAnnotations) -> bytes:
    width, height = image.size or (0, 0)
    shapes: list[dict[str, Any]] = [
        {
            "label": annotation.category,
            "points": polygon.tolist(),
            "group_id": None,
            "description": "",
            "shape_type": "polygon",
            "flags": {},
        }
        for annotation in image.annotations
        for polygon in annotation.polygons
    ]
    document: dict[str, Any] = {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": PurePosixPath(image.name).name,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
    return (json.dumps(document, indent=2) + "\n").encode("ascii")

"""labelme: one JSON file a picture, beside it and of its name.

    {"version": "5.0.1", "flags": {}, "imagePath": "1.png", "imageData": null, "imageHeight": 480, "imageWidth": 640,
     "shapes": [{"label": "added", "points": [[x, y], ...], "shape_type": "polygon", "group_id": null, "flags": {}}]}

Read are polygons, rectangles (two opposite corners, or all four), what is turned (four corners: `oriented_rectangle`,
X-AnyLabeling's `rotation` and `quadrilateral`), circles (middle and a point on the rim) and masks (a PNG in base64
whose first pixel lies at the first point and whose last at the second); lines and points have no area. `imageData` may
hold the picture, and then it is the one that was drawn on.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from spotdiff.data.annotations.annotation import ImageAnnotations, parse_annotation
from spotdiff.data.annotations.parsing import check_mask_size, exact_polygons, parse_polygon, parse_size, value_of
from spotdiff.data.read_json import read_json_object
from spotdiff.errors import DataError, LoadError
from spotdiff.image import load_picture
from spotdiff.regions.polygons import Polygon, ellipse, rectangle

if TYPE_CHECKING:
    from spotdiff.types import Mask

_POINTS = {  # how many points a shape has
    "rectangle": (2, 4),
    "oriented_rectangle": (4,),
    "rotation": (4,),
    "quadrilateral": (4,),
    "circle": (2,),
    "mask": (2,),
}
_NUMERALS = {2: "two", 4: "four"}
_PNG, _PNG_HEAD = b"\x89PNG\r\n\x1a\n", struct.Struct(">16sII")
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
            path_in_file = value_of(document, "imagePath", str) if document.get("imagePath") is not None else ""
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
    counts = _POINTS.get(kind)
    if counts is None:
        raise DataError(f"a {kind[:40]} has no area: draw a polygon or a rectangle")
    if len(points) not in counts:
        raise DataError(f"a {kind} has {' or '.join(map(_NUMERALS.__getitem__, counts))} points, not {len(points)}")
    if len(points) == 4:
        return (points,)
    (x, y), (end_x, end_y) = points
    if kind == "rectangle":
        return (rectangle(x, y, end_x, end_y),)
    if kind == "circle":
        radius = float(np.hypot(end_x - x, end_y - y))
        return (ellipse(x, y, radius, radius),)
    size = round(abs(end_x - x)) + 1, round(abs(end_y - y)) + 1
    return exact_polygons(_decode_mask(value_of(shape, "mask", str), size), left=x, top=y)


def _decode_mask(text: str, size: tuple[int, int]) -> Mask:
    """The mask, whose header must tell the size of its box before anything is unpacked."""
    data = _decode_base64(text)
    if not data.startswith(_PNG) or len(data) < _PNG_HEAD.size:
        raise DataError("its mask is no picture in PNG")
    _, width, height = _PNG_HEAD.unpack_from(data)
    if abs(width - size[0]) > 1 or abs(height - size[1]) > 1:  # programs count the last row and column, or do not
        raise DataError(f"its mask is {width}x{height} pixels, but its points are {size[0]}x{size[1]} apart")
    check_mask_size((width, height))
    try:
        return np.asarray(load_picture(data).pixels.any(axis=2))
    except LoadError:
        raise DataError("its mask is no picture") from None


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

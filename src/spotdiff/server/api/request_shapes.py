"""Polygons among the boxes that a client ignores or focuses on: they become a mask of `before`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from spotdiff.options import Options
    from spotdiff.regions.polygons import Polygon
    from spotdiff.types import Mask

_FARTHEST = 1e6  # pixels
_MOST_CORNERS = 10_000


def without_polygons(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options with boxes alone: none for an ignored polygon, that round it for one in focus.

    Raises:
        OptionError: a polygon cannot be.

    Examples:
        >>> without_polygons({"focus": [[[1, 1], [8, 1], [4, 9.5]]], "ignore": [[2, 2, 3, 3]]})
        {'focus': [[1, 1, 8, 10]], 'ignore': [[2, 2, 3, 3]]}
    """
    boxes = dict(given)
    for name in ("ignore", "focus"):
        if polygons := _polygons(given, name):
            rest = [shape for shape in given[name] if not _is_polygon(shape)]
            boxes[name] = rest if name == "ignore" else [*rest, *map(_box_round, polygons)]
    return boxes


def with_mask(options: Options, given: Mapping[str, Any], before: object) -> Options:
    """The options with what the polygons of a request say as their mask.

    Args:
        options: Made of the request, see `without_polygons`.
        given: The request.
        before: The picture, which says how large the mask is.

    Raises:
        LoadError: the picture cannot be read.
    """
    if not _polygons(given, "ignore") and not _polygons(given, "focus"):
        return options
    from spotdiff.image.load import load_picture

    size = load_picture(before, options=options).size
    mask = _covered(given, "ignore", size)
    if _polygons(given, "focus"):
        mask |= ~_covered(given, "focus", size, boxes=True)
    return options.changed(ignore_mask=mask.astype(np.uint8) * 255)


def _covered(given: Mapping[str, Any], name: str, size: tuple[int, int], *, boxes: bool = False) -> Mask:
    from spotdiff.regions.polygons import polygon_mask

    covered = np.zeros(size[::-1], bool)
    for polygon in _polygons(given, name):
        covered |= polygon_mask(polygon, size)
    for left, top, right, bottom in [shape for shape in given[name] if not _is_polygon(shape)] if boxes else []:
        covered[max(top, 0) : bottom, max(left, 0) : right] = True
    return covered


def _is_polygon(shape: object) -> bool:
    return isinstance(shape, list) and bool(shape) and isinstance(shape[0], list)


def _polygons(given: Mapping[str, Any], name: str) -> list[Polygon]:
    shapes = given.get(name)
    return [_polygon(name, shape) for shape in shapes if _is_polygon(shape)] if isinstance(shapes, list) else []


def _polygon(name: str, corners: Sequence[Any]) -> Polygon:
    numbers = all(isinstance(corner, list) and len(corner) == 2 and all(map(_is_pixel, corner)) for corner in corners)
    if not 3 <= len(corners) <= _MOST_CORNERS or not numbers:
        raise OptionError(f"{name} takes boxes, and polygons of 3 to {_MOST_CORNERS} corners [x, y]")
    return np.array(corners, np.float64)


def _is_pixel(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _FARTHEST


def _box_round(polygon: Polygon) -> list[int]:
    (left, top), (right, bottom) = polygon.min(axis=0), polygon.max(axis=0)
    return [math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)]

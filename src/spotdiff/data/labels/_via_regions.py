"""Regions as VIA (VGG Image Annotator 2) keeps them, in its JSON and its CSV files alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotdiff.data.annotations.annotation import Annotation, ImageAnnotations, parse_annotation
from spotdiff.data.annotations.parsing import parse_number, parse_polygon, value_of
from spotdiff.errors import DataError
from spotdiff.regions.polygons import Polygon, ellipse, rectangle, rotated

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "kind"  # the attribute that bears the category in what is written
_USUAL = (KIND, "label", "class", "type", "name", "change")  # and in what is read


def region_annotation(where: str, shape: object, attributes: object) -> Annotation:
    """A region as an annotation.

    Its category is the attribute named kind, label, class, type, name or change, or the only one it has; of one of
    boxes to tick, the one box that is ticked.
    """
    return parse_annotation(where, lambda: _parse_category(attributes), lambda: (_parse_polygon(shape),))


def _parse_category(attributes: object) -> str:
    by_name = {str(key).lower(): value for key, value in attributes.items()} if isinstance(attributes, dict) else {}
    name = next((name for name in _USUAL if name in by_name), next(iter(by_name)) if len(by_name) == 1 else None)
    if name is None:
        raise DataError(f'it needs an attribute "{KIND}"')
    value = by_name[name]
    if isinstance(value, dict):
        ticked = [str(key) for key, chosen in value.items() if chosen is True]
        value = ticked[0] if len(ticked) == 1 else None
    if not isinstance(value, str):
        raise DataError(f"its attribute {name!r} must be one word")
    return value


def _parse_polygon(shape: object) -> Polygon:
    name = value_of(shape, "name", str)
    if name == "polygon":
        x, y = value_of(shape, "all_points_x", list), value_of(shape, "all_points_y", list)
        if len(x) != len(y):
            raise DataError(f"it has {len(x)} x and {len(y)} y")
        return parse_polygon(list(zip(x, y, strict=True)))
    if name == "rect":
        left, top, width, height = _numbers(shape, "x", "y", "width", "height")
        return rectangle(left, top, left + width, top + height)
    if name == "circle":
        middle_x, middle_y, radius = _numbers(shape, "cx", "cy", "r")
        return ellipse(middle_x, middle_y, radius, radius)
    if name == "ellipse":
        angle = parse_number(shape.get("theta", 0)) if isinstance(shape, dict) else 0.0
        return rotated(ellipse(*_numbers(shape, "cx", "cy", "rx", "ry")), angle)
    raise DataError(f"a {name} has no area: draw a polygon or a rect")


def _numbers(shape: object, *names: str) -> list[float]:
    return [parse_number(shape.get(name) if isinstance(shape, dict) else None) for name in names]


def via_regions(image: ImageAnnotations) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The shape and the attributes of each region that is drawn on a picture."""
    for annotation in image.annotations:
        for polygon in annotation.polygons:
            x, y = polygon.T.tolist()
            yield {"name": "polygon", "all_points_x": x, "all_points_y": y}, {KIND: annotation.category}

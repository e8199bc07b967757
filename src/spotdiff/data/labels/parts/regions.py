"""Regions as VIA (VGG Image Annotator 2) keeps them, in its JSON and its CSV files alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotdiff.data.labels.parts.marks import Mark, Ring, Sheet, drawn
from spotdiff.data.labels.parts.polygons import ellipse, rectangle, turned
from spotdiff.data.labels.parts.reading import corners, entry, number
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "kind"  # the attribute that bears the label in what is written
_USUAL = (KIND, "label", "class", "type", "name", "change")  # and in what is read


def mark_of(where: str, shape: object, attributes: object) -> Mark:
    """A region as a mark.

    Its label is the attribute named kind, label, class, type, name or change, or the only one it has; of an attribute
    of boxes to tick, the one box that is ticked.
    """
    return drawn(where, lambda: _label(attributes), lambda: (_ring(shape),))


def _label(attributes: object) -> str:
    said = {str(key).lower(): value for key, value in attributes.items()} if isinstance(attributes, dict) else {}
    name = next((name for name in _USUAL if name in said), next(iter(said)) if len(said) == 1 else None)
    if name is None:
        raise DataError(f'it needs an attribute "{KIND}"')
    value = said[name]
    if isinstance(value, dict):
        ticked = [str(key) for key, chosen in value.items() if chosen is True]
        value = ticked[0] if len(ticked) == 1 else None
    if not isinstance(value, str):
        raise DataError(f"its attribute {name!r} must be one word")
    return value


def _ring(shape: object) -> Ring:
    name = entry(shape, "name", str)
    if name == "polygon":
        return corners(list(zip(*_lists(shape), strict=True)))
    if name == "rect":
        x, y, width, height = _numbers(shape, "x", "y", "width", "height")
        return rectangle(x, y, x + width, y + height)
    if name == "circle":
        x, y, radius = _numbers(shape, "cx", "cy", "r")
        return ellipse(x, y, radius, radius)
    if name == "ellipse":
        angle = number(shape.get("theta", 0)) if isinstance(shape, dict) else 0.0
        return turned(ellipse(*_numbers(shape, "cx", "cy", "rx", "ry")), angle)
    raise DataError(f"a {name} has no area: draw a polygon or a rect")


def _lists(shape: object) -> tuple[list[Any], list[Any]]:
    x, y = entry(shape, "all_points_x", list), entry(shape, "all_points_y", list)
    if len(x) != len(y):
        raise DataError(f"it has {len(x)} x and {len(y)} y")
    return x, y


def _numbers(shape: object, *names: str) -> list[float]:
    return [number(shape.get(name) if isinstance(shape, dict) else None) for name in names]


def regions_of(sheet: Sheet) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The shape and the attributes of each region that is drawn on a picture."""
    for mark in sheet.marks:
        for ring in mark.rings:
            x, y = ring.T.tolist()
            yield {"name": "polygon", "all_points_x": x, "all_points_y": y}, {KIND: mark.label}

"""Regions as VIA (VGG Image Annotator 2) keeps them, in its JSON and its CSV files alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from spotdiff.data.annotations.annotation import Annotation, ImageAnnotations, parse_annotation
from spotdiff.data.annotations.parsing import check_lengths, parse_number, parse_polygon, value_of
from spotdiff.errors import DataError
from spotdiff.regions.polygons import Polygon, ellipse, rectangle, rotated

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "kind"  # the attribute that bears the category in what is written


def region_annotation(where: str, shape: object, attributes: object) -> Annotation:
    """A region as an annotation.

    VIA's regions have any number of attributes, each one word or boxes to tick; any of them may bear the category.
    """
    try:
        words = tuple(_parse_words(attributes))
    except DataError as error:
        return Annotation(where, "", (), str(error))
    return replace(parse_annotation(where, str, lambda: (_parse_polygon(shape),)), words=words)


def _parse_words(attributes: object) -> list[tuple[str, str]]:
    words = []
    for name, value in attributes.items() if isinstance(attributes, dict) else ():
        held = [value] if isinstance(value, str) else []
        if isinstance(value, dict):
            held = [word for word, chosen in value.items() if chosen is True]
        words += [(name, word.strip()) for word in held if word.strip()]
    if not words:
        raise DataError(f'it needs an attribute "{KIND}" that holds a word')
    return words


def _parse_polygon(shape: object) -> Polygon:
    name = value_of(shape, "name", str)
    if name == "polygon":
        columns, rows = value_of(shape, "all_points_x", list), value_of(shape, "all_points_y", list)
        if len(columns) != len(rows):
            raise DataError(f"it has {len(columns)} x and {len(rows)} y")
        return parse_polygon(list(zip(columns, rows, strict=True)))
    if name == "rect":
        left, top, width, height = _numbers(shape, "x", "y", "width", "height")
        check_lengths(width, height)
        return rectangle(left, top, left + width, top + height)
    if name == "circle":
        x, y, radius = _numbers(shape, "cx", "cy", "r")
        check_lengths(radius)
        return ellipse(x, y, radius, radius)
    if name == "ellipse":
        angle = parse_number(shape.get("theta", 0)) if isinstance(shape, dict) else 0.0
        x, y, radius_x, radius_y = _numbers(shape, "cx", "cy", "rx", "ry")
        check_lengths(radius_x, radius_y)
        return rotated(ellipse(x, y, radius_x, radius_y), angle)
    raise DataError(f"a {name} has no area: draw a polygon or a rect")


def _numbers(shape: object, *names: str) -> list[float]:
    return [parse_number(shape.get(name) if isinstance(shape, dict) else None) for name in names]


def via_regions(image: ImageAnnotations) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The shape and the attributes of each region that is drawn on a picture."""
    for annotation in image.annotations:
        for polygon in annotation.polygons:
            x, y = polygon.T.tolist()
            yield {"name": "polygon", "all_points_x": x, "all_points_y": y}, {KIND: annotation.category}

"""CVAT for images 1.1: one XML file for all pictures.

    <annotations><version>1.1</version><meta>...</meta>
      <image id="0" name="before/1.png" width="640" height="480">
        <polygon label="added" source="manual" occluded="0" points="x,y;x,y;..." z_order="0"/>
        <box label="removed" xtl="" ytl="" xbr="" ybr="" rotation=""/>
      </image></annotations>

Read are polygons, boxes and ellipses (`cx cy rx ry`), turned by `rotation` degrees, and masks (`rle` along the rows of
`width` x `height` at `left`, `top`). Polylines, points, cuboids and skeletons have no area. Tags have no place: one
that says what changed is refused, others are passed over. An export of a project names the `subset` of each image,
which is a folder above it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

import numpy as np

from spotdiff.data.annotations.annotation import CATEGORIES, ImageAnnotations, category_map, parse_annotation
from spotdiff.data.annotations.parsing import (
    check_lengths,
    decode_run_lengths,
    exact_polygons,
    parse_number,
    parse_polygon,
    parse_size,
    read_xml,
)
from spotdiff.errors import DataError
from spotdiff.regions.polygons import Polygon, ellipse, rectangle, rotated

_TAG, _WORDS = "tag", category_map()
_DIGITS = 2  # as CVAT writes them


@dataclass(frozen=True, slots=True)
class Cvat:
    """CVAT's XML file for images."""

    suffix: ClassVar[str] = ".xml"

    def read(self, path: Path) -> tuple[ImageAnnotations, ...]:
        """What the file says of every picture it names.

        Raises:
            DataError: it is no such file, or one for videos.
        """
        root = read_xml(path)
        if root.tag != "annotations":
            raise DataError(f"{path}: not CVAT's: its root is {root.tag!r}, not 'annotations'")
        if root.find("track") is not None:
            raise DataError(f"{path}: is CVAT for video; export it as CVAT for images 1.1")
        try:
            return tuple(_parse_image(image, path) for image in root.findall("image"))
        except DataError as error:
            raise DataError(f"{path}: not CVAT's: {error}") from None

    def write(self, images: Sequence[ImageAnnotations]) -> Mapping[str, bytes]:
        """One file for all."""
        root = ElementTree.Element("annotations")
        ElementTree.SubElement(root, "version").text = "1.1"
        task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
        ElementTree.SubElement(task, "size").text = str(len(images))
        ElementTree.SubElement(task, "mode").text = "annotation"
        labels = ElementTree.SubElement(task, "labels")
        for category in CATEGORIES:
            ElementTree.SubElement(ElementTree.SubElement(labels, "label"), "name").text = category
        for number, image in enumerate(images):
            _append(root, number, image)
        ElementTree.indent(root)
        return {"annotations.xml": ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"}


def _parse_image(image: ElementTree.Element, path: Path) -> ImageAnnotations:
    name, subset = _attribute(image, "name"), image.get("subset")
    shapes = [shape for shape in image if shape.tag != _TAG or shape.get("label", "").lower() in _WORDS]
    annotations = tuple(
        parse_annotation(f"{shape.tag} {at}", partial(_attribute, shape, "label"), partial(_parse_polygons, shape))
        for at, shape in enumerate(shapes, start=1)
    )
    size = parse_size(image.get("width"), image.get("height"))
    return ImageAnnotations(f"{subset}/{name}" if subset else name, annotations, path, size, name)


def _attribute(element: ElementTree.Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise DataError(f"a {element.tag} needs {name!r}")
    return value


def _numbers(shape: ElementTree.Element, *names: str) -> list[float]:
    return [parse_number(_attribute(shape, name)) for name in names]


def _parse_polygons(shape: ElementTree.Element) -> tuple[Polygon, ...]:
    if shape.tag == "polygon":
        return (parse_polygon([point.split(",") for point in _attribute(shape, "points").split(";")]),)
    if shape.tag == "mask":
        return _parse_run_lengths(shape)
    if shape.tag not in ("box", "ellipse"):
        raise DataError(f"a {shape.tag} has no area: draw a polygon or a box")
    if shape.tag == "box":
        polygon = rectangle(*_numbers(shape, "xtl", "ytl", "xbr", "ybr"))
    else:
        x, y, radius_x, radius_y = _numbers(shape, "cx", "cy", "rx", "ry")
        check_lengths(radius_x, radius_y)
        polygon = ellipse(x, y, radius_x, radius_y)
    return (rotated(polygon, float(np.deg2rad(parse_number(shape.get("rotation", "0"))))),)


def _parse_run_lengths(shape: ElementTree.Element) -> tuple[Polygon, ...]:
    numbers = _numbers(shape, "left", "top", "width", "height")
    try:
        counts = [int(count) for count in _attribute(shape, "rle").split(",")]
    except ValueError:
        raise DataError("its rle is no list of whole numbers") from None
    if not all(number.is_integer() for number in numbers):
        raise DataError("its left, top, width and height are whole numbers")
    left, top, width, height = map(int, numbers)
    filled = sum(counts)
    if 0 <= filled < width * height:  # the last run may be left out
        counts += [0, width * height - filled] if len(counts) % 2 else [width * height - filled]
    return exact_polygons(decode_run_lengths(counts, (width, height), by_columns=False), left=left, top=top)


def _append(root: ElementTree.Element, number: int, image: ImageAnnotations) -> None:
    width, height = image.size or (0, 0)
    fields = {"id": str(number), "name": image.name, "width": str(width), "height": str(height)}
    element = ElementTree.SubElement(root, "image", fields)
    for annotation in image.annotations:
        for polygon in annotation.polygons:
            points = ";".join(f"{x:.{_DIGITS}f},{y:.{_DIGITS}f}" for x, y in polygon)
            attributes = {"label": annotation.category, "source": "manual", "occluded": "0"}
            ElementTree.SubElement(element, "polygon", {**attributes, "points": points, "z_order": "0"})

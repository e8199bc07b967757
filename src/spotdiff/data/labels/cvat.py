"""CVAT for images 1.1: one XML file for all pictures.

    <annotations><version>1.1</version><meta>...</meta>
      <image id="0" name="before/1.png" width="640" height="480">
        <polygon label="added" source="manual" occluded="0" points="x,y;x,y;..." z_order="0"/>
        <box label="removed" xtl="" ytl="" xbr="" ybr="" rotation=""/>
      </image></annotations>

Read are polygons, boxes and ellipses (`cx cy rx ry`), turned by `rotation` degrees, and masks (`rle` along the rows of
`width` x `height` at `left`, `top`). Polylines, points, cuboids and skeletons have no area; tags have no place and are
passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree

import numpy as np

from spotdiff.data.labels.parts.marks import Mark, Ring, Sheet, drawn
from spotdiff.data.labels.parts.polygons import ellipse, rectangle, turned
from spotdiff.data.labels.parts.reading import corners, number, read_xml, said_size
from spotdiff.data.labels.parts.runs import mask_of, rings_of
from spotdiff.data.labels.parts.words import KINDS
from spotdiff.errors import DataError

_WITHOUT_AREA = ("polyline", "points", "cuboid", "skeleton")
_SHAPES = ("polygon", "box", "ellipse", "mask", *_WITHOUT_AREA)
_DIGITS = 2  # as CVAT writes them


@dataclass(frozen=True, slots=True)
class Cvat:
    """CVAT's XML file for images."""

    ending: ClassVar[str] = ".xml"

    def read(self, path: Path) -> tuple[Sheet, ...]:
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
            return tuple(_sheet(image, path) for image in root.findall("image"))
        except DataError as error:
            raise DataError(f"{path}: not CVAT's: {error}") from None

    def write(self, sheets: Sequence[Sheet]) -> Mapping[str, bytes]:
        """One file for all."""
        root = ElementTree.Element("annotations")
        ElementTree.SubElement(root, "version").text = "1.1"
        task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
        ElementTree.SubElement(task, "size").text = str(len(sheets))
        ElementTree.SubElement(task, "mode").text = "annotation"
        labels = ElementTree.SubElement(task, "labels")
        for kind in KINDS:
            ElementTree.SubElement(ElementTree.SubElement(labels, "label"), "name").text = kind
        for number_, sheet in enumerate(sheets):
            _append(root, number_, sheet)
        ElementTree.indent(root)
        return {"annotations.xml": ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"}


def _sheet(image: ElementTree.Element, path: Path) -> Sheet:
    name = _attribute(image, "name")
    shapes = [shape for shape in image if shape.tag in _SHAPES]
    marks = tuple(_mark(at, shape) for at, shape in enumerate(shapes, start=1))
    return Sheet(name, marks, path, said_size(image.get("width"), image.get("height")), name)


def _mark(position: int, shape: ElementTree.Element) -> Mark:
    return drawn(f"{shape.tag} {position}", lambda: _attribute(shape, "label"), lambda: _rings(shape))


def _attribute(element: ElementTree.Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise DataError(f"a {element.tag} needs {name!r}")
    return value


def _numbers(shape: ElementTree.Element, *names: str) -> list[float]:
    return [number(_attribute(shape, name)) for name in names]


def _rings(shape: ElementTree.Element) -> tuple[Ring, ...]:
    if shape.tag in _WITHOUT_AREA:
        raise DataError(f"a {shape.tag} has no area: draw a polygon or a box")
    if shape.tag == "polygon":
        return (corners([point.split(",") for point in _attribute(shape, "points").split(";")]),)
    if shape.tag == "mask":
        return _from_runs(shape)
    if shape.tag == "box":
        ring = rectangle(*_numbers(shape, "xtl", "ytl", "xbr", "ybr"))
    else:
        ring = ellipse(*_numbers(shape, "cx", "cy", "rx", "ry"))
    return (turned(ring, float(np.deg2rad(number(shape.get("rotation", "0"))))),)


def _from_runs(shape: ElementTree.Element) -> tuple[Ring, ...]:
    left, top, width, height = _numbers(shape, "left", "top", "width", "height")
    try:
        counts = [int(count) for count in _attribute(shape, "rle").split(",")]
    except ValueError:
        raise DataError("its rle is no list of whole numbers") from None
    filled = sum(counts)
    if 0 <= filled < width * height:  # the last run may be left out
        counts += [0, round(width * height) - filled] if len(counts) % 2 else [round(width * height) - filled]
    return rings_of(mask_of(counts, (round(width), round(height)), by_columns=False), left=left, top=top)


def _append(root: ElementTree.Element, number_: int, sheet: Sheet) -> None:
    width, height = sheet.size or (0, 0)
    said = {"id": str(number_), "name": sheet.name, "width": str(width), "height": str(height)}
    image = ElementTree.SubElement(root, "image", said)
    for mark in sheet.marks:
        for ring in mark.rings:
            points = ";".join(f"{x:.{_DIGITS}f},{y:.{_DIGITS}f}" for x, y in ring)
            drawn_as = {"label": mark.label, "source": "manual", "occluded": "0", "points": points, "z_order": "0"}
            ElementTree.SubElement(image, "polygon", drawn_as)

"""COCO instances: one JSON file for all pictures.

    {"images": [{"id": 1, "file_name": "before/1.png", "width": 640, "height": 480}],
     "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[x1, y1, x2, y2, ...], ...],
                      "bbox": [x, y, width, height], "area": 12.0, "iscrowd": 0}],
     "categories": [{"id": 1, "name": "added", "supercategory": "change"}]}

A segmentation is a list of polygons, or run lengths down the columns, plain or packed into a text; without one the box
counts, turned by the attribute `rotation` where there is one. Run lengths have the size of their picture. The kind is
the category's name.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from spotdiff.data.annotations.annotation import CATEGORIES, Annotation, ImageAnnotations, parse_annotation
from spotdiff.data.annotations.parsing import (
    check_lengths,
    decode_counts,
    decode_run_lengths,
    exact_polygons,
    is_whole,
    parse_number,
    parse_polygon,
    parse_size,
    value_of,
)
from spotdiff.data.coco_document import coco_document
from spotdiff.data.read_json import read_json_object
from spotdiff.errors import DataError
from spotdiff.regions.polygons import Polygon, polygon_area, rectangle, rotated


@dataclass(frozen=True, slots=True)
class Coco:
    """COCO's instances file."""

    suffix: ClassVar[str] = ".json"

    def read(self, path: Path) -> tuple[ImageAnnotations, ...]:
        """What the file says of every picture it names, also of those without an annotation.

        Raises:
            DataError: it is no such file.
        """
        document = read_json_object(path)
        try:
            image_nodes, annotation_nodes, category_nodes = (
                value_of(document, key, list) for key in ("images", "annotations", "categories")
            )
            images_by_id, categories_by_id = _by_id("images", image_nodes), _by_id("categories", category_nodes)
            _check_annotation_ids(annotation_nodes)
            names = {category_id: value_of(node, "name", str) for category_id, node in categories_by_id.items()}
            by_image: dict[int, list[Annotation]] = defaultdict(list)
            for position, node in enumerate(annotation_nodes, start=1):
                by_image[value_of(node, "image_id", int)].append(_parse_annotation(position, node, names))
            images = tuple(
                _parse_image(node, by_image.pop(image_id, []), path) for image_id, node in images_by_id.items()
            )
            if by_image:
                raise DataError(f"an annotation is of image {next(iter(by_image))}, which is not among the images")
        except DataError as error:
            raise DataError(f"{path}: not COCO instances: {error}") from None
        return images

    def write(self, images: Sequence[ImageAnnotations]) -> Mapping[str, bytes]:
        """One file for all."""
        images_and_annotations = []
        for image in images:
            width, height = image.size or (0, 0)
            fields = {"file_name": image.name, "width": width, "height": height}
            images_and_annotations.append((fields, [_annotation_fields(each) for each in image.annotations]))
        document = coco_document(images_and_annotations, CATEGORIES)
        return {"annotations.json": (json.dumps(document) + "\n").encode("ascii")}


def _by_id(what: str, nodes: Sequence[object]) -> dict[int, object]:
    """The nodes by their ids; with one id twice nobody knows which is meant."""
    by_id: dict[int, object] = {}
    for node in nodes:
        node_id = value_of(node, "id", int)
        if node_id in by_id:
            raise DataError(f"two of its {what} have the id {node_id}")
        by_id[node_id] = node
    return by_id


def _check_annotation_ids(nodes: Sequence[object]) -> None:
    """Annotations need no id, and some tools write them as texts; but two of one id are one label written twice."""
    ids = Counter(str(node["id"]) for node in nodes if isinstance(node, dict) and node.get("id") is not None)
    twice = next((node_id for node_id, count in ids.items() if count > 1), None)
    if twice is not None:
        raise DataError(f"two of its annotations have the id {twice[:40]}")


def _parse_image(node: object, annotations: Sequence[Annotation], path: Path) -> ImageAnnotations:
    name = value_of(node, "file_name", str)
    width, height = (node.get(key) if isinstance(node, dict) else None for key in ("width", "height"))
    return ImageAnnotations(name, tuple(annotations), path, parse_size(width, height), name)


def _parse_annotation(position: int, node: object, names: Mapping[int, str]) -> Annotation:
    def category() -> str:
        category_id = value_of(node, "category_id", int)
        if category_id not in names:
            raise DataError(f"there is no category {category_id}")
        return names[category_id]

    where = f"annotation {node.get('id', position) if isinstance(node, dict) else position}"
    segmentation = node.get("segmentation") if isinstance(node, dict) else None
    if not isinstance(segmentation, dict):
        return parse_annotation(where, category, lambda: _parse_polygons(node, segmentation))
    try:
        size = _parse_mask_size(segmentation)
    except DataError as error:
        return Annotation(where, "", (), str(error))
    annotation = parse_annotation(where, category, lambda: _parse_run_lengths(segmentation, size))
    return replace(annotation, mask_size=size)


def _parse_polygons(node: object, segmentation: object) -> tuple[Polygon, ...]:
    if not segmentation:
        return (rotated(_parse_box(node), _parse_rotation(node)),)
    if not isinstance(segmentation, list) or not all(
        isinstance(flat, list) and len(flat) % 2 == 0 for flat in segmentation
    ):
        raise DataError("a segmentation is a list of polygons [x1, y1, x2, y2, ...]")
    polygons = tuple(parse_polygon([flat[at : at + 2] for at in range(0, len(flat), 2)]) for flat in segmentation)
    if len(polygons) == 1 and _is_box(polygons[0], node) and _parse_rotation(node):
        raise DataError(
            "its segmentation is its bbox, but it has a rotation: empty the segmentation, or set the rotation to 0"
        )
    return polygons


def _is_box(polygon: Polygon, node: object) -> bool:
    if not isinstance(node, dict) or not isinstance(node.get("bbox"), list):
        return False
    return {tuple(corner) for corner in polygon.tolist()} == {tuple(corner) for corner in _parse_box(node).tolist()}


def _parse_box(node: object) -> Polygon:
    box = value_of(node, "bbox", list)
    if len(box) != 4:
        raise DataError("a bbox is [x, y, width, height]")
    x, y, width, height = map(parse_number, box)
    check_lengths(width, height)
    return rectangle(x, y, x + width, y + height)


def _parse_rotation(node: object) -> float:
    """Radians by which a box is turned about its middle: CVAT keeps degrees among the attributes."""
    attributes = node.get("attributes") if isinstance(node, dict) else None
    degrees = attributes.get("rotation") if isinstance(attributes, dict) else None
    return 0.0 if degrees is None else float(np.deg2rad(parse_number(degrees)))


def _parse_mask_size(segmentation: dict[str, Any]) -> tuple[int, int]:
    size = value_of(segmentation, "size", list)
    if len(size) != 2 or not all(map(is_whole, size)):
        raise DataError('run lengths need "size" [height, width] and "counts"')
    return size[1], size[0]


def _parse_run_lengths(segmentation: dict[str, Any], size: tuple[int, int]) -> tuple[Polygon, ...]:
    counts = segmentation.get("counts")
    if not isinstance(counts, list | str):
        raise DataError('run lengths need "size" [height, width] and "counts"')
    lengths = decode_counts(counts) if isinstance(counts, str) else counts
    return exact_polygons(decode_run_lengths(lengths, size, by_columns=True))


def _annotation_fields(annotation: Annotation) -> dict[str, Any]:
    corners = np.concatenate(annotation.polygons)
    low, high = corners.min(axis=0), corners.max(axis=0)
    return {
        "category_id": CATEGORIES.index(annotation.category) + 1,
        "segmentation": [polygon.ravel().tolist() for polygon in annotation.polygons],
        "bbox": [*low.tolist(), *(high - low).tolist()],
        "area": sum(polygon_area(polygon) for polygon in annotation.polygons),
        "iscrowd": 0,
    }

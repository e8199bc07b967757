"""VIA (VGG Image Annotator 2): one JSON file for all pictures, a project or exported annotations.

    {"before/1.png1234": {"filename": "before/1.png", "size": 1234, "file_attributes": {}, "regions": [
        {"shape_attributes": {"name": "polygon", "all_points_x": [...], "all_points_y": [...]},
         "region_attributes": {"kind": "added"}}]}}

A project holds the same as `_via_img_metadata`. `size` is the file's, in bytes: VIA knows nothing of the picture's own.
Read are polygons, rectangles, circles and ellipses. A project is written, to be opened from the folder of the pictures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from spotdiff.data.annotations.annotation import CATEGORIES, ImageAnnotations
from spotdiff.data.annotations.parsing import value_of
from spotdiff.data.labels._via_regions import KIND, region_annotation, via_regions
from spotdiff.data.read_json import read_json_object
from spotdiff.errors import DataError


@dataclass(frozen=True, slots=True)
class Via:
    """VIA's project or annotations as JSON."""

    suffix: ClassVar[str] = ".json"

    def read(self, path: Path) -> tuple[ImageAnnotations, ...]:
        """What the file says of every picture it names.

        Raises:
            DataError: it is no such file.
        """
        document = read_json_object(path)
        try:
            pictures = value_of(document, "_via_img_metadata", dict) if "_via_img_metadata" in document else document
            return tuple(_parse_image(node, path) for node in pictures.values())
        except DataError as error:
            raise DataError(f"{path}: not VIA's: {error}") from None

    def write(self, images: Sequence[ImageAnnotations]) -> Mapping[str, bytes]:
        """One project for all."""
        pictures = {}
        for image in images:
            regions = [{"shape_attributes": shape, "region_attributes": named} for shape, named in via_regions(image)]
            fields = {"filename": image.name, "size": image.file_size, "regions": regions, "file_attributes": {}}
            pictures[f"{image.name}{image.file_size}"] = fields
        options = {category: "" for category in CATEGORIES}
        attributes = {KIND: {"type": "dropdown", "description": "", "options": options, "default_options": {}}}
        document = {
            "_via_settings": {
                "ui": {"image": {"region_label": KIND, "region_color": KIND}},
                "core": {"buffer_size": 18, "filepath": {}, "default_filepath": ""},
                "project": {"name": "labels"},
            },
            "_via_img_metadata": pictures,
            "_via_attributes": {"region": attributes, "file": {}},
            "_via_data_format_version": "2.0.10",
            "_via_image_id_list": list(pictures),
        }
        return {"annotations.json": (json.dumps(document) + "\n").encode("ascii")}


def _parse_image(node: object, path: Path) -> ImageAnnotations:
    name = value_of(node, "filename", str)
    regions = node.get("regions", []) if isinstance(node, dict) else []
    if isinstance(regions, dict):  # as its first version has them, by number
        regions = list(regions.values())
    if not isinstance(regions, list):
        raise DataError(f'"regions" of {name} is no list')
    annotations = []
    for at, region in enumerate(regions):
        known = region if isinstance(region, dict) else {}
        shape, attributes = known.get("shape_attributes"), known.get("region_attributes")
        annotations.append(region_annotation(f"region {at}", shape, attributes))
    return ImageAnnotations(name, tuple(annotations), path, path=name)

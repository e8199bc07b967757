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
from typing import Any, ClassVar

from spotdiff.data.labels.parts.marks import Sheet
from spotdiff.data.labels.parts.reading import entry, read_json
from spotdiff.data.labels.parts.regions import KIND, mark_of, regions_of
from spotdiff.data.labels.parts.words import KINDS
from spotdiff.errors import DataError


@dataclass(frozen=True, slots=True)
class Via:
    """VIA's project or annotations as JSON."""

    ending: ClassVar[str] = ".json"

    def read(self, path: Path) -> tuple[Sheet, ...]:
        """What the file says of every picture it names.

        Raises:
            DataError: it is no such file.
        """
        said = read_json(path)
        try:
            pictures = entry(said, "_via_img_metadata", dict) if "_via_img_metadata" in said else said
            return tuple(_sheet(one, path) for one in pictures.values())
        except DataError as error:
            raise DataError(f"{path}: not VIA's: {error}") from None

    def write(self, sheets: Sequence[Sheet]) -> Mapping[str, bytes]:
        """One project for all."""
        pictures = {f"{sheet.name}{sheet.weight}": _picture(sheet) for sheet in sheets}
        options = {kind: "" for kind in KINDS}
        asked = {KIND: {"type": "dropdown", "description": "", "options": options, "default_options": {}}}
        said = {
            "_via_settings": {
                "ui": {"image": {"region_label": KIND, "region_color": KIND}},
                "core": {"buffer_size": 18, "filepath": {}, "default_filepath": ""},
                "project": {"name": "labels"},
            },
            "_via_img_metadata": pictures,
            "_via_attributes": {"region": asked, "file": {}},
            "_via_data_format_version": "2.0.10",
            "_via_image_id_list": list(pictures),
        }
        return {"annotations.json": (json.dumps(said) + "\n").encode("ascii")}


def _sheet(one: object, path: Path) -> Sheet:
    name = entry(one, "filename", str)
    regions = one.get("regions", []) if isinstance(one, dict) else []
    if isinstance(regions, dict):  # as its first version has them, by number
        regions = list(regions.values())
    if not isinstance(regions, list):
        raise DataError(f'"regions" of {name} is no list')
    marks = tuple(
        mark_of(f"region {at}", *(_part(region, key) for key in ("shape_attributes", "region_attributes")))
        for at, region in enumerate(regions)
    )
    return Sheet(name, marks, path, picture=name)


def _part(region: object, key: str) -> object:
    return region.get(key) if isinstance(region, dict) else None


def _picture(sheet: Sheet) -> dict[str, Any]:
    regions = [{"shape_attributes": shape, "region_attributes": said} for shape, said in regions_of(sheet)]
    return {"filename": sheet.name, "size": sheet.weight, "regions": regions, "file_attributes": {}}

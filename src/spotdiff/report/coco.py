"""Regions of many comparisons as COCO detections, for labelling tools and detector training.

Every comparison gives two images, before and after, with the boxes in their own pixels; the categories are the kinds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spotdiff.data.coco_document import coco_box, coco_document
from spotdiff.report.coordinates import SIDES, Side
from spotdiff.types import KINDS


def coco(records: Iterable[Mapping[str, Any]], *, sides: Iterable[Side] = SIDES) -> dict[str, Any]:
    """A COCO detection file as a dict: images, annotations, categories.

    Args:
        records: Of the comparisons (see `to_record`).
        sides: Which of each comparison's pictures are given.

    Notes:
        `area` is the region's changed pixels, at most its box's area. A region without an outline of three corners
        has its box as segmentation. Beyond the format, an image says its `pair` and `side`, an annotation its `score`.
    """
    chosen = tuple(sides)
    pictures = ((record, side) for record in records for side in chosen)
    images = (
        (_image(number, record, side), [_annotation(each, side) for each in record["regions"] if each[f"box_{side}"]])
        for number, (record, side) in enumerate(pictures, start=1)
    )
    return coco_document(images, KINDS)


def write_coco(records: Iterable[Mapping[str, Any]], path: str | Path, *, sides: Iterable[Side] = SIDES) -> None:
    """Write a COCO detection file; its folder is made when missing."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(coco(records, sides=sides), allow_nan=False) + "\n", encoding="ascii")


def _image(number: int, record: Mapping[str, Any], side: Side) -> dict[str, Any]:
    picture = record[side]
    width, height = picture["size"]
    file_name = picture["path"] or f"{record['name'] or number}.{side}"
    return {"file_name": file_name, "width": width, "height": height, "pair": record["name"], "side": side}


def _annotation(region: Mapping[str, Any], side: Side) -> dict[str, Any]:
    box = coco_box(region[f"box_{side}"])
    polygons = [[v for corner in outline for v in corner] for outline in region[f"outline_{side}"] if len(outline) >= 3]
    return {
        "category_id": KINDS.index(region["kind"]) + 1,
        **box,
        "area": min(region["area"], box["area"]),
        "segmentation": polygons or box["segmentation"],
        "score": region["score"],
    }

"""Regions of many comparisons as COCO detections, for labelling tools and detector training.

Every comparison gives two images, before and after, with the boxes in their own pixels; the categories are the kinds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spotdiff.report.own_pixels import SIDES, Side
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
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    chosen = tuple(sides)
    for record in records:
        for side in chosen:
            images.append(_image(len(images) + 1, record, side))
            for each in (_annotation(region, side) for region in record["regions"] if region[f"box_{side}"]):
                annotations.append({"id": len(annotations) + 1, "image_id": images[-1]["id"], **each})
    categories = [{"id": number, "name": kind, "supercategory": "change"} for number, kind in enumerate(KINDS, start=1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def write_coco(records: Iterable[Mapping[str, Any]], path: str | Path, *, sides: Iterable[Side] = SIDES) -> None:
    """Write a COCO detection file; its folder is made when missing."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(coco(records, sides=sides), allow_nan=False) + "\n", encoding="ascii")


def _image(number: int, record: Mapping[str, Any], side: Side) -> dict[str, Any]:
    picture = record[side]
    width, height = picture["size"]
    file_name = picture["path"] or f"{record['name'] or number}.{side}"
    return {
        "id": number,
        "file_name": file_name,
        "width": width,
        "height": height,
        "pair": record["name"],
        "side": side,
    }


def _annotation(region: Mapping[str, Any], side: Side) -> dict[str, Any]:
    left, top, right, bottom = region[f"box_{side}"]
    width, height = right - left, bottom - top
    polygons = [[v for corner in outline for v in corner] for outline in region[f"outline_{side}"] if len(outline) >= 3]
    return {
        "category_id": KINDS.index(region["kind"]) + 1,
        "bbox": [left, top, width, height],
        "area": min(region["area"], width * height),
        "segmentation": polygons or [[left, top, right, top, right, bottom, left, bottom]],
        "iscrowd": 0,
        "score": region["score"],
    }

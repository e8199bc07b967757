"""Pictures of pairs, and label files as the four tools write them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

SIZE = (64, 48)  # width, height


def picture(path: Path, size: tuple[int, int] = SIZE, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    cv2.imwrite(str(path), pixels)
    return path


def pair(folder: Path, name: str = "yard/1", size: tuple[int, int] = SIZE) -> Path:
    picture(folder / f"before/{name}.png", size, seed=1)
    picture(folder / f"after/{name}.png", size, seed=2)
    return folder


def shape(label: object, points: object, kind: str = "polygon", **more: object) -> dict:
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}, **more}


def labelme(path: Path, *shapes: dict, size: tuple[int, int] | None = SIZE, **more: object) -> Path:
    width, height = size or (None, None)
    said = {
        "version": "5.4.1",
        "flags": {},
        "shapes": list(shapes),
        "imagePath": path.with_suffix(".png").name,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }
    return written(path, said | more)


def coco(path: Path, images: dict[str, list[dict]], size: tuple[int, int] = SIZE) -> Path:
    """Annotations by the pictures' names, each with `name`, its category's, and `segmentation` or `bbox`."""
    names = sorted({one["name"] for marks in images.values() for one in marks})
    placed = [(at, one) for at, marks in enumerate(images.values(), start=1) for one in marks]
    annotations = [
        {
            "id": number,
            "image_id": at,
            "category_id": names.index(one["name"]) + 1,
            "iscrowd": 0,
            "area": 1.0,
            **one,
        }
        for number, (at, one) in enumerate(placed, start=1)
    ]
    said = {
        "info": {},
        "licenses": [],
        "images": [
            {"id": at, "file_name": name, "width": size[0], "height": size[1]}
            for at, name in enumerate(images, start=1)
        ],
        "annotations": annotations,
        "categories": [{"id": at, "name": name, "supercategory": ""} for at, name in enumerate(names, start=1)],
    }
    return written(path, said)


def cvat(path: Path, images: dict[str, str], size: tuple[int, int] = SIZE) -> Path:
    """Shapes as XML by the pictures' names."""
    inside = "".join(
        f'<image id="{at}" name="{name}" width="{size[0]}" height="{size[1]}">{shapes}</image>'
        for at, (name, shapes) in enumerate(images.items())
    )
    head = '<?xml version="1.0" encoding="utf-8"?>'
    text = f"{head}<annotations><version>1.1</version><meta><task><id>1</id></task></meta>{inside}</annotations>"
    return written(path, text)


def via(path: Path, images: dict[str, list[tuple[dict, dict]]], *, project: bool = True) -> Path:
    """Regions, each a shape and its attributes, by the pictures' names."""
    pictures = {
        f"{name}1234": {
            "filename": name,
            "size": 1234,
            "regions": [{"shape_attributes": one, "region_attributes": said} for one, said in regions],
            "file_attributes": {},
        }
        for name, regions in images.items()
    }
    whole = {"_via_settings": {}, "_via_img_metadata": pictures, "_via_attributes": {"region": {}, "file": {}}}
    return written(path, whole if project else pictures)


def flat(corners: list[list[float]]) -> list[float]:
    return [value for corner in corners for value in corner]


def polygon(*corners: tuple[float, float]) -> dict:
    return {"name": "polygon", "all_points_x": [x for x, _ in corners], "all_points_y": [y for _, y in corners]}


def written(path: Path, said: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(said if isinstance(said, str) else json.dumps(said), encoding="utf-8")
    return path


def mask(path: Path) -> np.ndarray:
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found is not None, path
    return found


def box(left: int, top: int, right: int, bottom: int, size: tuple[int, int] = SIZE, value: int = 255) -> np.ndarray:
    pixels = np.zeros(size[::-1], np.uint8)
    pixels[top:bottom, left:right] = value
    return pixels

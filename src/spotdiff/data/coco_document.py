"""A COCO instances file as one JSON object: images, annotations and categories, numbered from 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spotdiff.types import Box


def coco_document(
    images: Iterable[tuple[Mapping[str, Any], Iterable[Mapping[str, Any]]]],
    categories: Sequence[str],
    *,
    supercategory: str = "change",
) -> dict[str, Any]:
    """The object of a COCO instances file.

    Args:
        images: Fields of each image (`file_name`, `width`, `height` and what else it says), with the fields of its
            annotations (see `coco_box`; `category_id` is the place of the category in `categories`, from 1).
        categories: Names of the categories.
        supercategory: Of all of them.

    Examples:
        >>> image = {"file_name": "1.png", "width": 9, "height": 9}
        >>> document = coco_document([(image, [{"category_id": 1, **coco_box((1, 2, 3, 5))}])], ["added"])
        >>> document["annotations"][0]["image_id"], document["annotations"][0]["bbox"]
        (1, [1, 2, 2, 3])
    """
    document: dict[str, Any] = {"images": [], "annotations": [], "categories": []}
    for image_id, (image, of_image) in enumerate(images, start=1):
        document["images"].append({"id": image_id, **image})
        for annotation in of_image:
            number = len(document["annotations"]) + 1
            document["annotations"].append({"id": number, "image_id": image_id, **annotation})
    for category_id, name in enumerate(categories, start=1):
        document["categories"].append({"id": category_id, "name": name, "supercategory": supercategory})
    return document


def coco_box(box: Box) -> dict[str, Any]:
    """The fields of an annotation that is a half-open box, which is its polygon too."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return {
        "bbox": [left, top, width, height],
        "area": width * height,
        "segmentation": [[left, top, right, top, right, bottom, left, bottom]],
        "iscrowd": 0,
    }

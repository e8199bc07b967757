"""Where things are: from the common frame into each picture's own pixels, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

from spotdiff.align.rows import common_box, gathered
from spotdiff.align.warp import map_box
from spotdiff.types import KINDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Box, Bytes, Comparison, Region

Side = Literal["before", "after"]
SIDES: tuple[Side, ...] = ("before", "after")


def in_own_pixels(field: NDArray[Any], comparison: Comparison, side: Side) -> NDArray[Any]:
    """A common-frame map as it lies in one picture's own pixels, taken from the nearest pixel; 0 where unseen.

    Args:
        field: (H, W) in the common frame, of a type that OpenCV warps: uint8, int16, float32 and the like.
        comparison: Whose frames are meant.
        side: Which picture.

    Returns:
        (h, w) of the same type, h and w being that picture's own height and width.
    """
    size = getattr(comparison.pair, side).size
    if comparison.alignment.rows is not None:
        return np.asarray(gathered(field, comparison.alignment.rows[SIDES.index(side)], size[0]))
    matrix = comparison.alignment.matrix if side == "after" else np.eye(3)
    if not np.array_equal(matrix, np.eye(3)):
        return np.asarray(cv2.warpPerspective(field, matrix, size, flags=cv2.INTER_NEAREST))
    own = np.zeros((size[1], size[0]), field.dtype)
    part = field[: size[1], : size[0]]
    own[: part.shape[0], : part.shape[1]] = part
    return own


def labels_in(comparison: Comparison, side: Side) -> NDArray[np.int32]:
    """(h, w) int32 in one picture's own pixels: a region's label, 0 for unchanged; all 0 when refused."""
    if comparison.mirror is not None:
        return labels_in(comparison.mirror, "after" if side == "before" else "before")
    width, height = getattr(comparison.pair, side).size
    if comparison.labels is None:
        return np.zeros((height, width), np.int32)
    # OpenCV warps no int32; float32 holds every whole number up to 2^24 exactly.
    return in_own_pixels(comparison.labels.astype(np.float32), comparison, side).astype(np.int32)


def kinds_in(comparison: Comparison, side: Side) -> Bytes:
    """(h, w) uint8 in one picture's own pixels: a kind by its number in `KINDS`, from 1 on; 0 for unchanged."""
    labels = labels_in(comparison, side)
    numbers = np.zeros(
        max([int(labels.max(initial=0)), *(region.label for region in comparison.regions)]) + 1, np.uint8
    )
    for region in comparison.regions:
        numbers[region.label] = KINDS.index(region.kind) + 1
    numbers[0] = 0
    return numbers[labels]


def where_text(region: Region) -> str:
    """Where a region is, for people, in the pixels of the picture that it is told in (`Region.place`); "" for nowhere.

    Examples:
        >>> from spotdiff.types import Region
        >>> where_text(Region("moved", 0.9, 50, (10, 20, 30, 40), (60, 20, 80, 40)))
        '20x20 at 10,20 to 60,20'
    """
    box = region.place[1]
    if region.kind == "moved" and region.box_before and region.box_after:
        return f"{_box_text(region.box_before)} to {region.box_after[0]},{region.box_after[1]}"
    return _box_text(box) if box else ""


def _box_text(box: Box) -> str:
    left, top, right, bottom = box
    return f"{right - left}x{bottom - top} at {left},{top}"


def places(comparison: Comparison, region: Region) -> tuple[Box, ...]:
    """Where a region stands in the common frame: one box, two (from, to) for a moved one, none when nowhere."""
    here = region.box_before
    there = region.box_after if region.kind == "moved" or here is None else None
    rows = comparison.alignment.rows
    if rows is not None:
        both = ((here, rows[0]), (there, rows[1]))
        return tuple(common_box(box, own) for box, own in both if box is not None)
    boxes = [] if here is None else [here]
    if there is not None:
        boxes.append(map_box(there, np.linalg.inv(comparison.alignment.matrix).astype(np.float64)))
    return tuple(boxes)

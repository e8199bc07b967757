"""Where things are: from the common frame into each picture's own pixels, and back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Box, Comparison, Matrix, Region

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
    matrix = comparison.alignment.matrix if side == "after" else np.eye(3)
    if not np.array_equal(matrix, np.eye(3)):
        return np.asarray(cv2.warpPerspective(field, matrix, size, flags=cv2.INTER_NEAREST))
    own = np.zeros((size[1], size[0]), field.dtype)
    part = field[: size[1], : size[0]]
    own[: part.shape[0], : part.shape[1]] = part
    return own


def labels_in(comparison: Comparison, side: Side) -> NDArray[np.int32]:
    """(h, w) int32 in one picture's own pixels: a region's label, 0 for unchanged; all 0 when refused."""
    width, height = getattr(comparison.pair, side).size
    if comparison.labels is None:
        return np.zeros((height, width), np.int32)
    # OpenCV warps no int32; float32 holds every whole number up to 2^24 exactly.
    return in_own_pixels(comparison.labels.astype(np.float32), comparison, side).astype(np.int32)


def places(comparison: Comparison, region: Region) -> tuple[Box, ...]:
    """Where a region stands in the common frame: one box, two (from, to) for a moved one, none when nowhere."""
    here = region.box_before
    there = region.box_after if region.kind == "moved" or here is None else None
    boxes = [] if here is None else [here]
    if there is not None:
        boxes.append(map_box(there, np.linalg.inv(comparison.alignment.matrix).astype(np.float64)))
    return tuple(boxes)


def map_box(box: Box, matrix: Matrix) -> Box:
    """The smallest box around a box taken through a (3, 3) matrix.

    Examples:
        >>> import numpy as np
        >>> map_box((0, 0, 10, 5), np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]]))
        (0, 0, 20, 10)
    """
    left, top, right, bottom = (edge - 0.5 for edge in box)  # a pixel's middle is at whole numbers, its rim halfway
    corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]]) @ matrix.T
    x, y = corners[:, 0] / corners[:, 2], corners[:, 1] / corners[:, 2]
    low_x, low_y, high_x, high_y = (float(v) + 0.5 for v in (x.min(), y.min(), x.max(), y.max()))
    slack = 1e-6  # a rim that should be whole must not gain a pixel by rounding
    return (
        math.floor(low_x + slack),
        math.floor(low_y + slack),
        math.ceil(high_x - slack),
        math.ceil(high_y - slack),
    )

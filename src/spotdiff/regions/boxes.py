"""Half-open boxes [left, top, right, bottom] in whole pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.types import Box


def area(box: Box) -> int:
    """Pixels in a box; 0 for an empty one."""
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def overlap(one: Box, other: Box) -> int:
    """Pixels that two boxes share."""
    return area((max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])))


def iou(one: Box, other: Box) -> float:
    """Shared pixels as a share of all pixels of two boxes, 0 to 1.

    Examples:
        >>> iou((0, 0, 2, 2), (1, 0, 3, 2))
        0.3333333333333333
    """
    shared = overlap(one, other)
    return shared / (area(one) + area(other) - shared) if shared else 0.0

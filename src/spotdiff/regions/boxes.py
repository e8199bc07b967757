"""Half-open boxes [left, top, right, bottom] in whole pixels."""

from __future__ import annotations

from collections.abc import Sequence
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


def non_maximum_suppression(boxes: Sequence[Box], scores: Sequence[float], *, max_iou: float = 0.5) -> list[int]:
    """Indices of the boxes kept, the best first: none overlaps a better one by more than `max_iou`.

    Examples:
        >>> non_maximum_suppression([(0, 0, 4, 4), (0, 0, 4, 5), (9, 9, 12, 12)], [0.5, 0.9, 0.1])
        [1, 2]
    """
    kept: list[int] = []
    for index in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        if all(iou(boxes[index], boxes[other]) <= max_iou for other in kept):
            kept.append(index)
    return kept

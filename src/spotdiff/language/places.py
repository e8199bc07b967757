"""Where a box lies: in thirds of a picture, on which side of another box, in which named area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.types import Box

_ROWS, _COLUMNS = ("top", "", "bottom"), ("left", "", "right")
PLACES = tuple(" ".join(filter(None, (row, column))) or "centre" for row in _ROWS for column in _COLUMNS)
WAYS = ("left", "right", "up", "down")
SIDES = ("left of", "right of", "above", "below")
Areas = Mapping[str, Sequence[tuple[float, float]]]  # corners (x, y) by name, in before's pixels


def place_of(box: Box, size: tuple[int, int]) -> str:
    """The third of the picture, across and down, that the middle of a box lies in: one of `PLACES`.

    Args:
        box: Half-open, in pixels.
        size: (width, height) of its picture.

    Examples:
        >>> place_of((0, 0, 10, 10), (90, 90)), place_of((70, 40, 90, 50), (90, 90))
        ('top left', 'right')
    """
    across, down = (box[0] + box[2]) / 2 / size[0], (box[1] + box[3]) / 2 / size[1]
    row, column = (min(max(int(share * 3), 0), 2) for share in (down, across))
    return PLACES[3 * row + column]


def way_of(before: Box, after: Box) -> str:
    """Which way the middle of a box went, mostly: one of `WAYS`.

    Examples:
        >>> way_of((10, 10, 20, 20), (10, 2, 20, 12))
        'up'
    """
    x, y = (after[i] + after[i + 2] - before[i] - before[i + 2] for i in (0, 1))
    return WAYS[int(x > 0)] if abs(x) >= abs(y) else WAYS[2 + int(y > 0)]


def side_of(box: Box, other: Box) -> str:
    """Which side of another box a box lies on, one of `SIDES`, where the two are neighbours.

    Returns:
        "" where they overlap, or lie apart further than the longer side of the smaller of the two.

    Examples:
        >>> side_of((0, 0, 10, 10), (14, 0, 24, 10)), side_of((0, 0, 10, 10), (50, 0, 60, 10))
        ('left of', '')
    """
    reach = min(max(one[2] - one[0], one[3] - one[1]) for one in (box, other))
    gaps = (other[0] - box[2], box[0] - other[2], other[1] - box[3], box[1] - other[3])
    gap = max(gaps)
    return SIDES[gaps.index(gap)] if 0 <= gap <= reach else ""


def area_of(box: Box, areas: Areas) -> str:
    """The name of the first area that holds the middle of a box; "" for none.

    Examples:
        >>> area_of((0, 0, 10, 10), {"gate": [(0, 0), (30, 0), (0, 30)]})
        'gate'
    """
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return next((name for name, corners in areas.items() if _inside(x, y, corners)), "")


def _inside(x: float, y: float, corners: Sequence[tuple[float, float]]) -> bool:
    """Whether a ray to the right of the point crosses the outline an odd number of times."""
    inside, (left, top) = False, corners[-1]
    for right, bottom in corners:
        if (top > y) != (bottom > y) and x < left + (y - top) / (bottom - top) * (right - left):
            inside = not inside
        left, top = right, bottom
    return inside

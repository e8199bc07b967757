"""Polygons to pixels and back.

A polygon is (N, 2) float64 corners (x, y), closed from last to first; the pixel in the upper left corner covers 0 to 1
both ways. A pixel belongs to a polygon when its centre does.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from spotdiff.types import Box, Mask

Polygon = NDArray[np.float64]

SLACK = 0.5  # pixels that a polygon made of a mask may leave the mask's own edge
_LEAST_IOU = 0.97  # of a polygon so made; where that cannot be, the polygon follows the pixels' edges
_ROUND = 64  # corners of a circle


def rectangle(left: float, top: float, right: float, bottom: float) -> Polygon:
    """Four corners."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> Polygon:
    """Corners on an ellipse of the same area."""
    angles = np.arange(_ROUND) * (2 * np.pi / _ROUND)
    grown = np.sqrt(2 * np.pi / _ROUND / np.sin(2 * np.pi / _ROUND))
    return np.stack([x + grown * radius_x * np.cos(angles), y + grown * radius_y * np.sin(angles)], axis=1)


def rotated(polygon: Polygon, radians: float) -> Polygon:
    """Corners rotated about the middle of their box, clockwise as pictures are seen."""
    middle = (polygon.min(axis=0) + polygon.max(axis=0)) / 2
    cosine, sine = np.cos(radians), np.sin(radians)
    rotation = np.array([(cosine, sine), (-sine, cosine)])
    return np.asarray((polygon - middle) @ rotation + middle)


def polygon_mask(polygon: Polygon, size: tuple[int, int]) -> Mask:
    """(H, W) bool: the pixels of a picture whose centres lie inside, by the even-odd rule.

    Args:
        polygon: (N, 2) corners.
        size: (width, height) of the picture.

    Examples:
        >>> polygon_mask(rectangle(1, 0, 3, 1), (4, 2)).astype(int).tolist()
        [[0, 1, 1, 0], [0, 0, 0, 0]]
    """
    width, height = size
    start, stop = polygon, np.roll(polygon, -1, axis=0)
    tops, bottoms = np.minimum(start[:, 1], stop[:, 1]), np.maximum(start[:, 1], stop[:, 1])
    first, last = (np.clip(np.ceil(ends - 0.5), 0, height).astype(int) for ends in (tops, bottoms))
    edge = np.repeat(np.arange(len(polygon)), last - first)
    count = last - first
    row = np.arange(len(edge)) + np.repeat(first - np.cumsum(count) + count, count)
    (x, y), (end_x, end_y) = start[edge].T, stop[edge].T
    crossed = x + (row + 0.5 - y) * (end_x - x) / (end_y - y)
    toggles = np.zeros((height, width + 1), np.uint8)
    np.add.at(toggles, (row, np.clip(np.ceil(crossed - 0.5), 0, width).astype(int)), 1)
    return np.asarray(np.bitwise_and(np.cumsum(toggles[:, :-1], axis=1, dtype=np.uint8), 1), bool)


def covered_window(polygons: tuple[Polygon, ...], size: tuple[int, int]) -> tuple[Box, Mask]:
    """The window of the picture in which some polygons lie, and which of its pixels any of them covers."""
    corners = np.concatenate(polygons)
    low = np.clip(np.floor(corners.min(axis=0)), 0, np.array(size)).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)), low, np.array(size)).astype(int)
    window = int(high[0] - low[0]), int(high[1] - low[1])
    covered = np.zeros(window[::-1], bool)
    for polygon in polygons:
        covered |= polygon_mask(polygon - low, window)
    return (int(low[0]), int(low[1]), int(high[0]), int(high[1])), covered


def tight_box(window: Box, covered: Mask) -> Box | None:
    """The half-open box of the covered pixels of a window; None where there are none."""
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    if not rows.size:
        return None
    left, top = window[:2]
    return left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1


def mask_polygons(mask: Mask, *, exact: bool = False) -> tuple[Polygon, ...]:
    """One polygon a connected piece of a mask, its holes cut by a walk to them and back; the largest first.

    Args:
        mask: (H, W) bool.
        exact: Follow the edges of the pixels rather than within `SLACK` of them.

    Examples:
        >>> mask_polygons(np.ones((2, 3), bool))[0].tolist()
        [[0.0, 0.0], [0.0, 2.0], [3.0, 2.0], [3.0, 0.0]]
    """
    if not mask.any():
        return ()
    # At twice the size a line of one pixel has two sides, and what is traced can be put onto the pixels' own edges.
    doubled = cv2.resize(mask.astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    contours, tree = cv2.findContours(doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    edges = [_on_edges(contour) for contour in contours]
    owners = tree[0, :, 3].tolist()
    holes: dict[int, list[Polygon]] = defaultdict(list)
    for owner, edge in zip(owners, edges, strict=True):
        holes[owner].append(edge)  # under -1 are the outer edges themselves
    pieces = [
        _piece(outer, holes[number], exact=exact)
        for number, (owner, outer) in enumerate(zip(owners, edges, strict=True))
        if owner < 0
    ]
    return tuple(sorted(pieces, key=lambda polygon: -polygon_area(polygon)))


def polygon_area(polygon: Polygon) -> float:
    """Area inside, in pixels.

    Examples:
        >>> polygon_area(rectangle(1, 1, 3, 4))
        6.0
    """
    x, y = polygon.T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def _on_edges(contour: np.ndarray) -> Polygon:
    """The corners of a contour, traced at twice the size, on the edges of the pixels, without straight ones."""
    polygon = ((contour.reshape(-1, 2) + 1) // 2).astype(np.float64)
    polygon = polygon[np.any(polygon != np.roll(polygon, 1, axis=0), axis=1)]
    along, onward = polygon - np.roll(polygon, 1, axis=0), np.roll(polygon, -1, axis=0) - polygon
    turns: Polygon = polygon[
        (along[:, 0] * onward[:, 1] != along[:, 1] * onward[:, 0]) | ((along * onward).sum(axis=1) < 0)
    ]
    return turns


def _piece(outer: Polygon, holes: list[Polygon], *, exact: bool) -> Polygon:
    plain = _with_holes(outer, holes)
    if exact:
        return plain
    smooth = _with_holes(_smoothed(outer), [_smoothed(hole) for hole in holes])
    low = outer.min(axis=0)
    width, height = (outer.max(axis=0) - low).astype(int)
    mask, smooth_mask = (polygon_mask(polygon - low, (int(width), int(height))) for polygon in (plain, smooth))
    near = np.count_nonzero(mask & smooth_mask) >= _LEAST_IOU * np.count_nonzero(mask | smooth_mask)
    return smooth if near and len(smooth) >= 3 else plain


def _smoothed(polygon: Polygon) -> Polygon:
    """Fewer corners: single steps count by their middles, so that stairs become slopes that favour neither side."""
    onward = np.roll(polygon, -1, axis=0)
    step = np.abs(onward - polygon).sum(axis=1) <= 1
    keeps = ~step | ~np.roll(step, 1)
    points = [
        point
        for corner, middle, kept, stepped in zip(polygon, (polygon + onward) / 2, keeps, step, strict=True)
        for point in ([corner] if kept else []) + ([middle] if stepped else [])
    ]
    fewer = cv2.approxPolyDP(np.array(points, np.float32), SLACK, closed=True)
    return np.asarray(fewer, np.float64).reshape(-1, 2)


def _with_holes(outer: Polygon, holes: list[Polygon]) -> Polygon:
    """One polygon that walks from its nearest corner to each hole, around it and back the same way."""
    polygon = outer
    for hole in holes:
        apart = np.abs(polygon[:, None] - hole[None]).sum(axis=2)
        here, there = (int(index) for index in np.unravel_index(apart.argmin(), apart.shape))
        around = np.concatenate([hole[there:], hole[: there + 1]])
        polygon = np.concatenate([polygon[: here + 1], around, polygon[here:]])
    return polygon

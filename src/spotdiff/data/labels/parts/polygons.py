"""Polygons to pixels and back. A pixel belongs to a polygon when its centre does."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.data.labels.parts.marks import Ring
    from spotdiff.types import Box, Mask

SLACK = 0.5  # pixels that a polygon made of a mask may leave the mask's own edge
_LEAST_IOU = 0.97  # of a polygon so made; where that cannot be, the polygon follows the pixels' edges
_ROUND = 64  # corners of a circle


def rectangle(left: float, top: float, right: float, bottom: float) -> Ring:
    """Four corners."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)


def ellipse(x: float, y: float, radius_x: float, radius_y: float) -> Ring:
    """Corners on an ellipse of the same area."""
    angles = np.arange(_ROUND) * (2 * np.pi / _ROUND)
    grown = np.sqrt(2 * np.pi / _ROUND / np.sin(2 * np.pi / _ROUND))
    return np.stack([x + grown * radius_x * np.cos(angles), y + grown * radius_y * np.sin(angles)], axis=1)


def turned(ring: Ring, radians: float) -> Ring:
    """Corners turned about the middle of their box, clockwise as pictures are seen."""
    middle = (ring.min(axis=0) + ring.max(axis=0)) / 2
    cosine, sine = np.cos(radians), np.sin(radians)
    found: Ring = (ring - middle) @ np.array([(cosine, sine), (-sine, cosine)]) + middle
    return found


def fill(ring: Ring, size: tuple[int, int]) -> Mask:
    """(H, W) bool: the pixels of a picture whose centres lie inside, by the even-odd rule.

    Args:
        ring: (N, 2) corners.
        size: (width, height) of the picture.

    Examples:
        >>> fill(rectangle(1, 0, 3, 1), (4, 2)).astype(int).tolist()
        [[0, 1, 1, 0], [0, 0, 0, 0]]
    """
    width, height = size
    start, stop = ring, np.roll(ring, -1, axis=0)
    first, last = (np.clip(np.ceil(edge - 0.5), 0, height).astype(int) for edge in _ends(start[:, 1], stop[:, 1]))
    edge = np.repeat(np.arange(len(ring)), last - first)
    count = last - first
    row = np.arange(len(edge)) + np.repeat(first - np.cumsum(count) + count, count)
    (x, y), (end_x, end_y) = start[edge].T, stop[edge].T
    crossed = x + (row + 0.5 - y) * (end_x - x) / (end_y - y)
    toggles = np.zeros((height, width + 1), np.uint8)
    np.add.at(toggles, (row, np.clip(np.ceil(crossed - 0.5), 0, width).astype(int)), 1)
    return np.asarray(np.bitwise_and(np.cumsum(toggles[:, :-1], axis=1, dtype=np.uint8), 1), bool)


def _ends(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.minimum(one, other), np.maximum(one, other)


def cover(rings: tuple[Ring, ...], size: tuple[int, int]) -> tuple[Box, Mask]:
    """The window of the picture in which some polygons lie, and which of its pixels any of them covers."""
    every = np.concatenate(rings)
    low = np.clip(np.floor(every.min(axis=0)), 0, np.array(size)).astype(int)
    high = np.clip(np.ceil(every.max(axis=0)), low, np.array(size)).astype(int)
    window = int(high[0] - low[0]), int(high[1] - low[1])
    covered = np.zeros(window[::-1], bool)
    for ring in rings:
        covered |= fill(ring - low, window)
    return (int(low[0]), int(low[1]), int(high[0]), int(high[1])), covered


def tight_box(window: Box, covered: Mask) -> Box | None:
    """The half-open box of the covered pixels of a window; None where there are none."""
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    if not rows.size:
        return None
    left, top = window[:2]
    return left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1


def polygons_of(mask: Mask, *, exact: bool = False) -> tuple[Ring, ...]:
    """One polygon a connected piece of a mask, its holes cut by a walk to them and back; the largest first.

    Args:
        mask: (H, W) bool.
        exact: Follow the edges of the pixels rather than within `SLACK` of them.

    Examples:
        >>> polygons_of(np.ones((2, 3), bool))[0].tolist()
        [[0.0, 0.0], [0.0, 2.0], [3.0, 2.0], [3.0, 0.0]]
    """
    if not mask.any():
        return ()
    # At twice the size a line of one pixel has two sides, and what is traced can be put onto the pixels' own edges.
    doubled = cv2.resize(mask.astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    contours, tree = cv2.findContours(doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    edges = [_on_edges(contour) for contour in contours]
    owners = tree[0, :, 3].tolist()
    holes: dict[int, list[Ring]] = defaultdict(list)
    for owner, edge in zip(owners, edges, strict=True):
        holes[owner].append(edge)  # under -1 are the outer edges themselves
    pieces = [
        _piece(outer, holes[number], exact=exact)
        for number, (owner, outer) in enumerate(zip(owners, edges, strict=True))
        if owner < 0
    ]
    return tuple(sorted(pieces, key=lambda ring: -area_of(ring)))


def area_of(ring: Ring) -> float:
    """Area inside, in pixels.

    Examples:
        >>> area_of(rectangle(1, 1, 3, 4))
        6.0
    """
    x, y = ring.T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def _on_edges(contour: np.ndarray) -> Ring:
    """The corners of a contour, traced at twice the size, on the edges of the pixels, without straight ones."""
    ring = ((contour.reshape(-1, 2) + 1) // 2).astype(np.float64)
    ring = ring[np.any(ring != np.roll(ring, 1, axis=0), axis=1)]
    along, onward = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    turns: Ring = ring[(along[:, 0] * onward[:, 1] != along[:, 1] * onward[:, 0]) | ((along * onward).sum(axis=1) < 0)]
    return turns


def _piece(outer: Ring, holes: list[Ring], *, exact: bool) -> Ring:
    plain = _with_holes(outer, holes)
    if exact:
        return plain
    smooth = _with_holes(_smoothed(outer), [_smoothed(hole) for hole in holes])
    low = outer.min(axis=0)
    width, height = (outer.max(axis=0) - low).astype(int)
    true, found = (fill(ring - low, (int(width), int(height))) for ring in (plain, smooth))
    near = np.count_nonzero(true & found) >= _LEAST_IOU * np.count_nonzero(true | found)
    return smooth if near and len(smooth) >= 3 else plain


def _smoothed(ring: Ring) -> Ring:
    """Fewer corners: single steps count by their middles, so that stairs become slopes that favour neither side."""
    onward = np.roll(ring, -1, axis=0)
    step = np.abs(onward - ring).sum(axis=1) <= 1
    keeps = ~step | ~np.roll(step, 1)
    points = [
        point
        for corner, middle, kept, stepped in zip(ring, (ring + onward) / 2, keeps, step, strict=True)
        for point in ([corner] if kept else []) + ([middle] if stepped else [])
    ]
    fewer = cv2.approxPolyDP(np.array(points, np.float32), SLACK, closed=True)
    return np.asarray(fewer, np.float64).reshape(-1, 2)


def _with_holes(outer: Ring, holes: list[Ring]) -> Ring:
    """One ring that walks from its nearest corner to each hole, around it and back the same way."""
    ring = outer
    for hole in holes:
        apart = np.abs(ring[:, None] - hole[None]).sum(axis=2)
        here, there = (int(index) for index in np.unravel_index(apart.argmin(), apart.shape))
        around = np.concatenate([hole[there:], hole[: there + 1]])
        ring = np.concatenate([ring[: here + 1], around, ring[here:]])
    return ring

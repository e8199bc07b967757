"""Carry pixels, points, boxes and outlines from one picture's pixels into the other's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Box, Map, Mask, Matrix, Outline, Picture


def scaling(factor: float) -> Matrix:
    """(3, 3) matrix from a picture's pixels to those of its copy resized by `factor`; pixel centres stay in place."""
    middle = 0.5 * factor - 0.5
    return np.array([[factor, 0, middle], [0, factor, middle], [0, 0, 1]], np.float64)


def move_points(points: NDArray[np.floating], matrix: Matrix) -> NDArray[np.float64]:
    """Points (N, 2) taken through `matrix`.

    Examples:
        >>> move_points(np.array([[1.0, 2.0]]), np.array([[1, 0, 5], [0, 1, 0], [0, 0, 1.0]])).tolist()
        [[6.0, 2.0]]
    """
    moved = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(moved[:, :2] / np.where(np.abs(moved[:, 2:]) < 1e-12, 1e-12, moved[:, 2:]))


def map_box(box: Box, matrix: Matrix) -> Box:
    """The smallest box round a box taken through `matrix`.

    Examples:
        >>> map_box((0, 0, 10, 5), np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]]))
        (0, 0, 20, 10)
    """
    left, top, right, bottom = box
    # edges of pixels, not their centres: a box of one pixel stays one pixel wide
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64) - 0.5
    moved = move_points(corners, matrix) + 0.5
    low, high = np.floor(moved.min(0) + 1e-6), np.ceil(moved.max(0) - 1e-6)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def move_box(box: Box, matrix: Matrix, size: tuple[int, int]) -> Box | None:
    """The smallest box round a box taken through `matrix`, cut to a picture of `size`; None when nothing is left."""
    left, top, right, bottom = map_box(box, matrix)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1])
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def move_outlines(outlines: Sequence[Outline], matrix: Matrix, size: tuple[int, int]) -> tuple[Outline, ...]:
    """Outlines taken through `matrix`, their corners kept inside a picture of `size`."""
    moved = []
    for outline in outlines:
        points = np.rint(move_points(np.array(outline, np.float64), matrix))
        points = np.clip(points, 0, np.array(size) - 1).astype(int)
        moved.append(tuple((int(x), int(y)) for x, y in points))
    return tuple(moved)


def warp(
    image: NDArray[np.uint8], matrix: Matrix, size: tuple[int, int], *, nearest: bool = False
) -> NDArray[np.uint8]:
    """`image` as seen in a frame of `size` whose pixels `matrix` takes to the image's own."""
    flags = (cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def coverage(matrix: Matrix, size: tuple[int, int], source: tuple[int, int]) -> Mask:
    """(H, W) bool for a frame of `size`: True where `matrix` lands inside a picture of size `source`."""
    seen = cv2.warpPerspective(
        np.full((source[1], source[0]), 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return np.asarray(seen == 255)


def warp_picture(picture: Picture, matrix: Matrix, size: tuple[int, int], flow: Map | None = None) -> Picture:
    """A picture as seen in a frame of `size`, alpha included; `flow` is added to where each pixel looks."""
    from dataclasses import replace

    if flow is not None:
        x, y = look_up(matrix, size, flow)

    def moved(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if flow is None:
            return warp(image, matrix, size)
        return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    if picture.alpha is None:
        return replace(picture, pixels=moved(picture.pixels))
    # a colour that nobody sees must not bleed into its neighbours
    visible = np.where(picture.alpha[..., None] > 0, picture.pixels, np.uint8(255))
    return replace(picture, pixels=moved(visible), alpha=moved(picture.alpha))


def look_up(matrix: Matrix, size: tuple[int, int], flow: Map) -> tuple[Map, Map]:
    """Two (H, W) float32 maps: the x and the y at which each pixel of the frame looks into the other picture."""
    x, y = np.meshgrid(np.arange(size[0], dtype=np.float64), np.arange(size[1], dtype=np.float64))
    points = np.column_stack([(x + flow[..., 0]).ravel(), (y + flow[..., 1]).ravel()])
    moved = move_points(points, matrix).astype(np.float32)
    return moved[:, 0].reshape(x.shape), moved[:, 1].reshape(x.shape)

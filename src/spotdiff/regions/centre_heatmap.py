"""Boxes out of the maps of a net that says them by their centres, and boxes painted as a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Map

    Floats = NDArray[np.float64]

MOST = 100  # boxes of a picture


def decode(
    heat: Map,
    size: Map,
    offset: Map,
    *,
    stride: int,
    shape: tuple[int, int],
    threshold: float,
    most: int = MOST,
) -> tuple[Floats, Floats]:
    """Boxes (K, 4) in pixels, half-open, not rounded, the surest first, and their scores (K,).

    A cell holds a centre where no cell round it is surer. Boxes are cut at the picture's rim; one without area is none.

    Args:
        heat: (h, w) in [0, 1]: how sure it is that a centre lies in a cell.
        size: (2, h, w) width and height, in cells.
        offset: (2, h, w) from the cell's corner to the centre, x and y, in cells.
        stride: Pixels a cell.
        shape: (H, W) of the picture.
        threshold: Least score of a box.
        most: Boxes at most.

    References:
        Zhou, Wang, Krähenbühl (2019), Objects as Points, section 3.1. https://arxiv.org/abs/1904.07850
    """
    rows, columns = np.nonzero((heat >= threshold) & (heat == _highest_round(heat)))
    best = np.argsort(-heat[rows, columns], kind="stable")[:most]
    rows, columns = rows[best], columns[best]
    centre = np.stack([columns, rows], 1) + offset[:, rows, columns].T.astype(np.float64)
    half = size[:, rows, columns].T.astype(np.float64) / 2
    height, width = shape
    boxes = np.clip(np.hstack([centre - half, centre + half]) * stride, 0, [width, height, width, height])
    real = (boxes[:, 2:] > boxes[:, :2]).all(1)
    return boxes[real], heat[rows, columns][real].astype(np.float64)


def _highest_round(heat: Map) -> Map:
    """The highest value in the 3 x 3 cells round each cell."""
    wide = np.pad(heat, 1, constant_values=-np.inf)
    highest: Map = np.lib.stride_tricks.sliding_window_view(wide, (3, 3)).max((2, 3))
    return highest


def painted(boxes: Floats, scores: Floats, shape: tuple[int, int]) -> Map:
    """(H, W) float32 in [0, 1]: each box filled with its score, the highest where boxes overlap, 0 outside all.

    A pixel belongs to a box that covers its centre.

    Examples:
        >>> painted(np.array([[0, 0, 2, 1], [1, 0, 3, 1]]), np.array([0.5, 0.75]), (2, 4)).tolist()
        [[0.5, 0.75, 0.75, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    map_ = np.zeros(shape, np.float32)
    for (left, top, right, bottom), score in zip(np.ceil(boxes - 0.5).astype(int).clip(0), scores, strict=True):
        inside = map_[top:bottom, left:right]
        np.maximum(inside, score, out=inside, casting="same_kind")
    return map_

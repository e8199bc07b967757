"""What pictures are made into before a network sees them: filled where nothing counts, and of its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Mask

_LEAST = 32  # pixels a side that every network takes


def filled(before: Bytes, after: Bytes, usable: Mask | None) -> tuple[Bytes, Bytes]:
    """Both pictures, in the mean colour of what counts where nothing does: what stands there must have no say."""
    if usable is None or usable.all():
        return before, after
    mask = usable.astype(np.uint8)
    means = np.array([cv2.mean(picture, mask=mask)[:3] for picture in (before, after)])
    colour = np.rint(means.mean(0)).astype(np.uint8)
    pictures = []
    for picture in (before, after):
        ground = np.empty_like(picture)
        ground[:] = colour
        pictures.append(np.asarray(cv2.copyTo(picture, mask, ground)))
    return pictures[0], pictures[1]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInput:
    """Two pictures ready for a network.

    Attributes:
        before, after: (1, 3, H, W) float32 in [0, 1], H and W from 32.
        inner: Height and width of what is picture; below and beside it, the edge is repeated.
        shape: Height and width that the pictures had.
    """

    before: Map
    after: Map
    inner: tuple[int, int]
    shape: tuple[int, int]


def network_input(before: Bytes, after: Bytes, *, side: int) -> NetworkInput:
    """Two pictures of equal size brought to a longer side of `side`; smaller ones keep their size.

    Examples:
        >>> ready = network_input(*[np.zeros((90, 400, 3), np.uint8)] * 2, side=100)
        >>> ready.before.shape, ready.inner
        ((1, 3, 32, 100), (22, 100))
    """
    height, width = before.shape[:2]
    factor = min(side / max(height, width), 1.0)
    inner = max(round(height * factor), 1), max(round(width * factor), 1)
    return NetworkInput(_planes(before, inner), _planes(after, inner), inner, (height, width))


def _planes(picture: Bytes, inner: tuple[int, int]) -> Map:
    if picture.shape[:2] != inner:
        picture = np.asarray(cv2.resize(picture, inner[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    below, beside = (max(_LEAST - length, 0) for length in inner)
    padded = np.pad(picture, ((0, below), (0, beside), (0, 0)), mode="edge") if below or beside else picture
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32) / np.float32(255)

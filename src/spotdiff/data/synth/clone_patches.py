"""Parts of a picture painted with other parts of it: clone stamps, bites out of tracks, bridges between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.cutouts import Cutout

if TYPE_CHECKING:
    from spotdiff.data.synth.canvas import Position
    from spotdiff.types import Bytes

_NEAR = 3  # times its size, how far from a place its other content may come


def patches(rng: np.random.Generator, picture: Bytes, shape: Cutout, at: Position) -> tuple[Cutout, Cutout]:
    """A place as it is, and painted with what stands elsewhere or with one colour from there, both in a thing's shape.

    Args:
        rng: Decides.
        picture: (H, W, 3) uint8.
        shape: Gives outline, edge and size.
        at: Left and top of the place.
    """
    wide, tall = shape.size
    here = _part(picture, at, (wide, tall))
    away = rng.integers(-_NEAR * wide, _NEAR * wide + 1), rng.integers(-_NEAR * tall, _NEAR * tall + 1)
    other = _part(picture, (at[0] + int(away[0]), at[1] + int(away[1])), (wide, tall))
    if rng.random() < 0.5:
        other = np.full_like(other, other[tall // 2, wide // 2])
    return _cut(here, shape), _cut(other, shape)


def _part(picture: Bytes, at: Position, size: tuple[int, int]) -> Bytes:
    """A (tall, wide, 3) part of the picture; beyond its edges, the edges go on."""
    height, width = picture.shape[:2]
    rows = np.clip(np.arange(at[1], at[1] + size[1]), 0, height - 1)
    columns = np.clip(np.arange(at[0], at[0] + size[0]), 0, width - 1)
    return np.asarray(picture[rows[:, None], columns])


def _cut(pixels: Bytes, shape: Cutout) -> Cutout:
    covered = np.asarray(cv2.multiply(pixels, cv2.merge([shape.alpha] * 3), scale=1 / 255))
    return replace(shape, pixels=covered, name="patch", words="", colour="")

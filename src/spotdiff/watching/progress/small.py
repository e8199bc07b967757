"""Small pictures of a series: the areas outlined, and what changed in colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.report.colours import KIND_COLOURS, Colour
from spotdiff.report.data_uri import shrink, thumbnail
from spotdiff.types import Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.language.places import Areas

SIDE = 440  # pixels of the longer side
_DIMMED, _TINTED = 0.45, 0.75  # how bright what did not change stays; how much colour lies on what did
_BLUE = (0, 114, 178)  # the sixth colour of the kinds' set
COLOURS: tuple[Colour, ...] = (_BLUE, *(KIND_COLOURS[kind] for kind in ("removed", "added", "replaced", "moved")))
_PAINT = KIND_COLOURS["changed"]  # no area's colour


def colour_of(number: int) -> Colour:
    """The colour of an area by its number, counted from 0; used up, they begin again."""
    return COLOURS[number % len(COLOURS)]


def small_picture(picture: Picture, areas: Areas, labels: NDArray[np.int32] | None = None) -> bytes:
    """A small JPEG file of a picture with the areas outlined in their colours.

    Args:
        picture: In whose pixels the areas and the labels are.
        areas: Corners by name.
        labels: (H, W) int32; where it is not 0 is coloured and the rest dimmed. None leaves the picture as it is.
    """
    pixels = shrink(picture.pixels, SIDE)
    if labels is not None:
        height, width = picture.pixels.shape[:2]
        pixels = _painted(pixels, (labels[:height, :width] > 0).astype(np.float32))
    canvas = np.ascontiguousarray(pixels).copy()
    scale = np.array(canvas.shape[1::-1]) / picture.size
    for number, corners in enumerate(areas.values()):
        ring = np.rint(np.clip(np.array(corners) * scale - 0.5, -9999, 9999)).astype(np.int32)
        cv2.polylines(canvas, [ring], isClosed=True, color=(0, 0, 0), thickness=4, lineType=cv2.LINE_AA)
        cv2.polylines(canvas, [ring], isClosed=True, color=colour_of(number), thickness=2, lineType=cv2.LINE_AA)
    return thumbnail(Picture(canvas), max_side=SIDE)


def _painted(pixels: NDArray[np.uint8], changed: NDArray[np.float32]) -> NDArray[np.uint8]:
    size = pixels.shape[1], pixels.shape[0]
    share = cv2.resize(changed, size, interpolation=cv2.INTER_AREA)[..., None] * _TINTED
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
    below = grey * (_DIMMED + (1 - _DIMMED) * share)
    return np.asarray(below * (1 - share) + np.array(_PAINT) * share, np.uint8)

"""Name what happened to a region: added, removed, replaced or just changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Box, Bytes, Kind, Map

_RING = 4  # pixels of surroundings that an object is held against
_CLEAR = 0.3  # log ratio of evidence above which one picture has the object and the other has not
_ENOUGH = 2000  # colours that a median is taken of
_PRESENT = 14.0  # grey levels of edge or contrast that speak of an object at all


@dataclass(frozen=True, slots=True)
class Presence:
    """How much a region looks like a thing of its own in one picture.

    Attributes:
        edge: Mean gradient along the region's outline, in grey levels per pixel.
        contrast: Distance between the colours inside and just outside, in grey levels.
    """

    edge: float
    contrast: float

    @property
    def strength(self) -> float:
        """Edge and contrast together, in grey levels."""
        return self.edge + 0.5 * self.contrast


def presence(pixels: Bytes, mask: NDArray[np.bool_]) -> Presence:
    """How much the region `mask` (H, W) bool looks like a thing of its own in `pixels` (H, W, 3)."""
    inside = mask.astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    outline = cv2.dilate(inside, kernel) - cv2.erode(inside, kernel, borderValue=0)
    ring = cv2.dilate(inside, np.ones((2 * _RING + 1,) * 2, np.uint8)) - cv2.dilate(inside, kernel)
    edge = float(gradient_of(pixels)[outline > 0].mean()) if outline.any() else 0.0
    if not ring.any():
        return Presence(edge, 0.0)
    core, around = _some(pixels[mask]), _some(pixels[ring > 0])
    contrast = np.abs(np.median(core, axis=0) - np.median(around, axis=0)).mean()
    rough = np.abs(core.std(axis=0) - around.std(axis=0)).mean()
    return Presence(edge, float(contrast + 0.5 * rough))


def _some(colours: Bytes) -> NDArray[np.float32]:
    """Some thousand of many colours (N, 3): enough for a median."""
    return colours[:: max(len(colours) // _ENOUGH, 1)].astype(np.float32)


def kind_by_edges(before: Presence, after: Presence) -> Kind:
    """The kind that an undirected method's region has, by the picture in which its outline lies on real edges.

    Examples:
        >>> kind_by_edges(Presence(2.0, 3.0), Presence(40.0, 60.0))
        'added'
    """
    lean = float(np.log((after.strength + 1) / (before.strength + 1)))
    if abs(lean) > _CLEAR:
        return "added" if lean > 0 else "removed"
    return "replaced" if min(before.strength, after.strength) > _PRESENT else "changed"


def gradient_of(pixels: Bytes) -> Map:
    """(H, W) float32 gradient of the strongest channel of a picture (H, W, 3), in grey levels per pixel."""
    # per channel, because a red cup on a green table of the same luma has edges too
    best = np.zeros(pixels.shape[:2], np.float32)
    for channel in cv2.split(cv2.GaussianBlur(pixels, (0, 0), 0.8)):
        x, y = cv2.Sobel(channel, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(channel, cv2.CV_32F, 0, 1, scale=0.125)
        np.maximum(best, cv2.magnitude(x, y), out=best)
    return best


def window(box: Box, size: tuple[int, int], *, margin: int = _RING + 2) -> tuple[slice, slice]:
    """Rows and columns of a box and its surroundings, inside a picture of `size`."""
    left, top, right, bottom = box
    rows = slice(max(top - margin, 0), min(bottom + margin, size[1]))
    columns = slice(max(left - margin, 0), min(right + margin, size[0]))
    return rows, columns

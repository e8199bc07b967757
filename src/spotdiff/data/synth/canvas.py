"""The two pictures while they are made, and who owns each of their pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.data.synth.cutouts import Cutout
    from spotdiff.types import Bytes

BEFORE, AFTER = 0, 1
BOTH = (BEFORE, AFTER)
_LARGEST_HOLE = 44  # side in pixels up to which a place is filled at full resolution; its cost grows with the cube
_FEWEST = 8  # pixels of a thing that must be seen
Position = tuple[int, int]  # left and top of a thing, which may lie outside
Window = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Shadow:
    """A shadow that goes with a thing.

    Attributes:
        dark: (H, W) uint8, what share of 255 of the light it takes.
        offset: Its left and top from those of the thing.
    """

    dark: Bytes
    offset: Position


class PairCanvas:
    """Two canvases that start as one scene, and for each a map of the numbers of the things seen in it.

    Attributes:
        pictures: (H, W, 3) uint8, before and after.
        instances: (H, W) uint8 each: the number of the thing seen there, 0 for the scene.
        touched: (H, W) uint8: 255 where either picture is not the scene any more.
        pasted: (H, W) uint8: 255 where either picture has had more done to it than a shadow.
    """

    def __init__(self, scene: Bytes) -> None:
        height, width = scene.shape[:2]
        self.pictures = [scene, scene.copy()]
        self.instances = [np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)]
        self.touched, self.pasted = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)

    def paste(self, cutout: Cutout, at: Position, number: int, side: int, shadow: Shadow | None = None) -> None:
        """Put a thing into one picture, over its shadow; what lies outside is cut off."""
        darkened = None if shadow is None else darken(self.pictures[side], shadow, at)
        if darkened is not None:
            self.touched[darkened[0]][darkened[1] > 0] = 255
        window, piece = overlap_slices(self.instances[side].shape, at, cutout.size)
        if window is None:
            return
        under = self.pictures[side][window]
        instance_map, alpha = self.instances[side][window], cutout.alpha[piece]
        self.pictures[side][window] = alpha_over(under, cutout.pixels[piece], alpha)
        instance_map[alpha > 127] = 0
        instance_map[cutout.area[piece] > 0] = number
        self._mark(window, cv2.max(alpha, cutout.area[piece]))

    def _mark(self, window: Window, piece: Bytes) -> None:
        for marks in (self.touched, self.pasted):
            marks[window][piece > 0] = 255

    def paint_over(self, mask: Bytes, at: Position, sides: tuple[int, ...]) -> None:
        """Fill a place from around it, as painting programs do, in one picture or in two that are the same there."""
        room = 8
        place = at[0] - room, at[1] - room
        padded = cv2.copyMakeBorder(mask, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
        window, piece = overlap_slices(self.touched.shape, place, (padded.shape[1], padded.shape[0]))
        if window is None:
            return
        hole = padded[piece]
        filled = _filled(self.pictures[sides[0]][window], hole)
        for side in sides:
            self.pictures[side][window] = filled
            self.instances[side][window][hole > 0] = 0
        self._mark(window, hole)

    def covered(self, cutout: Cutout, at: Position) -> float:
        """Share of a thing's box, were it put there, that things own already or that lies outside."""
        window, _ = overlap_slices(self.touched.shape, at, cutout.size)
        if window is None:
            return 1.0
        owned = max(cv2.countNonZero(instance_map[window]) for instance_map in self.instances)
        here = (window[0].stop - window[0].start) * (window[1].stop - window[1].start)
        return float(1 - (here - owned) / (cutout.size[0] * cutout.size[1]))

    def copy(self) -> PairCanvas:
        """A canvas of its own that shows the same."""
        other = PairCanvas(self.pictures[BEFORE])
        other.pictures = [picture.copy() for picture in self.pictures]
        other.instances = [instance_map.copy() for instance_map in self.instances]
        other.touched, other.pasted = self.touched.copy(), self.pasted.copy()
        return other

    def restore(self, other: PairCanvas) -> None:
        """Show what another canvas shows, and take over its arrays."""
        self.pictures, self.instances = other.pictures, other.instances
        self.touched, self.pasted = other.touched, other.pasted

    def shown(self, number: int, side: int) -> float:
        """How much the two pictures differ on average, 0 to 255, where a thing is seen; 0 where it hardly is."""
        mask = cv2.compare(self.instances[side], number, cv2.CMP_EQ)
        left, top, width, height = cv2.boundingRect(mask)
        box = slice(top, top + height), slice(left, left + width)
        inside = mask[box]
        if cv2.countNonZero(mask) < _FEWEST:
            return 0.0
        before, after = (picture[box] for picture in self.pictures)
        return float(sum(cv2.mean(cv2.absdiff(before, after), mask=inside)[:3]) / 3)

    def differing(self) -> Bytes:
        """(H, W) uint8: 255 where the two pictures are not the same, by more than shadows on the scene."""
        same = cv2.inRange(cv2.absdiff(*self.pictures), (0, 0, 0), (0, 0, 0))
        return np.asarray(cv2.bitwise_and(cv2.bitwise_not(same), self.pasted))


def paste(picture: Bytes, cutout: Cutout, at: Position, shadow: Shadow | None = None) -> None:
    """Put a thing into a picture, over its shadow; what lies outside is cut off."""
    if shadow is not None:
        darken(picture, shadow, at)
    window, piece = overlap_slices(picture.shape, at, cutout.size)
    if window is not None:
        picture[window] = alpha_over(picture[window], cutout.pixels[piece], cutout.alpha[piece])


def darken(picture: Bytes, shadow: Shadow, at: Position) -> tuple[Window, Bytes] | None:
    """Put the shadow of a thing at a place into a picture; where it lies and how dark it is there, or None."""
    place = at[0] + shadow.offset[0], at[1] + shadow.offset[1]
    height, width = shadow.dark.shape
    window, piece = overlap_slices(picture.shape, place, (width, height))
    if window is None:
        return None
    dark = shadow.dark[piece]
    picture[window] = cv2.multiply(picture[window], cv2.merge([cv2.bitwise_not(dark)] * 3), scale=1 / 255)
    return window, dark


def alpha_over(under: Bytes, pixels: Bytes, alpha: Bytes) -> Bytes:
    """Pixels that are multiplied by their alpha already, over others."""
    rest = cv2.bitwise_not(alpha)
    seen = cv2.multiply(under, cv2.merge([rest] * 3), scale=1 / 255)
    return np.asarray(cv2.add(seen, pixels))


def overlap_slices(shape: tuple[int, ...], at: Position, size: tuple[int, int]) -> tuple[Window | None, Window]:
    """The part of a canvas that a piece at a place covers (None for nothing), and the same part of the piece."""
    left, top = max(at[0], 0), max(at[1], 0)
    right, bottom = min(at[0] + size[0], shape[1]), min(at[1] + size[1], shape[0])
    piece = slice(top - at[1], bottom - at[1]), slice(left - at[0], right - at[0])
    if left >= right or top >= bottom:
        return None, piece
    return (slice(top, bottom), slice(left, right)), piece


def _filled(around: Bytes, hole: Bytes) -> Bytes:
    factor = min(_LARGEST_HOLE / max(hole.shape), 1.0)
    if factor == 1:
        return np.asarray(cv2.inpaint(around, hole, 3, cv2.INPAINT_TELEA))
    size = max(round(hole.shape[1] * factor), 2), max(round(hole.shape[0] * factor), 2)
    small_hole = cv2.dilate(cv2.resize(hole, size, interpolation=cv2.INTER_AREA), np.ones((3, 3), np.uint8))
    small_hole = cv2.threshold(small_hole, 0, 255, cv2.THRESH_BINARY)[1]
    small = cv2.inpaint(cv2.resize(around, size, interpolation=cv2.INTER_AREA), small_hole, 3, cv2.INPAINT_TELEA)
    coarse = cv2.resize(small, (hole.shape[1], hole.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.where(hole[..., None] > 0, coarse, around)

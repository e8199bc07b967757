"""Tell apart what left and what came where one changed region holds both.

An undirected method draws one region round a car that left and another that parked half on its place.
What the ground between would look like is filled in from the surroundings; where before stands
out from that ground something is gone, where after does something is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align.pull_push import pull_push

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Box, Bytes, Map, Mask

    Labels = NDArray[np.int32]

_WORK_SIDE = 640  # pixels: what stands out does so on a small copy too
_LEAST = 14.0  # grey levels by which a pixel stands out from plain ground
_ROUGH = 2.0  # times the ground's own roughness by which it stands out from textured ground
_COVER = 0.6  # of a region that its things must account for
_SHARE = 0.05  # of its region that a thing must fill to be one
_OWN = 0.3  # of a thing's ground that must be its alone, or it replaced the other or only shows through beneath it
_OPEN = 5  # pixels: narrower remains of a region are its rim, not a thing


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Where before, and after, stand out from the ground: (h, w) masks 0 or 1, `factor` times the pictures' size."""

    before: Bytes
    after: Bytes
    factor: float

    def inside(self, box: Box) -> tuple[Mask, Mask]:
        """Both masks in the pictures' own pixels, cut to a box."""
        columns = _sampled(box[0], box[2], self.factor, self.before.shape[1])
        rows = _sampled(box[1], box[3], self.factor, self.before.shape[0])
        place = np.ix_(rows, columns)
        return np.asarray(self.before[place] > 0), np.asarray(self.after[place] > 0)


def _sampled(first: int, last: int, factor: float, size: int) -> NDArray[np.int64]:
    return np.minimum(((np.arange(first, last) + 0.5) * factor).astype(np.int64), size - 1)


def standing_out(before: Bytes, after: Bytes, labels: Labels) -> Standing:
    """Where each of two aligned pictures (H, W, 3) stands out from the ground round the regions of `labels`."""
    height, width = labels.shape
    factor = min(1.0, _WORK_SIDE / max(height, width))
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    changed = cv2.resize(labels.view(np.float32), size, interpolation=cv2.INTER_NEAREST).view(np.int32) > 0
    known = (cv2.dilate(changed.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0).astype(np.float32)
    skip = max(int(0.5 / factor), 1)  # averaging all pixels of a large picture would take ten times as long
    small = [
        cv2.resize(p[::skip, ::skip], size, interpolation=cv2.INTER_AREA).astype(np.float32) for p in (before, after)
    ]
    masks = [_stands_out(p, known).astype(np.uint8) for p in small]
    return Standing(masks[0], masks[1], factor)


def _stands_out(pixels: NDArray[np.float32], known: Map) -> Mask:
    ground = pull_push(pixels, known)
    distance = np.abs(pixels - ground).max(2)
    roughness = pull_push(np.abs(pixels - cv2.GaussianBlur(pixels, (0, 0), 4)).mean(2)[..., None], known)[..., 0]
    return np.asarray(cv2.GaussianBlur(distance, (0, 0), 1.0) > _LEAST + _ROUGH * roughness)


def parts(mask: Mask, *, least: int) -> list[Mask]:
    """The pieces of a mask that are things of their own: at least `least` pixels, and nowhere thinner than a rim."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_OPEN, _OPEN))
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    pieces = [(labels == n).astype(np.uint8) for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= least]
    return [_without_holes(piece) for piece in pieces]


def _without_holes(mask: Bytes) -> Mask:
    outer, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(np.zeros_like(mask), outer, -1, (1,), cv2.FILLED) > 0)


def divide(standing: Standing, labels: Labels, number: int, box: Box, *, least: int) -> tuple[list[Mask], list[Mask]]:
    """What is gone and what is new inside the box of region `number`, as masks of the box's size.

    Both lists are empty where the region is one thing: where nothing but one picture's object stands
    out, or where the two things stand on the same place (a replacement, for `kinds` to say).
    """
    left, top, right, bottom = box
    inside = labels[top:bottom, left:right] == number
    area = int(inside.sum())
    if area < 8 * least:
        return [], []
    floor = max(4 * least, int(_SHARE * area))
    before, after = standing.inside(box)
    stands = before & inside, after & inside
    gone, new = (
        [part for part in parts(own, least=floor) if (part & ~other).sum() >= _OWN * part.sum()]
        for own, other in (stands, stands[::-1])
    )
    if not gone or not new or (_any(gone) | _any(new)).sum() < _COVER * area:
        return [], []
    return gone, new


def _any(masks: list[Mask]) -> Mask:
    return np.asarray(np.logical_or.reduce(masks))

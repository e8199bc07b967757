"""Find what moved: something gone and something new that look the same."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spotdiff.types import Box, Bytes, Kind, Mask, Outline, Pair, Region

    Floats = NDArray[np.float32]

_SIDE = 24  # pixels: looks are compared at this size
_LEAST = 0.9  # chance that two looks are of one thing
_RIVAL = 0.15  # how much likelier than the second best a match must be
_TEXTURED = 0.15  # least correlation: two pieces of one wall are of one colour, too
_SIZES = 2.0  # largest ratio of widths, heights
_MOST = 40  # things of a kind looked at: the work grows with their square
_BINS = 6  # of each channel of Lab, in a histogram of colours
_FEWEST = 12  # pixels of a thing that has a look
_SHARED = 30  # of the small squares' pixels that both things fill, to correlate them
# log-odds that two looks are of one thing, fitted on 549 gone and new things of made pairs, of which 165 moved
_AREAS, _COLOUR, _HISTOGRAM, _SHAPE, _TEXTURE, _BIAS = -2.2, -0.0225, 3.6, 1.65, 2.2, -0.64
_CROWD = -0.94  # for the logarithm of how many pairs there are: among many, some look alike by chance


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a thing looks like, cut out along its outline.

    Attributes:
        size: Width and height of its box, in pixels.
        area: Pixels.
        mean: (3,) mean colour, in grey levels.
        colours: Shares of its pixels by colour, blurred.
        small: (24, 24, 3) float32, its box.
        mask: (24, 24) bool, where in its box it is.
    """

    size: tuple[int, int]
    area: int
    mean: Floats
    colours: Floats
    small: Floats
    mask: Mask


def pair_moves(pair: Pair, regions: tuple[Region, ...], *, least: float = 0.0) -> tuple[Region, ...]:
    """The regions with every removed and added one of the same look joined into one that moved.

    Args:
        pair: The aligned pictures.
        regions: Boxes and outlines in the common frame: `box_before` where it was, `box_after` where it is.
        least: Score that both must have.

    Notes:
        Of 165 things of made pairs that moved and were found in both places 75 are called moved, and one that did not
        move. Things of the same make (two white cars) are told apart only by
        the second best match: where two fit about equally well, neither is called moved.
    """
    sure = tuple(region for region in regions if region.score >= least)
    gone, new = _largest(sure, "removed"), _largest(sure, "added")
    if not gone or not new:
        return regions
    befores = [look(pair.before.opaque, region.box_before, region.outline_before) for region in gone]
    afters = [look(pair.after.opaque, region.box_after, region.outline_after) for region in new]
    crowd = len(gone) * len(new)
    alike = np.array([[likeness(one, other, crowd=crowd) for other in afters] for one in befores])
    joined: dict[int, Region] = {}
    dropped: set[int] = set()
    for row, column in zip(*np.nonzero(alike >= _LEAST), strict=True):
        rivals = np.concatenate([np.delete(alike[row], column), np.delete(alike[:, column], row)])
        if len(rivals) and alike[row, column] < rivals.max() + _RIVAL:
            continue
        here, there = gone[row], new[column]
        joined[there.label] = _join(here, there, float(alike[row, column]))
        dropped.add(here.label)
    return tuple(joined.get(r.label, r) for r in regions if r.label not in dropped)


def _largest(regions: tuple[Region, ...], kind: Kind) -> list[Region]:
    return sorted((r for r in regions if r.kind == kind), key=lambda r: (-r.area, r.label))[:_MOST]


def _join(here: Region, there: Region, alike: float) -> Region:
    return replace(
        there,
        kind="moved",
        score=min(here.score, there.score) * alike,
        area=here.area + there.area,
        box_before=here.box_before,
        outline_before=here.outline_before,
    )


def look(pixels: Bytes, box: Box | None, outline: Sequence[Outline]) -> Look | None:
    """The look of what an outline holds; None of what is too small to have one."""
    if box is None:
        return None
    left, top, right, bottom = box
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [np.array(part, np.int32) - np.array((left, top), np.int32) for part in outline], 255)
    part = pixels[top:bottom, left:right]
    chosen = part[mask > 0]
    if len(chosen) < _FEWEST:
        return None
    small = cv2.resize(part, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    inside = cv2.resize(mask, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) > 127
    mean = chosen.mean(0, dtype=np.float32)
    size = (right - left, bottom - top)
    return Look(size, len(chosen), mean, _histogram(chosen), np.asarray(small, np.float32), np.asarray(inside))


def _histogram(colours: Bytes) -> Floats:
    """Shares of colours (N, 3) in the cells of a coarse grid over Lab, each shared a little with its neighbours."""
    lab = cv2.cvtColor(np.ascontiguousarray(colours[None]), cv2.COLOR_RGB2LAB)[0].astype(np.int32)
    cells = np.stack([lab[:, 0] * _BINS // 256, (lab[:, 1] - 80) * _BINS // 96, (lab[:, 2] - 80) * _BINS // 96], 1)
    cells = np.clip(cells, 0, _BINS - 1)
    flat = (cells[:, 0] * _BINS + cells[:, 1]) * _BINS + cells[:, 2]
    counts = np.bincount(flat, minlength=_BINS**3).astype(np.float32).reshape(_BINS, _BINS**2)
    blurred = cv2.GaussianBlur(counts, (0, 0), 0.5)
    return np.asarray(blurred.ravel() / blurred.sum(), np.float32)


def likeness(here: Look | None, there: Look | None, *, crowd: int = 1) -> float:
    """The chance that two looks, one of `crowd` such pairs, are of one thing; 0 where sizes differ too much.

    Of the four quarter turns the one counts that fits best.
    """
    if here is None or there is None:
        return 0.0
    areas = abs(math.log(here.area / there.area))
    colour = float(np.abs(here.mean - there.mean).max())
    histogram = float(np.minimum(here.colours, there.colours).sum())
    odds = _BIAS + _AREAS * areas + _COLOUR * colour + _HISTOGRAM * histogram + _CROWD * math.log(crowd)
    if odds + _SHAPE + _TEXTURE < 0:
        return 0.0
    turned = [_form(here, there, turns) for turns in range(4) if _fits(here.size, there.size, turns)]
    best = odds + max(turned, default=-math.inf)
    return 1 / (1 + math.exp(-best)) if best > 0 else 0.0


def _fits(here: tuple[int, int], there: tuple[int, int], turns: int) -> bool:
    sides = here[:: -1 if turns % 2 else 1]
    return all(max(one, other) <= _SIZES * min(one, other) for one, other in zip(sides, there, strict=True))


def _form(here: Look, there: Look, turns: int) -> float:
    """Log-odds from shape and texture, the first turned by quarters; none at all where the texture is another."""
    mask, small = np.rot90(here.mask, turns), np.rot90(here.small, turns)
    both = mask & there.mask
    shape = float(both.sum() / max((mask | there.mask).sum(), 1))
    if both.sum() <= _SHARED:
        return -math.inf
    one, other = small[both], there.small[both]
    one, other = one - one.mean(0), other - other.mean(0)
    texture = float((one * other).mean()) / max(float(one.std() * other.std()), 1.0)
    return _SHAPE * shape + _TEXTURE * texture if texture >= _TEXTURED else -math.inf

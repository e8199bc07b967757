"""Is a pixel anti-aliasing? The slope detector of Vysniauskas, in the ways of pixelmatch and looks-same.

A pixel is anti-aliasing when it lies on a slope between two flat sides: few neighbours equal it, some are
darker and some brighter, and its darkest or brightest neighbour belongs to a flat side in both pictures.
It misses thin shapes and much of font rendering, where no side is flat.

Reference:
    Vysniauskas 2009, Anti-aliased pixel and intensity slope detector, Electronics and Electrical Engineering 7(95).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.image.colour import YIQ, checkerboard, mixed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spotdiff.image.colour import Codes, Floats
    from spotdiff.types import Mask

    Places = NDArray[np.int64]

_RING = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x]
_BY_COLUMN = sorted(_RING, key=lambda step: (step[1], step[0]))
# Whole-number luma: every sum below is exact, so equal means equal whatever the order of the terms.
# No two of the 2^24 colours share a luma, so equal luma is equal colour.
_LUMA = np.rint(YIQ[0] * 1e8)


@dataclass(frozen=True, slots=True)
class Slope:
    """What the tools do differently.

    Attributes:
        edge: Neighbours that the picture's border counts for, as equal ones.
        by_column: Among equally dark neighbours take the first by columns; False: by rows.
        board: Lay transparent pixels on pixelmatch's checkerboard, at the centre pixel; False: on white.
        alpha_decides: Neighbours of equal luma are told apart by alpha, a step of it like a step of luma.
        margin: Luma difference up to which two neighbours are equal when flat sides are looked for; None: equal colour
            and alpha.
    """

    edge: int = 1
    by_column: bool = True
    board: bool = False
    alpha_decides: bool = False
    margin: float | None = None

    @property
    def ring(self) -> list[tuple[int, int]]:
        """The eight neighbours (dy, dx) in the order they are looked at."""
        return _BY_COLUMN if self.by_column else _RING


PIXELMATCH_7 = Slope(board=True)
ON_WHITE = Slope()  # odiff, and pixelmatch 7 told to leave the checkerboard
PIXELMATCH_MAIN = Slope(alpha_decides=True)
LOOKS_SAME = Slope(edge=0, by_column=False, margin=0.0)


def antialiased(before: Codes, after: Codes, place: Places, *, slope: Slope, first: int = 0) -> Mask:
    """Which pixels are anti-aliasing in either picture.

    Args:
        before: (H, W) uint32, packed pixels; its border is the picture's, or lies 2 pixels or more from every place.
        after: The same of the other picture.
        place: (N,) indices y * W + x of the pixels asked for.
        slope: The tool to follow.
        first: Index of `before`'s first pixel in its picture; the checkerboard needs it.

    Returns:
        (N,) bool.
    """
    mask = _on_slope(before, after, place, slope, first)
    rest = np.flatnonzero(~mask)
    mask[rest] = _on_slope(after, before, place[rest], slope, first)
    return mask


def _on_slope(own: Codes, other: Codes, place: Places, slope: Slope, first: int) -> Mask:
    mask = np.zeros(place.size, bool)
    # Equal pixels have equal luma: the cheap count leaves few pixels for the dear one.
    some = np.flatnonzero(~_flat(_Ring(own, place, slope), None))
    darkest, brightest, between = _extremes(_Ring(own, place[some], slope), first)
    some, darkest, brightest = some[between], darkest[between], brightest[between]
    mask[some] = _flat_in_both(own, other, darkest, slope)
    left = np.flatnonzero(~mask[some])
    mask[some[left]] = _flat_in_both(own, other, brightest[left], slope)
    return mask


class _Ring:
    """The eight neighbours of some pixels of a picture."""

    def __init__(self, codes: Codes, place: Places, slope: Slope) -> None:
        self.slope = slope
        self.place = place
        self.flat = codes.reshape(-1)
        self.centre = self.flat[place]
        height, width = codes.shape
        row, column = np.divmod(place, width)
        edges = {(-1, 0): row == 0, (1, 0): row == height - 1, (0, -1): column == 0, (0, 1): column == width - 1}
        self.edges = {step: edge for step, edge in edges.items() if edge.any()}
        self.width = width

    def border(self) -> NDArray[np.int8]:
        """(N,) equal neighbours that the picture's border stands for."""
        count = np.zeros(self.place.size, np.int8)
        for edge in self.edges.values():
            count[edge] = self.slope.edge
        return count

    def walk(self, ring: list[tuple[int, int]]) -> Iterator[tuple[Places, Mask | bool]]:
        """Per neighbour: its (N,) places, and where it is in the picture; elsewhere the place is the centre's."""
        for y, x in ring:
            neighbour = self.place + (y * self.width + x)
            outside = [edge for step, edge in self.edges.items() if step in ((y, 0), (0, x))]
            inside: Mask | bool = True
            if outside:
                inside = ~np.logical_or.reduce(outside)
                neighbour = np.where(inside, neighbour, self.place)
            yield neighbour, inside


def _flat(ring: _Ring, margin: float | None) -> Mask:
    """Where more than two neighbours equal the pixel, or do so within a margin of luma."""
    count = ring.border()
    luma = None if margin is None else _luma(ring.centre)[0]
    for neighbour, inside in ring.walk(_RING):
        if luma is None or margin is None:
            count += inside & (ring.flat[neighbour] == ring.centre)
        else:
            count += inside & (np.abs(_luma(ring.flat[neighbour])[0] - luma) <= margin * 1e8)
    return count > 2


def _flat_in_both(own: Codes, other: Codes, place: Places, slope: Slope) -> Mask:
    flat = _flat(_Ring(own, place, slope), slope.margin)
    some = np.flatnonzero(flat)
    flat[some] = _flat(_Ring(other, place[some], slope), slope.margin)
    return flat


def _extremes(ring: _Ring, first: int) -> tuple[Places, Places, Mask]:
    """Places of the darkest and the brightest neighbour, and where both are and few neighbours are equal."""
    contrast = _Contrast(ring.centre, ring.place + first, ring.slope)
    equal = ring.border()
    low, high = np.zeros(equal.size), np.zeros(equal.size)
    darkest, brightest = ring.place.copy(), ring.place.copy()
    for neighbour, inside in ring.walk(ring.slope.ring):
        delta = contrast.of(ring.flat[neighbour])
        equal += inside & (delta == 0)
        for better, extreme, where in ((delta < low, low, darkest), (delta > high, high, brightest)):
            np.copyto(extreme, delta, where=better)
            np.copyto(where, neighbour, where=better)
    return darkest, brightest, (equal <= 2) & (low < 0) & (high > 0)


class _Contrast:
    """How much brighter neighbours are than their centre pixels, times 255e8."""

    def __init__(self, centre: Codes, place: Places, slope: Slope) -> None:
        self.slope = slope
        self.luma, self.alpha = _luma(centre)
        self.background = (
            mixed(_LUMA, checkerboard(place))[0] if slope.board else np.full(place.size, 255 * _LUMA.sum())
        )

    def of(self, neighbour: Codes) -> Floats:
        """(N,) packed neighbours to (N,) float64."""
        luma, alpha = _luma(neighbour)
        delta: Floats = luma * alpha - self.luma * self.alpha - self.background * (alpha - self.alpha)
        return np.where(delta == 0, (alpha - self.alpha) * 255e8, delta) if self.slope.alpha_decides else delta


def _luma(codes: Codes) -> tuple[Floats, Floats]:
    channels = unpacked(codes)
    return mixed(_LUMA, channels)[0], channels[:, 3].astype(np.float64)

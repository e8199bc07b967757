"""Compares colours pixel by pixel, as screenshot tools do: pixelmatch, odiff and looks-same to the exact count.

For pictures that agree to the pixel where nothing changed: screenshots, renderings, scans of one file. On photographs
every pixel carries noise and light; use another method there.

The default metric is OKLab HyAB: a perceptual space with even steps, a sum of lightness and chroma that keeps large
differences in order, one threshold for dark and light alike, and the metric pixelmatch is moving to. On a pair in which
all of 8.3 million pixels differ it takes 0.64 s of CPU, YIQ 0.18 s and CIEDE2000 1.7 s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from spotdiff.errors import OptionError
from spotdiff.image.colour import checkerboard, opaque, packed, unpacked
from spotdiff.methods._beyond_smoothing import beyond_smoothing
from spotdiff.methods._lossy_copies import blurred, by_palettes
from spotdiff.methods._other_shade import of_another_shade
from spotdiff.metrics.antialias import LOOKS_SAME, ON_WHITE, PIXELMATCH_7, PIXELMATCH_MAIN, Slope, antialiased
from spotdiff.metrics.colour import METRICS, Metric
from spotdiff.params import check, param
from spotdiff.types import Evidence, Extraction, Pair, Picture

if TYPE_CHECKING:
    from spotdiff.image.colour import Codes, Floats
    from spotdiff.metrics.antialias import Places
    from spotdiff.types import Bytes, Map, Mask

_ROWS = 128  # a strip of both pictures stays in the cache, and memory does not grow with the picture
_BLOCK = 1 << 16  # differing pixels judged at a time, for the same reasons
_HALF = np.float32(0.5)
_BELOW_HALF = np.nextafter(_HALF, np.float32(0))
_LEFT = 0.1  # share of a place that loss must not explain: dither strays a little further from its mean here and there
_WHITE = np.array([255.0, 255.0, 255.0])


@dataclass(frozen=True, slots=True)
class Pixel:
    """Pixels whose colours differ by more than a threshold are changed.

    Thresholds are on the metric's own scale: 0..1 for grey, rgb, redmean (shares of black to white), hsv (share of the
    cone's width), yiq (pixelmatch 7's threshold), yiq12 (odiff's) and oklab (pixelmatch main's, HyAB); delta E for
    cie76 and ciede2000 (looks-same's tolerance). 0 calls every different colour changed.

    Peers, by parameters: pixelmatch 7.2 is `metric=yiq threshold=0.1`; its main branch `metric=oklab threshold=0.1`;
    odiff `metric=yiq12 antialias=off composite=white` (it reads BMP with red and blue exchanged, we do not); looks-same
    `metric=ciede2000 composite=ignore caret=on`; each with `loss=off` where a file is a JPEG or has a full palette. As
    there, `yiq` and `yiq12` see the colour under full transparency where they look for anti-aliasing; with every other
    metric it counts nowhere.
    """

    extraction: ClassVar[Extraction] = Extraction(min_area=1)

    metric: str = param("oklab", "how colours are compared", choices=tuple(METRICS))
    threshold: float = param(
        -1.0,
        "largest difference that is still the same: delta E for cie76 and ciede2000, else 0..1; -1 takes 2.3 or 0.1",
        low=-1,
        high=300,
    )
    antialias: bool = param(True, "forgive pixels that are anti-aliasing in either picture")
    antialias_tolerance: float = param(
        0.0, "luma difference that still counts as flat beside anti-aliasing", low=0, high=255
    )
    tolerance: int = param(
        0, "forgive pixels found within this distance in the other picture", low=0, high=3, unit="px"
    )
    erode: int = param(0, "forgive this much of the rim of every changed area", low=0, high=16, unit="px")
    opening: int = param(0, "forgive changed areas and parts up to twice this wide", low=0, high=16, unit="px")
    composite: str = param(
        "checkerboard",
        "what is put under transparency; ignore reads no alpha",
        choices=("checkerboard", "white", "ignore"),
    )
    smoothing: float = param(
        1.0,
        "share of the contrast round a pixel that anti-aliasing explains; what differs by more is told",
        low=0,
        high=1,
    )
    shade: int = param(
        0,
        "levels from which on a plain place of another shade counts, strokes from 8 on; fewer count nowhere; 0: off",
        low=0,
        high=255,
    )
    loss: bool = param(
        True,
        "forgive what JPEG, lossy WebP, AVIF and full palettes make of a picture: what is gone when both are "
        "blurred, or the nearest colour; not with a threshold of 0",
    )
    caret: bool = param(False, "forgive one text cursor: a bar one pixel wide and two or more high")

    def __post_init__(self) -> None:
        check(self)
        if -1 < self.threshold < 0:
            raise OptionError(f"threshold takes -1 or 0..300, not {self.threshold!r}")

    def score(self, pair: Pair) -> Evidence:
        """Change as a share of the limit: 0 for equal pixels, 0.5 and more exactly where a pixel counts as changed.

        Forgiven pixels are 0. The map rises with the difference on both sides of 0.5.
        """
        if self.composite != "ignore" and self.metric not in ("yiq", "yiq12"):
            before, after = (replace(one, pixels=one.visible) for one in (pair.before, pair.after))
            pair = replace(pair, before=before, after=after)
        change: Map = np.zeros(pair.before.pixels.shape[:2], np.float32)
        for top, place, amounts in self._differences(pair):
            change[top : top + _ROWS].reshape(-1)[place] = self._graded(amounts)
        if self.shade or (self.antialias and self.smoothing < 1):
            self._tell_more(change, pair)
        if self.loss and self._limit and (pair.before.lossy or pair.after.lossy):
            self._forgive_loss(change, pair)
        if self._tidies:
            raw = change >= _HALF
            change[raw & ~self._tidied(raw, pair)] = 0
        return Evidence.undirected(change)

    def _forgive_loss(self, change: Map, pair: Pair) -> None:
        """Take out places of which nothing is left when both are blurred, or only the nearest colours."""
        means = [replace(one, pixels=blurred(one), alpha=None) for one in (pair.before, pair.after)]
        plain = replace(self, antialias=False, shade=0, smoothing=1.0, loss=False, caret=False, erode=0, opening=0)
        left = plain.score(replace(pair, before=means[0], after=means[1])).change >= _HALF
        left &= ~by_palettes(pair, left & (change >= _HALF))
        count, labels = cv2.connectedComponents((change >= _HALF).astype(np.uint8), connectivity=8)
        sizes = np.bincount(labels.ravel(), minlength=count)
        true = np.bincount(labels[left], minlength=count) > _LEFT * sizes
        forgiven = (labels > 0) & ~true[labels]
        change[forgiven] = np.minimum(change[forgiven], _BELOW_HALF)

    @property
    def overlooks(self) -> str:
        """What it does not tell beside what is too small: colours nearer than the threshold, if there is one."""
        return "threshold" if self.threshold or self.antialias else ""

    def _tell_more(self, change: Map, pair: Pair) -> None:
        """Tell what was forgiven but is no anti-aliasing, and what has the same shape in another shade."""
        before, after = pair.before.opaque, pair.after.opaque
        more = np.zeros(change.shape, bool)
        if self.shade:
            if pair.before.alpha is None and pair.after.alpha is None:
                faint = cv2.absdiff(before, after).max(-1) < self.shade
                change[faint] = np.minimum(change[faint], _BELOW_HALF)
            more |= of_another_shade(before, after, pair.usable, least=self.shade)
        if self.antialias and self.smoothing < 1:
            clear = replace(self, antialias=False, smoothing=1.0, shade=0, caret=False, erode=0, opening=0)
            more |= beyond_smoothing(before, after, clear.score(pair).change >= _HALF, most=self.smoothing)
        if pair.usable is not None:
            more &= pair.usable
        change[more] = np.maximum(change[more], _HALF)

    @property
    def _metric(self) -> Metric:
        return METRICS[self.metric]

    @property
    def _limit(self) -> float:
        return self._metric.limit(self._metric.default if self.threshold == -1 else self.threshold)

    @property
    def _slope(self) -> Slope:
        if self.metric in ("cie76", "ciede2000"):
            return replace(LOOKS_SAME, margin=self.antialias_tolerance)
        slope = PIXELMATCH_MAIN
        if self.metric in ("yiq", "yiq12"):
            slope = PIXELMATCH_7 if self.composite == "checkerboard" else ON_WHITE
        return replace(slope, margin=self.antialias_tolerance) if self.antialias_tolerance else slope

    @property
    def _halo(self) -> int:
        """Rows beside a strip that its answer depends on."""
        return max(2 if self.antialias else 0, self.tolerance)

    @property
    def _tidies(self) -> bool:
        return bool(self.caret or self.erode or self.opening)

    def _exceeds(self, amounts: Floats) -> Mask:
        return self._metric.exceeds(amounts, self._limit)

    def _graded(self, amounts: Floats) -> Map:
        limit = self._limit
        span = max(self._metric.full, 2 * limit) - limit
        over = 0.5 + 0.5 * np.clip((amounts - limit) / span, 0, 1)
        under = np.minimum(0.5 * amounts / limit, _BELOW_HALF) if limit else np.zeros_like(amounts)
        return np.where(self._exceeds(amounts), over, under).astype(np.float32)

    def _differences(self, pair: Pair) -> Iterator[tuple[int, Places, Floats]]:
        """Per block of differing pixels: the strip's first row, their places in the strip, their amounts."""
        usable = pair.usable
        for strip in _strips(pair, halo=self._halo, alpha=self.composite != "ignore"):
            place = strip.differing()
            if usable is not None:
                place = place[usable[strip.top : strip.top + _ROWS].reshape(-1)[place]]
            for start in range(0, place.size, _BLOCK):
                block = place[start : start + _BLOCK]
                yield strip.top, block, self._judged(strip, block + strip.lead)

    def _judged(self, strip: _Strip, place: Places) -> Floats:
        """Amounts of difference at places of the strip with its halo; 0 where anti-aliasing is forgiven."""
        amounts = self._amounts(strip, place, strip.before.reshape(-1)[place], strip.after.reshape(-1)[place])
        if self.tolerance:
            over = np.flatnonzero(self._exceeds(amounts))
            amounts[over] = self._nearest(strip, place[over], amounts[over])
        if self.antialias:
            over = np.flatnonzero(self._exceeds(amounts))
            found = antialiased(strip.before, strip.after, place[over], slope=self._slope, first=strip.first)
            amounts[over[found]] = 0
        return amounts

    def _amounts(self, strip: _Strip, place: Places, before: Codes, after: Codes) -> Floats:
        first, second = unpacked(before), unpacked(after)
        clear = np.flatnonzero((first[:, 3] < 255) | (second[:, 3] < 255))
        amounts = self._metric.amounts(first[:, :3], second[:, :3], self._limit)
        if clear.size:
            ground = checkerboard(place[clear] + strip.first) if self.composite == "checkerboard" else _WHITE
            laid = opaque(first[clear], ground), opaque(second[clear], ground)
            amounts[clear] = self._metric.amounts(*laid, self._limit)
        return amounts

    def _nearest(self, strip: _Strip, place: Places, amounts: Floats) -> Floats:
        """The least amount within `tolerance`, for the picture that finds the worse match."""
        worst = np.zeros_like(amounts)
        for own, other in ((strip.before, strip.after), (strip.after, strip.before)):
            least = amounts.copy()
            for step in _around(self.tolerance):
                left = np.flatnonzero(self._exceeds(least))
                left, there = _within(own.shape, left, place[left], step)
                here = place[left]
                found = self._amounts(strip, here, own.reshape(-1)[here], other.reshape(-1)[there])
                least[left] = np.minimum(least[left], found)
            worst = np.maximum(worst, least)
        return worst

    def _tidied(self, changed: Mask, pair: Pair) -> Mask:
        if self.caret:
            changed = _without_caret(changed, pair)
        mask = changed.view(np.uint8)
        for operation, size in ((cv2.MORPH_ERODE, self.erode), (cv2.MORPH_OPEN, self.opening)):
            if size:
                kernel = np.ones((2 * size + 1, 2 * size + 1), np.uint8)
                mask = np.asarray(cv2.morphologyEx(mask, operation, kernel), np.uint8)
        return mask.view(bool)


@dataclass(frozen=True, slots=True, eq=False)
class _Strip:
    """Rows of both pictures, packed, with a halo of rows above and below where the pictures have them."""

    top: int
    bottom: int
    lead: int  # pixels of the halo above
    first: int  # index of the first packed pixel in its picture
    before: Codes
    after: Codes

    def differing(self) -> Places:
        """Places of pixels that differ at all, counted from the strip's first row without the halo."""
        inner = slice(self.lead, self.lead + (self.bottom - self.top) * self.before.shape[1])
        return np.flatnonzero(self.before.reshape(-1)[inner] != self.after.reshape(-1)[inner])


def _strips(pair: Pair, *, halo: int, alpha: bool) -> Iterator[_Strip]:
    """Strips in which anything differs."""
    before, after = pair.before, pair.after
    height, width = before.pixels.shape[:2]
    alpha = alpha and (before.alpha is not None or after.alpha is not None)
    for top in range(0, height, _ROWS):
        bottom = min(top + _ROWS, height)
        rows = slice(top, bottom)
        if _equal(before.pixels[rows], after.pixels[rows]) and not (alpha and _alphas_differ(before, after, rows)):
            continue
        low, high = max(top - halo, 0), min(bottom + halo, height)
        codes = (_codes(picture, slice(low, high), alpha=alpha) for picture in (before, after))
        yield _Strip(top, bottom, (top - low) * width, low * width, *codes)


def _codes(picture: Picture, rows: slice, *, alpha: bool) -> Codes:
    return packed(picture.pixels[rows], picture.alpha[rows] if alpha and picture.alpha is not None else None)


def _equal(before: Bytes, after: Bytes) -> bool:
    return bool(cv2.norm(before, after, cv2.NORM_INF) == 0)


def _alphas_differ(before: Picture, after: Picture, rows: slice) -> bool:
    first, second = (None if picture.alpha is None else picture.alpha[rows] for picture in (before, after))
    if first is None or second is None:
        some = second if first is None else first
        return some is not None and bool(some.min() < 255)
    return not _equal(first, second)


def _around(reach: int) -> list[tuple[int, int]]:
    """Steps (dy, dx) within reach, the nearest first."""
    span = range(-reach, reach + 1)
    return sorted(((y, x) for y in span for x in span if y or x), key=lambda step: step[0] ** 2 + step[1] ** 2)


def _within(shape: tuple[int, ...], index: Places, place: Places, step: tuple[int, int]) -> tuple[Places, Places]:
    """Of some places those that still lie in the picture after a step: their index, and where they come to lie."""
    row, column = np.divmod(place, shape[1])
    row, column = row + step[0], column + step[1]
    inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
    return index[inside], (row * shape[1] + column)[inside]


def _without_caret(changed: Mask, pair: Pair) -> Mask:
    """The mask without the first changed pixel that has a difference below it, and without that bar of differences."""
    before, after = pair.before.pixels, pair.after.pixels
    rows, columns = np.nonzero(changed[:-1])
    bars = np.flatnonzero((before[rows + 1, columns] != after[rows + 1, columns]).any(axis=1))
    if not bars.size:
        return changed
    top, column = rows[bars[0]], columns[bars[0]]
    same = np.flatnonzero((before[top:, column] == after[top:, column]).all(axis=1))
    kept = changed.copy()
    kept[top : top + same[0] if same.size else None, column] = False
    return kept

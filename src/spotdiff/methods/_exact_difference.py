"""The difference of copies: screens, scans of one drawing, lossless files, and such as were saved with loss.

What did not change is the same to the level there, so each difference is true, be it as thin as a digit, and as faint
as a tint. Two things alone make others: compression, which leaves a little ringing at strokes, and a page that was
drawn anew, on which most strokes differ and are smoothed, or moved by a part of a pixel, in one way. What neither
explains is told; where only the look of a few strokes speaks for one, it is possible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.colour import packed
from spotdiff.image.exact_copies import tinted
from spotdiff.methods._raise_to_chance import raised_to_chance
from spotdiff.methods._tolerant_difference import strongest
from spotdiff.metrics.antialias import PIXELMATCH_MAIN, antialiased

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Evidence, Mask, Pair

    Labels = NDArray[np.int32]
    Floats = NDArray[np.float32]

_THIN, _LONG = 3, 9  # pixels, across a line; of one too long to be the edge of a letter
_STROKE = 5  # pixels, of a stroke of a letter and the edges that were smoothed
_FAINTEST = 3  # levels by which places of exact copies are not the same: rounding and dithering make 2
_FEW, _CLEARLY = 10, 30  # levels by which strokes drawn anew are not the same; by which thin ones are not
_RINGING, _BLOCK = 30, 24  # levels by which compression misses round what changed, and up to how many pixels from there
_CONTRAST = 24  # levels, of a stroke
_HUE = 11.0  # levels of chroma
# levels by which nine tenths of the letters differ at most where loss alone makes them; how many times as much strokes,
# and plain places of so many pixels across, must differ
_MOST_BY_LOSS, _FAR_BEYOND, _BEYOND, _PLAIN = 45.0, 4.0, 4.0, 9
_MOST = 0.5  # share of the letters that differ where a page was drawn anew
_ACROSS = 1.5  # pixels, of half a stroke
# share of the contrast that is left over the width of a stroke: of one drawn anew in one way, of one drawn anew
_LEFT, _LEFT_AT_MOST = 0.12, 0.5
_IN_ONE_WAY, _MANY = 0.7, 30  # share of what differs that one way of smoothing explains then; tiles with many strokes
_UNEXPLAINED = 0.1  # share of the contrast that one way of smoothing leaves at most
_TILE, _ROUND, _FEWEST = 8, 4, 8  # pixels a side of a tile, and round it; tiles with strokes that are no chance
_ONE_INK = 10.0  # weight with which smoothing neither adds ink nor takes it
_AT_ONCE = 256  # tiles
_ONE_LEVEL = 0.9  # share of what differs of which each level became one other
_DOT = 12  # pixels up to which a place is told with those round it: a full stop is as true as a picture

# chance of a place that differs, of one that may merely be drawn anew, and that anything changed then: with these a
# region of 12 pixels to 5,000 of the latter sort is possible, and none is likely
_CERTAIN, _POSSIBLE, _ANYTHING = 0.999, 0.78, 0.99
_SEEN = 0.25  # evidence from which on the network sees something beside what is certain
_FAR_MORE = 3.0  # times as much of an edge as in the other picture


class Loss(Enum):
    """Where copies are not exact for compression's sake: nowhere, round what changed, or at every stroke."""

    NOWHERE = auto()
    ROUND_CHANGES = auto()
    EVERYWHERE = auto()


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """Where pixels differ, where that is sure, and where it can merely be possible."""

    differs: Mask
    surely: Mask
    perhaps: Mask


def with_exact_difference(evidence: Evidence, pair: Pair, apart: Bytes, usable: Mask | None, *, loss: Loss) -> Evidence:
    """The evidence of copies, as sure as can be of every place that differs by more than compression makes it.

    Args:
        evidence: Of the network.
        pair: Aligned.
        apart: (H, W) uint8, by how many levels the pictures differ.
        usable: (H, W) bool, where that counts; None for everywhere.
        loss: Where compression made them differ.
    """
    before, after = pair.before.opaque, pair.after.opaque
    if usable is not None:
        apart = np.where(usable, apart, 0).astype(np.uint8)
    if loss is Loss.EVERYWHERE:
        told = _over_compression(before, after, apart)
    elif loss is Loss.ROUND_CHANGES:
        told = _beside_compression(before, after, apart)
    else:
        told = (
            _recoloured(before, after, apart) or _drawn_anew(before, after, apart) or _as_they_are(before, after, apart)
        )
    count, labels = cv2.connectedComponents(_closed(told.differs), connectivity=8)
    surely, perhaps = (np.bincount(labels[places], minlength=count) > 0 for places in (told.surely, told.perhaps))
    perhaps &= (np.bincount(labels.ravel(), minlength=count) >= _DOT) | (_peaks(apart, labels, count) >= _CONTRAST)
    surely[0] = perhaps[0] = False
    chance = np.select([surely, perhaps], [_CERTAIN, _POSSIBLE], 0.0).astype(np.float32)
    grown = _with_rims(labels, np.flatnonzero(surely | perhaps), count)
    if usable is not None:
        grown = np.where(usable, grown, 0)
    anything = _ANYTHING if chance.any() else 0.0
    chance, certain = chance[grown], surely[labels]
    there = [side[grown] for side in _where_things_are(before, after, labels, count)]
    if certain.any():
        seen_by_network = _touching(evidence.change >= _SEEN, certain) & (grown == 0)
        chance[seen_by_network] = _CERTAIN
        there[0][seen_by_network] = (evidence.gone >= evidence.new)[seen_by_network]
        there[1][seen_by_network] = (evidence.new >= evidence.gone)[seen_by_network]
    return raised_to_chance(evidence, chance, anything=anything, sides=(there[0], there[1]))


def _peaks(apart: Bytes, labels: Labels, count: int) -> Bytes:
    """By how many levels the pixels of each numbered place differ at most."""
    peaks = np.zeros(count, np.uint8)
    differing = np.flatnonzero(apart)
    np.maximum.at(peaks, labels.ravel()[differing], apart.ravel()[differing])
    return peaks


def _touching(places: Mask, certain: Mask) -> Mask:
    """Those connected places of which some part is certain."""
    count, labels = cv2.connectedComponents(places.astype(np.uint8), connectivity=8)
    touched = np.bincount(labels[certain], minlength=count) > 0
    touched[0] = False
    return np.asarray(touched[labels])


def _as_they_are(before: Bytes, after: Bytes, apart: Bytes) -> _Told:
    """All that differs; thin and faint lines, and such as look like edges that were smoothed, perhaps."""
    differs = apart >= _FAINTEST
    straight = cv2.max(*(_opened(apart >= _FEW, window) for window in ((1, _LONG), (_LONG, 1)))) > 0
    surely = _thick(differs) | straight | _not_smoothed(before, after, apart, least=_FEW)
    return _Told(differs, surely, differs)


def _beside_compression(before: Bytes, after: Bytes, apart: Bytes) -> _Told:
    """What differs by more than ringing does, and perhaps what does by less with no such place near."""
    clear = apart >= _RINGING
    surely = _thick(clear) | _not_smoothed(before, after, apart, least=2 * _RINGING)
    near = cv2.dilate(surely.astype(np.uint8), np.ones((2 * _BLOCK + 1,) * 2, np.uint8)) > 0
    alone = (apart >= _FAINTEST) & ~near
    return _Told(clear | alone, surely, clear | alone)


def differ_by_loss(before: Bytes, after: Bytes) -> bool:
    """Whether the letters of two drawn pages (H, W, 3) uint8 differ by no more than compression makes them."""
    return _missed(*_greys(before, after)) <= _MOST_BY_LOSS


def _greys(*pictures: Bytes) -> list[Bytes]:
    return [np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8) for picture in pictures]


def _missed(before: Bytes, after: Bytes) -> float:
    """Levels by which nine tenths of the letters of two grey pictures (H, W) differ at most; inf without letters."""
    letters = _letters(before, after)
    return float(np.percentile(cv2.absdiff(before, after)[letters], 90)) if letters.any() else math.inf


def _over_compression(before: Bytes, after: Bytes, apart: Bytes) -> _Told:
    """What differs in brightness by far more than letters do, and plain places of another brightness or hue.

    Of drawn pages saved as JPEG of quality 60 and more, WebP and AVIF no stroke missed by 30 levels and by four times
    as much as nine tenths of the letters did, which missed by 37 levels at quality 40, and by 86 where drawn anew.
    """
    grey = _greys(before, after)
    levels = np.where(apart > 0, cv2.absdiff(*grey), 0)
    loss = max(_RINGING, _FAR_BEYOND * _missed(*grey))
    plain = np.where(cv2.max(*map(_contrast, grey)) < _CONTRAST, levels, 0).astype(np.uint8)
    wide = cv2.morphologyEx(plain, cv2.MORPH_OPEN, np.ones((_PLAIN, _PLAIN), np.uint8))
    hue = (apart >= _FEW) & _of_another_hue(before, after)
    differs = (levels >= loss) | (wide >= max(_FEW, _BEYOND * float(np.percentile(plain, 90)))) | hue
    return _Told(differs, (levels >= 1.5 * loss) | hue, differs)


def _of_another_hue(before: Bytes, after: Bytes) -> Mask:
    """Where colours differ however blurred; on drawn pages saved with loss the mean of a place missed by 7.5 levels."""
    tints = [cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)[..., 1:].astype(np.float32) for picture in (before, after)]
    return np.asarray(np.abs(cv2.GaussianBlur(tints[0] - tints[1], (0, 0), _PLAIN / 3)).max(-1) >= _HUE)


def _recoloured(before: Bytes, after: Bytes, apart: Bytes) -> _Told | None:
    """All that differs, where each level became one other and the ink is another, too; else None.

    A page that was drawn anew has one level where it had several, and another way of smoothing leaves the ink.
    """
    differs = apart >= _FAINTEST
    grey = _greys(before, after)
    levels, others = (picture[differs].astype(np.int64) for picture in grey)
    if levels.size < _FEWEST:
        return None
    became = np.bincount(levels * 256 + others, minlength=1 << 16).reshape(256, 256)
    letters = _letters(before, after)
    contrast = cv2.max(*map(_contrast, grey))
    ink = letters & (contrast >= np.percentile(contrast[letters], 90)) if letters.any() else letters
    explained = max(became.max(1).sum(), became.max(0).sum())  # whichever picture is the first
    if explained < _ONE_LEVEL * levels.size or np.count_nonzero(ink & differs) < _ONE_LEVEL * ink.sum() / 2:
        return None
    return _Told(differs, differs, differs)


def _drawn_anew(before: Bytes, after: Bytes, apart: Bytes) -> _Told | None:
    """What changed on a page of which most letters differ; None where they do not, so that it was not drawn anew.

    Letters are strokes that are neither level nor upright: lines of tables are the same, however they are drawn.
    One way of smoothing that explains what differs near there is no change, unless there are too few strokes to show
    one. Of the rest that is possible of which little is left over the width of a stroke: half of the contrast where the
    page was drawn at another size, on which no way of smoothing explains the others.
    """
    tint, letters = tinted(apart), _letters(before, after)
    near = letters & (cv2.dilate(((apart > 0) & ~tint).astype(np.uint8), np.ones((_STROKE, _STROKE), np.uint8)) > 0)
    if np.count_nonzero(near) < _MOST * np.count_nonzero(letters) or not near.any():
        return None
    contrast = np.maximum(cv2.min(*map(_contrast, (before, after))), _CONTRAST)
    differs = (apart >= _FEW) | tint
    left, tiles = left_by_smoothing(before, after, apart > 0)
    explained = cv2.GaussianBlur(left, (0, 0), 1.0) < _UNEXPLAINED * contrast
    if tiles < _FEWEST:
        return _Told(differs, tint | (differs & ~explained), differs)
    difference = cv2.GaussianBlur(cv2.subtract(after, before, dtype=cv2.CV_32F), (0, 0), _ACROSS)
    share = np.abs(difference).max(-1) / contrast
    firmly = (_thick(differs) | _not_smoothed(before, after, apart, least=_CLEARLY)) & ~explained
    one_way = tiles < _MANY or np.count_nonzero(explained & differs) >= _IN_ONE_WAY * np.count_nonzero(differs)
    return _Told(differs, tint | (firmly & (share >= (_LEFT if one_way else _LEFT_AT_MOST))), firmly)


def left_by_smoothing(before: Bytes, after: Bytes, places: Mask) -> tuple[Floats, int]:
    """How many levels of the difference one way of smoothing or moving by a pixel, the best for each tile, leaves.

    That is a kernel of three by three pixels, fitted to the tile and what is round it, by which one picture becomes the
    other; it is tried in both directions.

    Args:
        before: (H, W, 3) uint8.
        after: Of the same shape.
        places: (H, W) bool, where that is asked.

    Returns:
        (H, W) float32, 0 in tiles without such places; and in how many tiles there are some.
    """
    height, width = places.shape
    down, across = -(-height // _TILE), -(-width // _TILE)
    asked = np.zeros((down * _TILE, across * _TILE), bool)
    asked[:height, :width] = places
    rows, columns = np.nonzero(asked.reshape(down, _TILE, across, _TILE).any((1, 3)))
    side, rim = _TILE + 2 * _ROUND, _ROUND + 1
    windows = []
    for picture in (before, after):
        sides = rim, rim + down * _TILE - height, rim, rim + across * _TILE - width
        padded = cv2.copyMakeBorder(picture, *sides, cv2.BORDER_REPLICATE)
        windows.append(np.lib.stride_tricks.sliding_window_view(padded, (side + 2, side + 2), axis=(0, 1)))
    left = np.zeros((down, across, _TILE, _TILE), np.float32)
    for start in range(0, len(rows), _AT_ONCE):
        at = rows[start : start + _AT_ONCE], columns[start : start + _AT_ONCE]
        first, second = (window[at[0] * _TILE, at[1] * _TILE].astype(np.float32) for window in windows)
        softer, sharper = _left_by_kernel(first, second), _left_by_kernel(second, first)
        better = (softer**2).sum((1, 2)) <= (sharper**2).sum((1, 2))
        inner = np.where(better[:, None, None], softer, sharper)[:, _ROUND:-_ROUND, _ROUND:-_ROUND]
        left[at] = inner
    return np.ascontiguousarray(left.swapaxes(1, 2).reshape(asked.shape)[:height, :width]), len(rows)


def _left_by_kernel(source: Floats, target: Floats) -> Floats:
    """(n, s, s): the largest of the channels of what the best kernels leave of windows (n, 3, s + 2, s + 2)."""
    count, side = len(source), source.shape[2] - 2
    ground = np.median(source.reshape(count, 3, -1), axis=2)[:, :, None, None]
    source, target = source - ground, target[:, :, 1:-1, 1:-1] - ground
    moved = [source[:, :, y : y + side, x : x + side] for y in range(3) for x in range(3)]
    shown = np.stack(moved, axis=-1).reshape(count, -1, 9)
    normal = shown.swapaxes(1, 2) @ shown
    weight = np.trace(normal, axis1=1, axis2=2)[:, None, None] + 1
    wanted = shown.swapaxes(1, 2) @ target.reshape(count, -1, 1) + _ONE_INK * weight
    normal = normal + _ONE_INK * weight + 1e-4 * weight * np.eye(9, dtype=np.float32)
    found = shown @ np.linalg.solve(normal.astype(np.float64), wanted.astype(np.float64)).astype(np.float32)
    return np.asarray(np.abs(target - found.reshape(target.shape)).max(1), np.float32)


def _letters(before: Bytes, after: Bytes) -> Mask:
    """Where both have strokes that are neither level nor upright: a table's lines are the same however it is drawn."""
    across, down = (1, _STROKE), (_STROKE, 1)
    return np.asarray(
        cv2.min(*(cv2.min(_contrast(one, across), _contrast(one, down)) for one in (before, after))) >= _CONTRAST
    )


def _contrast(picture: Bytes, window: tuple[int, int] = (_STROKE, _STROKE)) -> Bytes:
    """(H, W): levels between the darkest and the lightest pixel of a window round each, of the strongest channel."""
    kernel = np.ones(window, np.uint8)
    levels = np.asarray(cv2.subtract(cv2.dilate(picture, kernel), cv2.erode(picture, kernel)), np.uint8)
    return strongest(levels) if levels.ndim == 3 else levels


def _not_smoothed(before: Bytes, after: Bytes, apart: Bytes, *, least: int) -> Mask:
    """Which pixels that differ by so many levels are no edges that were merely smoothed otherwise."""
    clear = np.flatnonzero(apart >= least)
    smoothed = antialiased(packed(before, None), packed(after, None), clear, slope=PIXELMATCH_MAIN)
    found = np.zeros(apart.size, bool)
    found[clear[~smoothed]] = True
    return found.reshape(apart.shape)


def _thick(places: Mask) -> Mask:
    return _opened(places, (_THIN, _THIN)) > 0


def _opened(places: Mask, window: tuple[int, int]) -> Bytes:
    return np.asarray(cv2.morphologyEx(places.astype(np.uint8), cv2.MORPH_OPEN, np.ones(window, np.uint8)), np.uint8)


def _closed(places: Mask) -> Bytes:
    square = np.ones((_STROKE, _STROKE), np.uint8)
    return np.asarray(cv2.morphologyEx(places.astype(np.uint8), cv2.MORPH_CLOSE, square), np.uint8)


def _with_rims(labels: Labels, told: NDArray[np.int64], count: int) -> Labels:
    """The labels, those of dots among them grown by two pixels, so that they are large enough for a region."""
    areas = np.bincount(labels.ravel(), minlength=count)
    dots = np.zeros(count, bool)
    dots[told] = areas[told] < _DOT
    if not dots.any():
        return labels
    grown = cv2.dilate(np.where(dots[labels], labels, 0).astype(np.float32), np.ones((_STROKE, _STROKE), np.uint8))
    return np.where(labels > 0, labels, grown.astype(np.int32))


def _where_things_are(before: Bytes, after: Bytes, labels: Labels, count: int) -> tuple[Mask, Mask]:
    """Of each numbered place, whether before, and whether after has a thing there: the one with far more edges does."""
    edges = []
    for picture in (before, after):
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        steps = [np.abs(cv2.Sobel(grey, cv2.CV_16S, *step)) for step in ((1, 0), (0, 1))]
        edges.append(np.bincount(labels.ravel(), weights=(steps[0] + steps[1]).ravel(), minlength=count) + 1)
    return edges[0] * _FAR_MORE >= edges[1], edges[1] * _FAR_MORE >= edges[0]

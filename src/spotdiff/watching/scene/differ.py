"""Where a still look differs from the reference, cheaply: it may cry wolf, but must not sleep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Mask

_REACH = 4  # the light is even over a window of 1 / _REACH of the picture's width
_ODD = 0.35  # log ratio from the even light beyond which a pixel is no witness of the light
_FLOOR, _SHARE = 9.0, 0.07  # a difference counts from `floor` grey levels and this share of the brightness on
_NEAR, _PAIR = np.ones((3, 3), np.uint8), np.ones((2, 2), np.uint8)
_GREY = 4.0  # grey levels between the channels of a picture without colours
_FAINT = 4.0  # grey levels added to both sides of a ratio


def light_between(known: Bytes, seen: Bytes, usable: Mask) -> Map:
    """(H, W, 3) float32: the smooth factor that takes the light of `known` to that of `seen`, by channel."""
    before, after = known.astype(np.float32) + _FAINT, seen.astype(np.float32) + _FAINT
    weights = usable.astype(np.float32)
    whole = _factor(before, after, weights, reach=0)
    odd = np.abs(np.log(after / (before * whole))).max(axis=2) > _ODD
    return _factor(before, after, weights * ~odd, reach=known.shape[1] // _REACH | 1)


def _factor(before: Map, after: Map, weights: Map, *, reach: int) -> Map:
    """The ratio of two brightnesses over a window; the picture's own over all of it for `reach` 0."""
    if reach == 0:
        total = float(weights.sum())
        if total < 1:
            return np.ones((1, 1, 3), np.float32)
        sums = [np.asarray(cv2.mean(picture, (weights > 0).astype(np.uint8))[:3]) for picture in (before, after)]
        return np.asarray((sums[1] / sums[0]).reshape(1, 1, 3), np.float32)
    even = _factor(before, after, weights, reach=0)
    size, thrice = (reach, reach), weights[..., None]
    ones = cv2.blur(weights, size)[..., None] + 1e-3
    lower = cv2.blur(before * thrice, size) + 1e-2 * before.mean()
    upper = cv2.blur(after * thrice, size) + 1e-2 * before.mean() * even
    return np.asarray(np.where(ones > 2e-3, upper / lower, even), np.float32)


def difference(known: Bytes, seen: Bytes, usable: Mask, *, noise: float) -> Map:
    """(H, W) float32: how far two looks are apart once the light is taken out; 1 is where it counts.

    Args:
        known: (H, W, 3) uint8, the reference.
        seen: (H, W, 3) uint8, the look held against it.
        usable: (H, W) bool, where the light may be learned from.
        noise: Grey levels that frames differ by when nothing does.
    """
    known, seen = alike_coloured(known, seen)
    factor = light_between(known, seen, usable)
    expected = np.minimum(known.astype(np.float32) * factor, 255)
    # what a neighbour shows is no news: edges never lie on one another to the pixel
    darkest, brightest = cv2.erode(expected, _NEAR), cv2.dilate(expected, _NEAR)
    look = seen.astype(np.float32)
    apart = np.maximum(darkest - look, look - brightest).max(axis=2)
    limit = _FLOOR + 2 * noise + _SHARE * expected.max(axis=2)
    return np.asarray(cv2.blur(np.maximum(apart, 0), (3, 3)) / limit, np.float32)


def alike_coloured(one: Bytes, other: Bytes) -> tuple[Bytes, Bytes]:
    """Two pictures (H, W, 3), both in grey where one has no colours, as by night under infrared light."""
    if _colourful(one) == _colourful(other):
        return one, other
    grey, also = (cv2.cvtColor(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB) for p in (one, other))
    return np.asarray(grey, np.uint8), np.asarray(also, np.uint8)


def _colourful(pixels: Bytes) -> bool:
    some = pixels[::4, ::4]
    return float((some.max(axis=2).astype(np.int16) - some.min(axis=2)).mean()) > _GREY


def parts(mask: Mask, *, least: int) -> list[tuple[Mask, tuple[int, int, int, int]]]:
    """The connected parts of a mask of at least so many pixels, each with its box, the largest first.

    Gaps of a few pixels do not divide a part, specks do not make one.
    """
    # of an even size: the two steps must reach to opposite sides, or everything would move by a pixel
    clean = cv2.dilate(cv2.erode(mask.astype(np.uint8), _PAIR), _PAIR, anchor=(0, 0))
    clean = cv2.morphologyEx(clean, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clean, connectivity=8)
    order = sorted(range(1, count), key=lambda n: -int(stats[n, cv2.CC_STAT_AREA]))
    found = []
    for number in order:
        left, top, width, height, area = (int(v) for v in stats[number])
        if area >= least:
            found.append((np.asarray(labels == number), (left, top, left + width, top + height)))
    return found

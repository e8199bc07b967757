"""Where a look differs from the reference, cheaply: false candidates are judged later, what is missed here is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Mask

_REACH = 4  # the light is even over a window of 1 / _REACH of the picture's width
_OUTLIER = 0.35  # log ratio from the even light beyond which a pixel says nothing of the light
_CLEAR, _STEP = 20.0, 0.18  # levels, and log ratio, by which a part of a steady view is brighter or darker by itself
_STEADY, _HALF = 0.98, 0.5  # shares of the rest that is within the noise, and of the view that is rest
_WITHIN = 6.0  # levels that are noise: at 8, and at 95 % of the rest, shadows of clouds passed for such parts
_FLOOR, _SHARE = 9.0, 0.07  # a difference counts from `floor` grey levels and this share of the brightness on
_NEAR, _PAIR = np.ones((3, 3), np.uint8), np.ones((2, 2), np.uint8)
_GREY = 4.0  # grey levels between the channels of a picture without colours
_FAINT = 4.0  # grey levels added to both sides of a ratio


def light_ratio(usual: Bytes, present: Bytes, usable: Mask) -> Map:
    """(H, W, 3) float32: the smooth factor that takes the light of `usual` to that of `present`, by channel.

    Where all else is steady under one even light, what is plainly brighter or darker is so by itself, such as a panel
    that is lit, and says nothing of the light.
    """
    before, after = usual.astype(np.float32) + _FAINT, present.astype(np.float32) + _FAINT
    weights = usable.astype(np.float32)
    overall = _factor(before, after, weights, reach=0)
    outliers = np.abs(np.log(after / (before * overall))).max(axis=2) > _OUTLIER
    even = _factor(before, after, weights * ~outliers, reach=0)
    apart = np.abs(after - before * even).max(axis=2)
    steps = (apart > _CLEAR) & (np.abs(np.log(after / (before * even))).max(axis=2) > _STEP)
    if _is_steady(before, after, usable & ~steps, of=usable):
        outliers |= steps
    return _factor(before, after, weights * ~outliers, reach=usual.shape[1] // _REACH | 1)


def _is_steady(before: Map, after: Map, rest: Mask, *, of: Mask) -> bool:
    """Whether nearly all of a view but some parts is the same in one even light."""
    if rest.sum() < _HALF * max(int(of.sum()), 1):
        return False
    even = _factor(before, after, rest.astype(np.float32), reach=0)
    return float((np.abs(after - before * even).max(axis=2) <= _WITHIN)[rest].mean()) >= _STEADY


def _factor(before: Map, after: Map, weights: Map, *, reach: int) -> Map:
    """The ratio of two brightnesses over a window; the picture's own over all of it for `reach` 0."""
    if reach == 0:
        total = float(weights.sum())
        if total < 1:
            return np.ones((1, 1, 3), np.float32)
        sums = [np.asarray(cv2.mean(picture, (weights > 0).astype(np.uint8))[:3]) for picture in (before, after)]
        return np.asarray((sums[1] / sums[0]).reshape(1, 1, 3), np.float32)
    even = _factor(before, after, weights, reach=0)
    size, by_channel = (reach, reach), weights[..., None]
    coverage = cv2.blur(weights, size)[..., None] + 1e-3
    lower = cv2.blur(before * by_channel, size) + 1e-2 * before.mean()
    upper = cv2.blur(after * by_channel, size) + 1e-2 * before.mean() * even
    return np.asarray(np.where(coverage > 2e-3, upper / lower, even), np.float32)


def difference_map(usual: Bytes, present: Bytes, usable: Mask, *, noise: float) -> Map:
    """(H, W) float32: how far two looks are apart once the light is taken out; 1 is where it counts.

    Args:
        usual: (H, W, 3) uint8, the reference.
        present: (H, W, 3) uint8, the look held against it.
        usable: (H, W) bool, where the light may be learned from.
        noise: Grey levels that frames differ by when nothing does.
    """
    usual, present = match_colours(usual, present)
    factor = light_ratio(usual, present, usable)
    expected = np.minimum(usual.astype(np.float32) * factor, 255)
    # what a neighbour shows is no news: edges never lie on one another to the pixel
    darkest, brightest = cv2.erode(expected, _NEAR), cv2.dilate(expected, _NEAR)
    look = present.astype(np.float32)
    distance = np.maximum(darkest - look, look - brightest).max(axis=2)
    limit = _FLOOR + 2 * noise + _SHARE * expected.max(axis=2)
    return np.asarray(cv2.blur(np.maximum(distance, 0), (3, 3)) / limit, np.float32)


def match_colours(first: Bytes, second: Bytes) -> tuple[Bytes, Bytes]:
    """Two pictures (H, W, 3), both in grey where one has no colours, as by night under infrared light."""
    if _colourful(first) == _colourful(second):
        return first, second
    greys = [cv2.cvtColor(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB) for p in (first, second)]
    return np.asarray(greys[0], np.uint8), np.asarray(greys[1], np.uint8)


def _colourful(pixels: Bytes) -> bool:
    sample = pixels[::4, ::4]
    return float((sample.max(axis=2).astype(np.int16) - sample.min(axis=2)).mean()) > _GREY


def connected_parts(mask: Mask, *, min_area: int) -> list[tuple[Mask, tuple[int, int, int, int]]]:
    """The connected parts of a mask of at least so many pixels, each with its box, the largest first.

    Gaps of a few pixels do not divide a part, specks do not make one.
    """
    # of an even size: the two steps must reach to opposite sides, or everything would move by a pixel
    clean = cv2.dilate(cv2.erode(mask.astype(np.uint8), _PAIR), _PAIR, anchor=(0, 0))
    clean = cv2.morphologyEx(clean, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clean, connectivity=8)
    order = sorted(range(1, count), key=lambda n: -int(stats[n, cv2.CC_STAT_AREA]))
    components = []
    for number in order:
        left, top, width, height, area = (int(v) for v in stats[number])
        if area >= min_area:
            components.append((np.asarray(labels == number), (left, top, left + width, top + height)))
    return components

"""Threads, cobwebs and cables close to the lens: they sway, they may rest, and nothing of the place has changed.

Such a thing is out of focus, so it brings no sharp detail; it covers a part of the lens only, so what lies behind shows
through; and it is a strip that comes in over the picture's edge. What stands in the place lacks one of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Mask

_SMOOTH = 1.5  # pixels: single ones of noise are no edges
_FAINT, _SHARE = 4.0, 0.1  # levels, and share of the contrast, of the faint rest of a strip
_GAP, _NEAR = 0.03, 0.06  # of the picture's longer side: gaps in a strip, and how near the edge it is still to be seen
_LONG, _LUMPY = 5.0, 2.2  # times as long as it is wide; as wide, at its widest, as elsewhere
_FINE, _WINDOW = 1.2, 7  # pixels: what is finer is detail; details are compared over such a window
_NOISE = 1.0  # levels of detail that are none
_SHARP = 0.12  # of the contrast, detail that came or went: threads 0.09, things 1 pixel out of focus 0.16 in the median
_THROUGH = 0.2  # of its strength, that the ground's detail keeps behind a thread; behind a thing it keeps nothing
_PLAIN = 5.0  # levels of detail of a ground that has too little to tell by
_MOSTLY = 95.0  # percent of a strip that is as soft as that
_STEEP = 1.6  # times as steep as a strip's edge would be, if it rose evenly from its rim to its middle


def is_lens_cobweb(usual: Bytes, now: Bytes, mask: Mask) -> bool:
    """Whether what differs is a thread close to the lens, that came, went, or hangs elsewhere now.

    Args:
        usual: (H, W, 3) uint8, the usual look.
        now: The same place now.
        mask: (H, W) bool, what was found of it, be it a part only.

    Notes:
        Of 321 parts of drawn threads on four grounds, on which the limits were chosen, 299 are taken for threads, and 2
        of 124 parts of crates, persons, poles and ropes: a pole out of focus on a ground as soft as itself. One that
        sways from the first frame on, once a minute or slower, leaves sharp pieces in the usual look, and is told.
    """
    apart = cv2.GaussianBlur(cv2.absdiff(usual, now).max(-1).astype(np.float32), (0, 0), _SMOOTH)
    contrast = float(np.percentile(apart[mask], 90))
    strip = _whole_strip(apart >= max(_FAINT, _SHARE * contrast), mask)
    depth = cv2.distanceTransform(np.pad(strip.astype(np.uint8), 1), cv2.DIST_L2, 3)
    half_width = 2 * float(depth[depth > 0].mean())
    is_strip = strip.sum() >= _LONG * (2 * half_width) ** 2 and float(depth.max()) <= _LUMPY * half_width
    if not is_strip or not _reaches_edge(strip):
        return False
    details = _detail(usual), _detail(now)
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if float(np.percentile(_unshared(*details)[wide], _MOSTLY)) > _SHARP * contrast:
        return False
    if _kept(*details, mask & (apart >= contrast / 2)) >= _THROUGH:
        return True
    slope = cv2.magnitude(*(cv2.Sobel(apart, cv2.CV_32F, *step, scale=0.125) for step in ((1, 0), (0, 1))))
    steep = float(np.percentile(slope[wide], _MOSTLY)) * half_width
    return _strength_around(details[0], strip | mask) < _PLAIN and steep <= _STEEP * contrast


def _whole_strip(differs: Mask, part: Mask) -> Mask:
    """All that differs and hangs together with a part, over small gaps: there the ground is as bright as the thread."""
    differs = differs | part
    bridged = cv2.dilate(differs.astype(np.uint8), np.ones((round(_GAP * int(max(part.shape))) | 1,) * 2, np.uint8))
    count, labels = cv2.connectedComponents(bridged, connectivity=8)
    joined = np.zeros(count, bool)
    joined[labels[part]] = True
    return np.asarray(joined[labels] & differs)


def _reaches_edge(strip: Mask) -> bool:
    margin = round(_NEAR * int(max(strip.shape))) + 1
    inner = strip[margin:-margin, margin:-margin]
    return bool(inner.sum() < strip.sum())


def _detail(pixels: Bytes) -> Map:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), _FINE), np.float32)


def _unshared(before: Map, after: Map) -> Map:
    """Levels of the detail that only one of two looks has, whatever the strength of what both have."""
    ours, theirs, both = (
        cv2.blur(product, (_WINDOW, _WINDOW)) for product in (before * before, after * after, before * after)
    )
    alike = np.maximum(both, 0) ** 2 / (ours * theirs + 1e-3)
    return np.asarray(np.sqrt(np.maximum((ours + theirs) * (1 - alike), 0)), np.float32)


def _kept(before: Map, after: Map, where: Mask) -> float:
    """How much of the detail of the one look the other has, whichever lies behind."""
    ours, theirs = before[where], after[where]
    noise = ours.size * _NOISE**2
    both = float(ours @ theirs)
    return max(both / (float(ours @ ours) + noise), both / (float(theirs @ theirs) + noise))


def _strength_around(detail: Map, ground: Mask) -> float:
    near, wide = (cv2.dilate(ground.astype(np.uint8), np.ones((side, side), np.uint8)) for side in (5, 2 * _WINDOW + 1))
    around = (wide > 0) & (near == 0)
    return float(np.sqrt((detail[around] ** 2).mean())) if around.any() else 0.0

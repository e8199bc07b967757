"""Kinds of screen pairs that comparers of screenshots test themselves on, drawn here: must match, and must not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff

BIG = 16  # times: drawn so large and shrunk, an edge is smoothed


def canvas(colour=(255, 255, 255), *, size=(120, 90)):
    return np.full((size[1], size[0], 3), colour, np.uint8)


def corner(offset=0.0, *, size=(64, 48), radius=12):
    """A rounded card, its edges smoothed; `offset` is where the renderer put its samples, in pixels."""
    width, height = size
    large = np.full((height * BIG, width * BIG, 3), 255, np.uint8)
    shift = round(offset * BIG)
    left, top, right, bottom = (v * BIG + shift for v in (8, 8, width - 8, height - 8))
    r = radius * BIG
    colour = (90, 120, 200)
    cv2.rectangle(large, (left + r, top), (right - r, bottom), colour, -1)
    cv2.rectangle(large, (left, top + r), (right, bottom - r), colour, -1)
    for x in (left + r, right - r):
        for y in (top + r, bottom - r):
            cv2.circle(large, (x, y), r, colour, -1)
    return cv2.resize(large, size, interpolation=cv2.INTER_AREA)


def corner_smoothed_otherwise():
    """The same card; at its round corners the renderer mixed the colours a little otherwise."""
    card = corner()
    mixed = (card[..., 0] > 95) & (card[..., 0] < 250)
    other = card.astype(np.int16)
    other[mixed] += np.random.default_rng(2).integers(-22, 23, (int(mixed.sum()), 1))
    return np.clip(other, 90, 255).astype(np.uint8)


def dot():
    """A plain picture of ten pixels a side with three pixels of a smoothed diagonal."""
    picture = canvas((240, 240, 240), size=(10, 10))
    picture[:, :3] = (60, 60, 60)
    other = picture.copy()
    for row, level in ((3, 150), (4, 120), (5, 90)):
        picture[row, 3], other[row, 3] = level, level + 14
    return picture, other


def gradient(step=0):
    ramp = np.linspace(40, 220, 120)
    return np.rint(np.repeat(np.repeat(ramp[None, :, None], 90, 0), 3, 2) + step).astype(np.uint8)


def dithered():
    """The same gradient; where it steps, the renderer rounded up or down by chance."""
    return (gradient() + np.random.default_rng(0).integers(0, 2, (90, 120, 1))).astype(np.uint8)


MATCH = {
    "a card whose corners were smoothed otherwise": (corner(), corner_smoothed_otherwise()),
    "three pixels of a smoothed line": dot(),
    "a gradient dithered anew": (gradient(), dithered()),
    "one level everywhere": (gradient(), gradient(1)),
}


def with_pixel(colour, at=(40, 30)):
    picture = canvas()
    picture[at[1], at[0]] = colour
    return picture


def equal_luma():
    """Red and green of one luma: nothing changes in grey."""
    red, green = canvas((255, 0, 0)), canvas((0, 130, 0))
    green[...] = (0, round(255 * 0.299 / 0.587), 0)
    return red, green


def traced(step):
    """Stripes whose mean and contrast agree in every channel but whose colours are others: what means cannot see."""
    picture = canvas((128, 128, 128))
    picture[:, step::2] = (200, 56, 128)
    picture[:, 1 - step :: 2] = (56, 200, 128)
    return picture


DIFFER = {
    "one red pixel": (canvas(), with_pixel((255, 0, 0))),
    "two colours of one luma": equal_luma(),
    "black and white": (canvas((0, 0, 0)), canvas()),
    "white and grey": (canvas(), canvas((190, 190, 190))),
    "blue and green": (canvas((0, 0, 255)), canvas((0, 0, 150))),
    "a text cursor": (canvas(), cv2.line(canvas(), (60, 20), (60, 36), (0, 0, 0), 1)),
    "stripes exchanged": (traced(0), traced(1)),
    "a card moved by a pixel": (corner(), np.roll(corner(), 1, axis=1)),
    "one pixel more": (canvas(), canvas(size=(121, 90))),
    "one row less": (canvas(), canvas(size=(120, 89))),
}


@pytest.mark.parametrize("name", MATCH)
@pytest.mark.parametrize("method", ["pixel", "spot", "classic"])
def test_what_renderers_do_by_chance_is_the_same(name, method):
    before, after = MATCH[name]
    for pair in ((before, after), (after, before)):
        assert spotdiff.compare(*pair, method=method, align="off", light="off").verdict == "same"


@pytest.mark.parametrize("name", DIFFER)
def test_what_must_fail_is_changed_by_pixel(name):
    before, after = DIFFER[name]
    for pair in ((before, after), (after, before)):
        assert spotdiff.compare(*pair, method="pixel", align="off", light="off").verdict == "changed"


FORGIVEN = {"one red pixel", "one pixel more", "one row less", "a card moved by a pixel", "stripes exchanged"}


@pytest.mark.parametrize("name", sorted(DIFFER.keys() - FORGIVEN))
@pytest.mark.parametrize("method", ["spot", "classic", "ssim"])
def test_what_must_fail_is_not_the_same_to_any_other(name, method):
    before, after = DIFFER[name]
    for pair in ((before, after), (after, before)):
        assert spotdiff.compare(*pair, method=method, align="off", light="off").verdict != "same"


@pytest.mark.parametrize("metric", ["oklab", "yiq", "yiq12", "rgb", "cie76", "ciede2000"])
def test_the_threshold_decides(metric):
    before, after = canvas(), canvas()
    after[20:40, 30:60] = (230, 180, 180)
    highest = 300 if metric in ("cie76", "ciede2000") else 1
    for threshold, verdict in ((0, "changed"), (highest, "same")):
        settings = {"metric": metric, "threshold": threshold}
        assert spotdiff.compare(before, after, method="pixel", settings=settings).verdict == verdict

"""A colour picture and a grey one of the same place: what the grey one cannot show is no change, and is said."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.light import lost_colour
from spotdiff.types import Pair, Picture


def room(*, thing=False):
    """A drawn room of many hues, with a camera's noise; the thing is a dark box with a bright stripe."""
    rng = np.random.default_rng(5)
    canvas = cv2.resize(rng.uniform(70, 200, (5, 7, 3)).astype(np.float32), (480, 360), interpolation=cv2.INTER_CUBIC)
    for _ in range(14):
        x, y = (int(v) for v in rng.integers(0, (420, 300)))
        cv2.rectangle(canvas, (x, y), (x + 40, y + 50), rng.uniform(0, 255, 3).tolist(), -1)
    if thing:
        cv2.rectangle(canvas, (220, 150), (280, 210), (20, 20, 25), -1)
        cv2.rectangle(canvas, (226, 176), (274, 184), (230, 230, 235), -1)
    return np.clip(canvas + rng.normal(0, 1.5, canvas.shape), 0, 255).astype(np.uint8)


def grey(pixels):
    return np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


@pytest.mark.parametrize("method", ["spot", "classic"])
def test_a_grey_picture_of_a_coloured_place_is_unsure_for_that_reason(method):
    pictures = room(), grey(room())
    for order, word in ((pictures, "after"), (pictures[::-1], "before")):
        answer = spotdiff.compare(*order, method=method)
        assert (answer.verdict, answer.regions) == ("unsure", ())
        assert f"{word} has no colour" in answer.reason


@pytest.mark.parametrize("method", ["spot", "classic"])
def test_a_thing_is_told_in_grey_too(method):
    answer = spotdiff.compare(room(), grey(room(thing=True)), method=method)
    assert answer.verdict == "changed"
    left, top, right, bottom = answer.likely[0].place[1]
    assert abs(left - 220) + abs(top - 150) + abs(right - 281) + abs(bottom - 211) <= 40


def test_to_a_tool_of_pixels_another_colour_is_a_change():
    assert spotdiff.compare(room(), grey(room()), method="pixel").verdict == "changed"


def test_a_tint_over_a_grey_picture_is_no_colour_of_the_place():
    bright = grey(room()).astype(np.float64) / 255
    tinted = (255 * bright ** np.array([0.8, 1.0, 1.2]) * np.array([1.0, 0.9, 0.75])).astype(np.uint8)
    assert np.ptp(tinted.astype(int), axis=2).mean() > 24
    assert lost_colour(Pair(Picture(grey(room())), Picture(tinted))) == ""


def test_two_grey_pictures_and_two_of_colour_lost_none():
    for before, after in ((room(), room(thing=True)), (grey(room()), grey(room()))):
        assert lost_colour(Pair(Picture(before), Picture(after))) == ""

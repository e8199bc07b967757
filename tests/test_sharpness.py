"""A picture that is out of focus is told so, and what is larger than its blur is still found."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.sharpness import match_sharpness
from spotdiff.types import Pair, Picture


@pytest.fixture(scope="module")
def place():
    """A street of 640x480: things of many sizes on a textured ground, with a little noise."""
    rng = np.random.default_rng(4)
    ground = cv2.GaussianBlur(rng.integers(0, 256, (480, 640, 3)).astype(np.float32), (0, 0), 12)
    picture = cv2.normalize(ground, None, 70, 190, cv2.NORM_MINMAX).astype(np.uint8)
    for _ in range(260):
        (x, y), (wide, high) = rng.integers(0, (640, 480)), rng.integers(4, 70, 2)
        cv2.rectangle(picture, (int(x), int(y)), (int(x + wide), int(y + high)), rng.integers(0, 256, 3).tolist(), -1)
    return picture


def noisy(picture, seed):
    noise = np.random.default_rng(seed).normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def blurred(picture, sigma):
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def blur(before, after):
    return match_sharpness(Pair(Picture(before), Picture(after)))[1]


@pytest.mark.parametrize("sigma", [4.0, 6.0, 10.0])
def test_which_picture_is_blurred_and_how_much(place, sigma):
    one, other = noisy(place, 1), noisy(blurred(place, sigma), 2)
    assert blur(one, other) == ("after", pytest.approx(sigma, rel=0.35))
    assert blur(other, one) == ("before", pytest.approx(sigma, rel=0.35))


def test_the_sigma_is_in_pixels_of_the_pictures(place):
    large = cv2.resize(place, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    assert blur(noisy(large, 1), noisy(blurred(large, 18), 2)) == ("after", pytest.approx(18, rel=0.35))


def test_what_is_no_blur(place):
    one = noisy(place, 1)
    half = place.copy()
    half[:, :320] = blurred(place, 8)[:, :320]
    others = {
        "equal": place,
        "noise": noisy(place, 2),
        "a little softer": noisy(blurred(place, 1.5), 2),
        "half of it": noisy(half, 2),
        "fainter": noisy((place * 0.4 + 90).astype(np.uint8), 2),
        "another place": noisy(blurred(place[::-1, ::-1], 8), 2),
        "flat": noisy(np.full_like(place, 120), 2),
    }
    assert {name: blur(one, other) for name, other in others.items()} == dict.fromkeys(others)


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (300, 5), (63, 64)])
def test_small_pictures_are_left_as_they_are(place, size):
    height, width = size
    assert blur(place[:height, :width], blurred(place, 8)[:height, :width]) is None


@pytest.mark.parametrize("method", ["classic", "spot"])
def test_nothing_changed_behind_a_blur_is_unsure(place, method):
    one, other = noisy(place, 1), noisy(blurred(place, 8), 2)
    answer = spotdiff.compare(one, other, method=method)
    assert answer.verdict == "unsure"
    assert "blurred" in answer.text
    assert not answer.likely
    mirror = spotdiff.compare(other, one, method=method)
    assert (mirror.verdict, mirror.reason) == ("unsure", answer.reason.replace("after", "before"))
    assert spotdiff.compare(one, noisy(blurred(place, 1.5), 2), method=method).verdict == "same"


def test_a_large_thing_is_found_in_a_blurred_picture(place):
    changed = place.copy()
    cv2.rectangle(changed, (250, 180), (370, 290), (20, 40, 220), -1)
    answer = spotdiff.compare(noisy(place, 1), noisy(blurred(changed, 8), 2), method="spot")
    assert answer.verdict == "changed"
    assert "the picture after is blurred" in answer.text
    assert answer.regions[0].box_after == pytest.approx((250, 180, 370, 290), abs=25)


def test_where_light_counts_so_does_sharpness(place):
    answer = spotdiff.compare(place, blurred(place, 8), method="pixel", light="off")
    assert answer.verdict == "changed"

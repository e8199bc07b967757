"""The sentence of `same` says what holds for the method and the pictures at hand, and no more."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff


def place(seed=0):
    return cv2.GaussianBlur(np.random.default_rng(seed).integers(0, 256, (240, 320, 3), np.uint8), (0, 0), 3)


def noisy(picture, seed):
    return cv2.add(picture, np.random.default_rng(seed).integers(0, 3, picture.shape, np.uint8))


@pytest.mark.parametrize(
    ("method", "settings", "sentence"),
    [
        (
            "spot",
            {},
            "What covers less than 12 px is not told, and what is as faint as shadows and noise may not be.",
        ),
        ("pixel", {"threshold": 0.2}, "What differs by less than the threshold is not told."),
        (
            "ssim",
            {},
            "What covers less than 20 px or differs by less than the threshold is not told.",
        ),
    ],
)
def test_what_a_method_overlooks(method, settings, sentence):
    answer = spotdiff.compare(place(), noisy(place(), 1), method=method, settings=settings)
    assert answer.verdict == "same"
    assert sentence in answer.text


def test_a_method_that_overlooks_nothing_says_nothing():
    before = place()
    after = before.copy()
    after[:10] += 1
    strict = {"threshold": 0, "antialias": False}
    answer = spotdiff.compare(before, after, method="pixel", settings=strict, ignore=[[0, 0, 320, 10]])
    assert answer.verdict == "same"
    assert "told" not in answer.text


@pytest.mark.parametrize("shift", [(30, 0), (-30, 0), (0, 24)])
def test_the_share_that_was_compared_is_that_of_both(shift):
    wide = cv2.resize(place(), (480, 360), interpolation=cv2.INTER_CUBIC)
    x, y = shift
    before, after = wide[60:300, 80:400], wide[60 + y : 300 + y, 80 + x : 400 + x]
    for answer in (spotdiff.compare(before, after), spotdiff.compare(after, before)):
        assert answer.verdict == "same"
        assert "All of the picture" not in answer.text
        assert "the camera moved" in answer.text


def test_half_of_one_picture_is_not_all_of_the_picture():
    """A smaller picture that shows a part: all of it was compared, but not all of the other."""
    before = cv2.resize(place(), (640, 480), interpolation=cv2.INTER_CUBIC)
    answer = spotdiff.compare(before, before[:, :600])
    assert answer.verdict == "changed"
    cut = spotdiff.compare(before, before[3:477, 4:636])
    assert "All of the picture" not in cut.text


def test_deep_files_that_differ_by_less_than_8_bits_are_not_equal_to_the_last_pixel(tmp_path):
    grey = np.random.default_rng(0).integers(0, 255, (120, 160)).astype(np.uint16) * 257
    finer = grey.copy()
    finer[50:100] += 20
    for name, values in (("before", grey), ("after", finer)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), values)
    answer = spotdiff.compare(tmp_path / "before.png", tmp_path / "after.png")
    assert answer.verdict == "same"
    assert answer.text == (
        "No change found. The pictures are equal at 8 bits a channel; what is finer was not compared."
    )
    eight = (grey // 257).astype(np.uint8)
    assert "equal to the last pixel" in spotdiff.compare(eight, eight).text

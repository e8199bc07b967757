"""Pictures of the history come into before's pixels as after does."""

import numpy as np
import pytest

import spotdiff
from spotdiff.align import align
from spotdiff.errors import Refusal
from spotdiff.types import Pair, Picture


def place(seed=0, size=(150, 200)):
    import cv2

    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (size[0] // 8, size[1] // 8, 3)).astype(np.uint8)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)


def test_a_shifted_history_is_laid_on_before():
    before = place()
    earlier = np.roll(before, (4, 6), (0, 1))
    aligned, _ = align(Pair(Picture(before), Picture(before.copy()), history=(Picture(earlier),)))
    inside = (slice(20, -20), slice(20, -20))
    laid = aligned.history[0].pixels
    assert np.abs(laid[inside].astype(int) - before[inside]).mean() < 3
    assert np.abs(earlier[inside].astype(int) - before[inside]).mean() > 10


def test_a_history_of_another_place_is_refused_by_name():
    pair = Pair(Picture(place()), Picture(place()), history=(Picture(place(9), path="old.png"),))
    with pytest.raises(Refusal, match=r"old\.png: the pictures have nothing in common"):
        align(pair)


def test_without_alignment_the_history_must_fit():
    answer = spotdiff.compare(place(), place(), history=[place(0, (80, 90))], method="background", align="off")
    assert answer.verdict == "unsure"
    assert "90x80, before 200x150" in answer.reason


def test_background_with_a_moved_history_finds_what_is_new():
    before = place()
    after = before.copy()
    after[60:90, 80:120] = (250, 30, 30)
    history = [np.roll(before, (dy, dx), (0, 1)) for dy, dx in ((0, 3), (2, -4), (-3, 1))]
    answer = spotdiff.compare(before, after, history=history, method="background")
    assert answer.verdict == "changed"
    assert 600 < answer.changed_pixels < 2400

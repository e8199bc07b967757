"""Pictures of few colours, and pictures that a program drew."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from spotdiff.image.palette import near_in_palette
from spotdiff.image.rendered import is_rendered

RNG = np.random.default_rng(1)
PHOTO = np.clip(cv2.GaussianBlur(RNG.integers(0, 256, (60, 80, 3)).astype(np.float32), (0, 0), 3) * 3 - 256, 0, 255)
PHOTO = PHOTO.astype(np.uint8)
FEW = np.array(Image.fromarray(PHOTO).quantize(64).convert("RGB"))
EVERYWHERE = np.ones(PHOTO.shape[:2], bool)


def test_the_nearest_of_few_colours_is_near_and_another_is_not():
    other = FEW.copy()
    other[20:30, 20:30] = FEW[
        np.unravel_index(np.argmax(np.abs(FEW.astype(int) - FEW[25, 25]).sum(-1)), EVERYWHERE.shape)
    ]
    for pair in ((PHOTO, other), (other, PHOTO)):
        near = near_in_palette(*pair, EVERYWHERE)
        assert near[:15].mean() > 0.9
        assert near[22:28, 22:28].mean() < 0.2


def test_nothing_is_near_where_it_is_not_asked_or_where_no_picture_or_both_have_few_colours():
    assert not near_in_palette(PHOTO, FEW, ~EVERYWHERE).any()
    assert not near_in_palette(PHOTO, PHOTO[::-1], EVERYWHERE).any()
    assert not near_in_palette(FEW, FEW[::-1], EVERYWHERE).any()


def test_a_page_is_rendered_and_a_photograph_is_not():
    page = np.full((100, 100, 3), 250, np.uint8)
    cv2.putText(page, "words", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 1, (20, 20, 20), 2, cv2.LINE_AA)
    assert is_rendered(page)
    assert not is_rendered(PHOTO)

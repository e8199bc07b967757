"""A thing's colour is that which people see in its picture, whatever the light was brought to."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.image.colour_words import word_of


@pytest.fixture(scope="module")
def hall():
    """A textured hall in cool light, and the same in warm light with a red thing."""
    rng = np.random.default_rng(4)
    coarse = rng.integers(60, 190, (30, 40, 1)).repeat(3, 2).astype(np.uint8)
    hall = cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC).astype(np.float64)
    before = np.clip(hall * (0.62, 0.8, 0.95) + rng.normal(0, 2, hall.shape), 0, 255).astype(np.uint8)
    after = np.clip(hall * (1.0, 0.8, 0.55) + rng.normal(0, 2, hall.shape), 0, 255).astype(np.uint8)
    cv2.rectangle(after, (300, 200), (400, 290), (170, 40, 10), -1)
    return before, after


def test_a_red_thing_in_warm_light_is_red(hall):
    answer = spotdiff.compare(*hall, method="classic", describe="words", align="off")
    assert answer.light.gain[0] < 0.8  # which makes brown of red
    assert "red" in answer.regions[0].text
    turned = spotdiff.compare(*hall[::-1], method="classic", describe="words", align="off")
    assert "red" in turned.regions[0].text


@pytest.mark.parametrize(("colour", "word"), [((100, 8, 8), "red"), ((92, 51, 41), "brown"), ((70, 45, 20), "brown")])
def test_dark_red_is_not_brown(colour, word):
    assert word_of(np.array([colour], np.uint8)) == word

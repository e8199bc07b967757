"""What differs over much of the picture, and is neither light nor a camera's move, is never `same`."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotdiff import compare
from spotdiff.light import match_light, repainted
from spotdiff.types import Pair, Picture


def room(wall):
    """A plain wall over 60 % of the picture, a window in it, and a textured floor."""
    rng = np.random.default_rng(5)
    picture = np.empty((300, 400, 3), np.float32)
    picture[:] = wall
    floor = cv2.resize(rng.uniform(60, 170, (24, 80, 3)).astype(np.float32), (400, 120), interpolation=cv2.INTER_CUBIC)
    picture[180:] = floor
    picture[40:110, 250:330] = (150, 170, 190)
    return np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def page(ink, ground=255):
    picture = np.full((300, 500, 3), ground, np.uint8)
    for row in range(30, 290, 22):
        cv2.putText(picture, f"row {row} of some words", (20, row), 0, 0.5, (ink,) * 3, 1, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("paint", [(140, 165, 200), (150, 190, 140), (225, 160, 165)], ids=["blue", "green", "pink"])
def test_a_wall_of_another_hue_beside_a_floor_as_it_was_is_not_the_same(paint):
    answer = compare(room((205, 190, 165)), room(paint))
    assert answer.verdict != "same"


@pytest.mark.parametrize("lamp", [(1.25, 1.0, 0.8), (0.7, 0.75, 0.85), (1.1, 1.1, 1.1)])
def test_another_light_on_all_of_a_room_is_no_paint(lamp):
    before = room((160, 150, 130))
    after = np.clip(before * np.array(lamp), 0, 255).astype(np.uint8)
    pair = Pair(Picture(before), Picture(after))
    assert not repainted(pair)
    assert match_light(pair)[1].model != "none"


@pytest.mark.parametrize("shown", [0.7, 0.75])
def test_what_a_turned_camera_shows_no_more_was_not_looked_at(shown):
    rng = np.random.default_rng(1)
    wide = cv2.resize(rng.integers(30, 220, (40, 80, 3), dtype=np.uint8), (800, 300), interpolation=cv2.INTER_CUBIC)
    step = round(400 * (1 - shown))
    answer = compare(wide[:, 100:500], wide[:, 100 + step : 500 + step], method="classic")
    assert answer.verdict == "unsure"
    assert f"{shown:.0%}" in answer.reason


def test_a_level_of_one_pixel_turns_nothing_over():
    before, after = room((205, 190, 165)), room((205, 190, 165))
    after[200:240, 100:150] = (200, 30, 30)
    after = np.clip(after * 0.9, 0, 255).astype(np.uint8)
    answers = []
    for level in range(4):
        other = after.copy()
        other[0, 0, 1] = after[0, 0, 1] ^ level
        found = compare(before, other).regions
        answers.append([(region.kind, region.box_before, region.box_after, round(region.score, 2)) for region in found])
    assert answers[0]
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("ink", [0x33, 0x11, 0x55])
def test_all_text_of_a_lossless_page_in_another_grey_is_told(ink):
    assert compare(page(0x22), page(ink)).verdict == "changed"


def test_a_ground_of_another_white_is_not_the_same():
    assert compare(page(0x22), page(0x22, ground=0xFA)).verdict != "same"


def test_a_page_turned_dark_differs_all_over():
    answer = compare(page(0x22), 255 - page(0x22))
    assert answer.verdict == "changed" or "all over" in answer.reason

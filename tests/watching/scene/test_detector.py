"""Where two looks differ once the light is taken out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.watching.scene.detector import connected_parts, difference_map, light_ratio, match_colours
from watching.scene.scene_toys import in_grey, lit, noisy, place

SMALL = (192, 108)
EVERYWHERE = np.ones((SMALL[1], SMALL[0]), bool)


def softly(pixels):
    """A place whose brightest parts survive twice the light, seen with the noise of a median."""
    return np.clip(30 + (pixels.astype(float) - 10) * 0.33, 0, 255)


def seen(pixels, seed=0):
    return noisy(pixels, np.random.default_rng(seed), 0.6)


PLACE = softly(place(SMALL))
DOWN, ACROSS = np.mgrid[: SMALL[1], : SMALL[0]]
SHADE = (1 - 0.3 * ((ACROSS - 96) ** 2 + (DOWN - 54) ** 2) / (96**2 + 54**2))[..., None]
LIGHTS = {
    **{f"gain {gain}": lambda p, gain=gain: lit(p, gain) for gain in (0.4, 0.6, 1.5, 2.5)},
    "gamma 0.7": lambda p: 255 * (p / 255) ** 0.7,
    "gamma 1.4": lambda p: 255 * (p / 255) ** 1.4,
    "vignette": lambda p: lit(p, SHADE),
    "warm": lambda p: p * np.array([1.3, 1.0, 0.7]),
    "grey": lambda p: in_grey(seen(p)),
}


def differing(first, second, *, usable=EVERYWHERE):
    return difference_map(seen(first), seen(second, 1), usable, noise=1.0)


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS)
def test_light_is_no_difference(light):
    for one, other in ((PLACE, light(PLACE)), (light(PLACE), PLACE)):
        found = differing(one, other)
        assert found.shape == EVERYWHERE.shape
        assert found.dtype == np.float32
        assert (found < 1).all()


@pytest.mark.parametrize("light", [lambda p: p, *LIGHTS.values()], ids=["same", *LIGHTS])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_thing_is_a_difference_in_any_light(light, sign):
    other = PLACE.copy()
    other[40:60, 80:104] = np.median(PLACE[36:64, 76:108], axis=(0, 1)) + sign * 40
    found = differing(PLACE, np.clip(light(np.clip(other, 1, 255)), 0, 255)) > 1
    assert found[42:58, 82:102].mean() > 0.3
    assert not found[:34].any()
    assert not found[66:].any()


def test_colours_that_are_gone_by_night_are_no_difference():
    hue = np.stack([40 * np.sin(ACROSS / 7), 40 * np.sin(DOWN / 6), -40 * np.sin(ACROSS / 7)], axis=2)
    vivid = seen(np.clip(PLACE + 60 + hue, 0, 255))
    grey = in_grey(vivid)
    assert np.abs(vivid.astype(int) - grey).mean() > 15
    for one, other in ((vivid, grey), (grey, vivid)):
        assert (difference_map(one, other, EVERYWHERE, noise=1.0) < 1).all()


def test_a_pixel_beside_is_no_difference():
    picture = place(SMALL)
    shifted = np.roll(picture, (1, -1), (0, 1))
    apart = difference_map(picture, shifted, EVERYWHERE, noise=1.0)[4:-4, 4:-4]
    plain = np.abs(picture.astype(int) - shifted).max(2)[4:-4, 4:-4]
    assert plain.max() > 20
    assert (apart < 1).all()


def test_nowhere_to_learn_the_light_from():
    apart = difference_map(seen(PLACE), seen(PLACE), ~EVERYWHERE, noise=1.0)
    assert np.isfinite(apart).all()
    assert (apart < 1).all()


def test_the_light_is_learned_where_it_may_be():
    other = PLACE * 0.6
    other[:, 120:] = 250
    usable = EVERYWHERE & (ACROSS < 120)
    factor = light_ratio(seen(PLACE), seen(other), usable)
    assert factor.shape == (SMALL[1], SMALL[0], 3)
    assert np.abs(factor[:, :100] - 0.6).max() < 0.08
    found = differing(PLACE, other, usable=usable) > 1
    assert found[:, 124:].all()
    assert not found[:, :116].any()


def test_grey_and_colour_are_made_alike():
    colour, grey = place(SMALL), in_grey(place(SMALL))
    vivid = np.clip(colour.astype(int) + np.array((40, 0, -40)), 0, 255).astype(np.uint8)
    assert match_colours(vivid, colour)[0] is vivid
    for pair in (match_colours(vivid, grey), match_colours(grey, vivid)):
        for one in pair:
            assert (one == one[..., :1]).all()
    assert match_colours(grey, grey)[0] is grey


def test_parts():
    mask = np.zeros((60, 80), bool)
    mask[5:15, 5:25] = True
    mask[30:40, 10:20] = mask[30:40, 22:30] = True  # a gap of two columns
    mask[50, 70] = True  # a speck
    found = connected_parts(mask, min_area=10)
    assert [box for _, box in found] == [(5, 5, 25, 15), (10, 30, 30, 40)]
    assert [int(part.sum()) for part, _ in found] == [200, 200]
    assert connected_parts(mask, min_area=1000) == []
    assert connected_parts(np.zeros((9, 9), bool), min_area=1) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.6))
def test_parts_share_nothing_and_come_by_size(seed, density):
    rng = np.random.default_rng(seed)
    mask = cv2.blur(rng.random((40, 60)).astype(np.float32), (5, 5)) < 0.3 + 0.4 * density
    found = connected_parts(mask, min_area=6)
    assert found or not cv2.erode(np.pad(mask, 1).astype(np.uint8), np.ones((3, 3))).any()  # the border is no part
    sizes = [int(part.sum()) for part, _ in found]
    assert sizes == sorted(sizes, reverse=True)
    assert all(size >= 6 for size in sizes)
    if not found:
        return
    assert int(sum(part.astype(int) for part, _ in found).max()) == 1
    for part, (left, top, right, bottom) in found:
        rows, columns = np.nonzero(part)
        assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (left, top, right, bottom)


WIDE = (320, 180)
STEADY = np.ones((WIDE[1], WIDE[0]), bool)
PANEL = np.zeros_like(STEADY)
PANEL[50:125, 108:213] = True


def with_panel(level):
    """A place with a plain panel in a dark frame, an eighth of the view."""
    picture = place(WIDE).copy()
    picture[47:128, 105:216] = 25
    picture[PANEL] = level
    return picture


@pytest.mark.parametrize(("before", "after"), [(120, 90), (90, 120), (60, 96), (80, 160)])
def test_a_large_panel_that_is_lit_or_dimmed_in_a_steady_view_is_no_light(before, after):
    usual, present = seen(with_panel(before)), seen(with_panel(after), seed=1)
    differs = difference_map(usual, present, STEADY, noise=1.0) > 1
    assert differs[PANEL].mean() > 0.9
    assert differs[~PANEL].mean() < 0.01


@pytest.mark.parametrize("gain", [0.85, 1.15])
def test_a_panel_is_found_in_another_light_too(gain):
    present = seen(lit(with_panel(90), gain), seed=1)
    assert (difference_map(seen(with_panel(120)), present, STEADY, noise=1.0) > 1)[PANEL].mean() > 0.9


def test_a_soft_shade_over_much_of_the_view_is_light():
    shade = 1 - 0.3 * np.exp(-(((np.mgrid[: WIDE[1], : WIDE[0]][1] - 200) / 70.0) ** 2))
    present = seen(lit(with_panel(120), shade[..., None]), seed=1)
    assert (difference_map(seen(with_panel(120)), present, STEADY, noise=1.0) > 1).mean() < 0.02

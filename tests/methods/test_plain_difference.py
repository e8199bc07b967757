"""Pictures that show by themselves that light and camera stayed: what differs is heard, whatever the network thinks."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.light import match_light
from spotdiff.methods._plain_difference import with_plain_difference
from spotdiff.types import Evidence, Pair, Picture

RNG = np.random.default_rng(3)
PHOTO = cv2.GaussianBlur(RNG.integers(0, 200, (60, 80, 3), np.uint8), (0, 0), 4)


def resaved():
    """A copy of which a third was compressed anew: a level or two here and there."""
    other = PHOTO.copy()
    other[40:] += RNG.integers(1, 3, other[40:].shape).astype(np.uint8)
    return other


def retouched(rows=slice(20, 32), columns=slice(30, 44), by=60):
    other = resaved()
    other[rows, columns] = cv2.add(PHOTO[rows, columns], (by, by, by, 0))
    return other


def heard(after, chance, **pair):
    """What is said with a network that hardly says anything, and a little more of what is new."""
    shape = PHOTO.shape[:2]
    maps = np.full(shape, chance / 4, np.float32), np.full(shape, chance, np.float32)
    return with_plain_difference(Evidence(*maps, directed=True), Pair(Picture(PHOTO), Picture(after), **pair))


def test_a_retouched_photograph_backs_what_the_network_hardly_said_and_leaves_its_direction():
    said = heard(retouched(), 0.04)
    assert said.new[26, 37] > 0.25
    assert said.gone[26, 37] < said.new[26, 37]
    assert said.new[50, 70] == pytest.approx(0.04)
    assert said.directed


def test_what_the_network_rules_out_stays_small():
    assert heard(retouched(), 0.002).new.max() < 0.1


def test_thin_differences_and_faint_ones_of_a_retouched_photograph_do_not_count():
    assert heard(retouched(rows=slice(20, 22)), 0.04).new.max() == pytest.approx(0.04)
    assert heard(retouched(by=6), 0.04).new.max() == pytest.approx(0.04)


def test_only_pixels_that_count_are_asked():
    other = retouched()
    other[:20] = cv2.add(other[:20], (9, 9, 9, 0))  # the rest is no longer the same for the most part
    assert heard(other, 0.04).new[26, 37] == pytest.approx(0.04)
    counted = np.zeros(PHOTO.shape[:2], bool)
    counted[20:40] = True
    assert heard(other, 0.04, valid=counted).new[26, 37] > 0.25


def page(price, *, size=12, scrolled=0):
    """A page with a frame and a pane, drawn by hand: text of OpenCV is smoothed at its edges."""
    picture = np.full((300, 400, 3), 250, np.uint8)
    picture[:40] = (20, 60, 120)
    cv2.putText(picture, "Shop", (10, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2, cv2.LINE_AA)
    for row in range(8):
        words = f"row {row * 37 % 11} of words that stay"
        at = (20, 80 + 26 * row - scrolled)
        cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (30, 30, 30), 1, cv2.LINE_AA)
    cv2.putText(picture, price, (300, 90), cv2.FONT_HERSHEY_SIMPLEX, size / 30, (30, 30, 30), 1, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize(("old", "new"), [("19.90", "19.80"), ("3", "8"), ("on", "off")])
@pytest.mark.parametrize("size", [11, 14])
def test_a_few_pixels_of_a_price_are_told(old, new, size):
    before, after = page(old, size=size), page(new, size=size)
    answer = spotdiff.compare(before, after)
    assert answer.verdict == "changed"
    left, top, right, bottom = answer.regions[0].box_after
    rows, columns = np.nonzero((before != after).any(-1))
    assert (left, top) == pytest.approx((columns.min(), rows.min()), abs=3)
    assert (right, bottom) == pytest.approx((columns.max() + 1, rows.max() + 1), abs=3)


def test_a_page_that_was_drawn_with_other_smoothing_stays_the_same():
    before = page("19.90")
    after = before.copy()
    edges = (before[60:] > 90) & (before[60:] < 180)
    after[60:][edges] += 25  # every half dark pixel a little lighter
    assert (before != after).sum() > 300
    assert spotdiff.compare(before, after).verdict == "same"


@pytest.mark.parametrize("quality", [95, 80, 60, 40])
@pytest.mark.parametrize(("old", "new"), [("19.90", "19.80"), ("3", "8"), ("on", "off")])
def test_a_price_is_told_on_screens_saved_as_jpeg(old, new, quality):
    def saved(picture):
        coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return cv2.imdecode(coded, cv2.IMREAD_COLOR)

    answer = spotdiff.compare(saved(page(old)), saved(page(new)))
    assert answer.verdict == "changed"
    for left, top, right, bottom in (region.box_after for region in answer.likely):
        assert 290 <= left < right <= 360
        assert 70 <= top < bottom <= 100


@pytest.mark.parametrize("sigma", [0.4, 0.6, 0.8])
def test_text_that_is_merely_softer_stays_the_same(sigma):
    drawn = page("19.90")
    assert spotdiff.compare(drawn, cv2.GaussianBlur(drawn, (0, 0), sigma)).verdict == "same"


def test_text_drawn_a_third_of_a_pixel_aside_stays_the_same():
    drawn = page("19.90")
    aside = cv2.warpAffine(drawn, np.float32([[1, 0, 0.3], [0, 1, 0]]), (400, 300), borderMode=cv2.BORDER_REPLICATE)
    assert spotdiff.compare(drawn, aside, align="off").verdict == "same"


def test_another_price_is_told_though_all_text_is_softer():
    softer = cv2.GaussianBlur(page("19.80", size=14), (0, 0), 0.6)
    answer = spotdiff.compare(page("19.90", size=14), softer)
    assert answer.verdict == "changed"
    assert [region.box_after[0] >= 290 and region.box_after[1] >= 70 for region in answer.likely] == [True]


def scene(*, noise, seed, lamp, lit=1.0):
    picture = np.full((240, 320, 3), 110.0)
    shapes = np.random.default_rng(5)
    for _ in range(25):
        (x, y), (width, height) = shapes.integers(0, 220, 2), shapes.integers(10, 60, 2)
        picture[y : y + height, x : x + width] = shapes.integers(30, 220, 3)
    picture = cv2.GaussianBlur(picture, (0, 0), 1)
    cv2.circle(picture, (250, 120), 14, lamp, -1)
    return np.clip(picture * lit + np.random.default_rng(seed).normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("noise", [1, 4])
@pytest.mark.parametrize("light", ["auto", "off"])
@pytest.mark.parametrize(
    ("off", "on"),
    [((20, 70, 20), (60, 220, 60)), ((60, 10, 10), (210, 20, 20)), ((60, 60, 60), (170, 170, 170))],
    ids=["green", "red", "grey"],
)
def test_a_lamp_that_goes_on_is_told_though_only_its_brightness_changed(noise, light, off, on):
    dark, bright = scene(noise=noise, seed=1, lamp=off), scene(noise=noise, seed=2, lamp=on)
    for before, after in ((dark, bright), (bright, dark)):
        answer = spotdiff.compare(before, after, light=light)
        assert answer.verdict == "changed"
        assert len(answer.regions) == 1
        left, top, right, bottom = answer.regions[0].box_after
        assert (left, top, right, bottom) == pytest.approx((236, 106, 265, 135), abs=5)


def test_the_whole_place_brighter_is_no_lamp():
    before = scene(noise=2, seed=1, lamp=(60, 60, 60))
    assert spotdiff.compare(before, scene(noise=2, seed=2, lamp=(60, 60, 60), lit=1.25)).verdict == "same"


def test_brightness_outside_of_a_steady_view_is_left_to_the_network():
    before, after = scene(noise=1, seed=1, lamp=(60, 60, 60)), scene(noise=1, seed=2, lamp=(170, 170, 170))
    pair = Pair(Picture(before), Picture(after))
    silent = Evidence(*(np.zeros(before.shape[:2], np.float32) for _ in range(2)), directed=True)
    assert with_plain_difference(silent, pair).change.max() > 0.9
    restless = np.where(np.arange(320)[:, None] < 100, cv2.add(after, (30, 30, 30, 0)), after)
    assert with_plain_difference(silent, replace(pair, after=Picture(restless))).change.max() == 0


def test_pictures_brought_to_one_light_are_left_to_the_network():
    before, after = scene(noise=1, seed=1, lamp=(60, 60, 60)), scene(noise=1, seed=2, lamp=(170, 170, 170))
    silent = Evidence(*(np.zeros(before.shape[:2], np.float32) for _ in range(2)), directed=True)
    pair = Pair(Picture(before), Picture(after))
    assert with_plain_difference(silent, pair).change.max() > 0.9
    assert with_plain_difference(silent, replace(pair, relit=True)) is silent


@pytest.mark.parametrize(("lit", "relit"), [(0.95, False), (0.7, True), (1.3, True)])
def test_a_gain_that_drifted_is_no_other_light(lit, relit):
    before = scene(noise=1, seed=1, lamp=(60, 60, 60))
    pair, light = match_light(Pair(Picture(before), Picture(scene(noise=1, seed=2, lamp=(60, 60, 60), lit=lit))))
    assert light.model != "none"
    assert pair.relit == relit


@pytest.mark.parametrize("depth", [0.5, 0.35])
def test_a_hard_shadow_on_a_textured_ground_is_no_lamp(depth):
    ground = np.clip(
        150 + 60 * cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, (240, 320, 3)), (0, 0), 2) * 4, 20, 250
    )
    shade = np.ones((240, 320, 1))
    shade[100:140, 60:140] = depth
    noise = np.random.default_rng(1)
    before, after = (
        np.clip(p + noise.normal(0, 1.5, p.shape), 0, 255).astype(np.uint8) for p in (ground, ground * shade)
    )
    silent = Evidence(*(np.zeros((240, 320), np.float32) for _ in range(2)), directed=True)
    said = with_plain_difference(silent, Pair(Picture(before), Picture(after))).change
    assert (said[104:136, 64:136] > 0.5).mean() < 0.1


WALL = np.full((200, 300, 3), 230, np.uint8)


def with_camera_noise(picture, seed):
    return np.clip(picture + np.random.default_rng(seed).normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "drawn",
    [
        cv2.line(WALL.copy(), (40, 30), (260, 170), (20, 20, 20), 3),
        cv2.rectangle(WALL.copy(), (80, 50), (220, 150), (20, 20, 20), 2),
        cv2.putText(WALL.copy(), "Tue 14:30 Room", (60, 110), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 30, 30), 2),
    ],
    ids=["crack", "outline", "text"],
)
def test_lines_on_a_plain_wall_are_told(drawn):
    for before, after in ((WALL, drawn), (drawn, WALL)):
        answer = spotdiff.compare(with_camera_noise(before, 1), with_camera_noise(after, 2))
        assert answer.verdict == "changed"


@pytest.mark.parametrize("level", [78, 98, 178, 188])
@pytest.mark.parametrize("light", ["auto", "off"])
def test_a_plain_part_that_is_lighter_or_darker_by_a_quarter_is_told(level, light):
    plain = np.full((200, 260, 3), 128, np.uint8)
    square = plain.copy()
    square[60:140, 80:160] = level
    answer = spotdiff.compare(with_camera_noise(plain, 1), with_camera_noise(square, 2), light=light)
    assert answer.verdict == "changed"
    (region,) = answer.likely
    assert np.abs(np.subtract(region.box_after, (80, 60, 160, 140))).max() <= 6

"""Light that is known is found and taken out; changes stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.light import apply_light, match_light, same_surface
from spotdiff.options import LIGHT
from spotdiff.types import Pair, Picture

HEIGHT, WIDTH = 180, 240


@pytest.fixture(scope="module")
def place(texture):
    """Neither near black nor near white, so that another light does not clip it."""
    return (60 + 0.45 * texture(WIDTH, HEIGHT, seed=21)).astype(np.uint8)


def lit(pixels: np.ndarray, gain=(1.0, 1.0, 1.0), gamma: float = 1.0, field=None, seed: int = 0) -> np.ndarray:
    values = np.array(gain) * (pixels / 255) ** gamma * (1 if field is None else field)
    noise = np.random.default_rng(seed).normal(0, 0.7, pixels.shape)
    return np.clip(np.rint(255 * values + noise), 0, 255).astype(np.uint8)


def pair(before, after, **more) -> Pair:
    return Pair(Picture(before), Picture(after), **more)


def left(before, after, mask=None) -> float:
    apart = cv2.absdiff(before, after).astype(float)
    return float(np.median(apart if mask is None else apart[mask]))


GAINS = [(0.7, 0.7, 0.7), (1.2, 1.2, 1.2), (1.15, 1.0, 0.8), (0.8, 0.95, 1.1)]


@pytest.mark.parametrize("model", ["gain", "gamma", "local", "auto", "histogram"])
@pytest.mark.parametrize("gain", GAINS)
def test_a_gain_is_taken_out(gain, model, place):
    after = lit(place, gain)
    matched, light = match_light(pair(place, after), model=model)
    assert left(place, matched.after.pixels) <= 2
    if model == "gain":
        assert light.gain == pytest.approx([1 / g for g in gain], rel=0.03)
        assert light.gamma == (1, 1, 1)


@pytest.mark.parametrize("gamma", [0.7, 0.85, 1.2, 1.4])
def test_a_gamma_is_found(gamma, place):
    matched, light = match_light(pair(place, lit(place, gamma=gamma)), model="gamma")
    assert left(place, matched.after.pixels) <= 2
    assert light.gamma == pytest.approx([1 / gamma] * 3, rel=0.08)


FIELDS = {
    "from the left": lambda x, y: 0.65 + 0.6 * x,
    "from below": lambda x, y: 1.15 - 0.5 * y,
    "a lamp": lambda x, y: 0.75 + 0.5 * np.exp(-((x - 0.3) ** 2 + (y - 0.4) ** 2) / 0.15),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_smooth_field_is_taken_out(name, place):
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    field = FIELDS[name](x, y)[..., None]
    after = lit(place, field=field)
    matched, light = match_light(pair(place, after))
    assert light.model == "local"
    assert left(place, matched.after.pixels) <= 0.35 * left(place, after)
    assert light.field[0] < light.field[1]


CHANGES = {
    "a dark thing": (25, 25, 30),
    "a bright thing": (235, 230, 225),
    "a red thing": (210, 40, 40),
    "a blue thing": (40, 60, 200),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("light", [(1, 1, 1), (0.75, 0.75, 0.75), (1.15, 1.0, 0.85)])
@pytest.mark.parametrize("box", [(60, 80, 50, 60), (30, 30, 100, 120)])
def test_a_thing_is_not_bleached(name, light, box, place):
    top, left_, high, wide = box
    changed = place.copy()
    changed[top : top + high, left_ : left_ + wide] = CHANGES[name]
    after = lit(changed, light)
    matched, _ = match_light(pair(place, after))
    inside = (slice(top + 4, top + high - 4), slice(left_ + 4, left_ + wide - 4))
    true = cv2.absdiff(place, changed)[inside].max(2).mean()
    kept = cv2.absdiff(place, matched.after.pixels)[inside].max(2).mean()
    assert kept > 0.7 * true
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[max(top - 20, 0) : top + high + 20, max(left_ - 20, 0) : left_ + wide + 20] = False
    assert left(place, matched.after.pixels, outside) <= 3


def test_burnt_out_places_are_no_change(place):
    bright = place.copy()
    bright[40:90, 60:140] = 200
    after = np.clip(bright.astype(int) * 1.45, 0, 255).astype(np.uint8)
    assert (after[45:85, 65:135] == 255).all()
    matched, _ = match_light(pair(bright, after))
    assert cv2.absdiff(bright, matched.after.pixels)[45:85, 65:135].max() <= 4


def test_a_burnt_out_thing_stays_one_where_before_was_dark(place):
    after = place.copy()
    after[40:90, 60:140] = 255
    matched, _ = match_light(pair(place, lit(after, (0.9, 0.9, 0.9))))
    assert cv2.absdiff(place, matched.after.pixels)[45:85, 65:135].mean() > 40


@pytest.mark.parametrize("model", LIGHT)
def test_identical_pictures_stay(model, place):
    matched, light = match_light(pair(place, place.copy()), model=model)
    assert np.array_equal(matched.after.pixels, place)
    if model == "auto":
        assert light.model == "none"


def test_noise_alone_is_no_light(place):
    before, after = lit(place, seed=1), lit(place, seed=2)
    matched, light = match_light(pair(before, after))
    assert light.model == "none"
    assert np.array_equal(matched.after.pixels, after)


def test_off_leaves_everything(place):
    after = lit(place, (0.5, 0.5, 0.5))
    matched, light = match_light(pair(place, after), model="off")
    assert matched.after.pixels is after
    assert light.model == "off"


@pytest.mark.parametrize("gain", GAINS)
def test_exchanging_the_pictures_inverts_the_gain(gain, place):
    after = lit(place, gain)
    there = match_light(pair(place, after), model="gain")[1].gain
    back = match_light(pair(after, place), model="gain")[1].gain
    assert np.array(there) * np.array(back) == pytest.approx(np.ones(3), rel=0.03)


@pytest.mark.parametrize("model", LIGHT)
def test_only_after_is_changed_and_the_given_is_not(model, place):
    after = lit(place, (0.7, 0.8, 0.9))
    kept = place.copy(), after.copy()
    matched, _ = match_light(pair(place, after), model=model)
    assert matched.before.pixels is place
    assert np.array_equal(place, kept[0])
    assert np.array_equal(after, kept[1])
    assert matched.after.pixels.dtype == np.uint8


def test_places_that_do_not_count_teach_no_light(place):
    after = lit(place, (0.8, 0.8, 0.8))
    valid = np.ones((HEIGHT, WIDTH), bool)
    valid[:, : WIDTH * 2 // 3] = False
    after[:, : WIDTH * 2 // 3] = 20
    matched, light = match_light(pair(place, after, valid=valid), model="gain")
    assert light.gain == pytest.approx([1.25] * 3, rel=0.04)
    assert left(place, matched.after.pixels, valid) <= 2


@pytest.mark.parametrize("model", LIGHT)
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 3), (9, 200)])
@pytest.mark.parametrize("counts", [None, False])
def test_any_size_has_a_light(model, shape, counts):
    rng = np.random.default_rng(0)
    before, after = (rng.integers(0, 256, (*shape, 3), np.uint8) for _ in range(2))
    valid = None if counts is None else np.zeros(shape, bool)
    matched, light = match_light(pair(before, after, valid=valid), model=model)
    assert matched.after.pixels.shape == (*shape, 3)
    assert np.isfinite([*light.gain, *light.gamma, *light.field]).all()


@pytest.mark.parametrize("values", [(0, 0), (255, 255), (0, 255), (255, 0), (12, 13)])
@pytest.mark.parametrize("model", LIGHT)
def test_flat_pictures_have_a_light(values, model):
    before, after = (np.full((40, 50, 3), value, np.uint8) for value in values)
    matched, light = match_light(pair(before, after), model=model)
    assert np.isfinite([*light.gain, *light.gamma, *light.field]).all()
    assert matched.after.pixels.shape == (40, 50, 3)


def test_light_put_on_is_the_formula():
    pixels = np.arange(256, dtype=np.uint8)[None, :, None].repeat(4, 0).repeat(3, 2)
    gain, gamma = np.float32([0.9, 1.0, 1.1]), np.float32([1.2, 1.2, 1.2])
    expected = np.clip(255 * gain * (np.maximum(pixels, 0.03) / 255) ** gamma, 0, 255)
    assert np.abs(apply_light(pixels, gain, gamma, None) - expected).max() <= 0.51


def test_a_shadow_is_the_same_surface_and_an_object_is_not(texture):
    ground = texture(WIDTH, HEIGHT, seed=4, grain=1.2)
    shadow, thing = ground.copy(), ground.copy()
    shadow[50:120, 60:160] = (ground[50:120, 60:160] * 0.6).astype(np.uint8)
    thing[50:120, 60:160] = texture(100, 70, seed=99, grain=1.2)
    coded = [cv2.cvtColor(p, cv2.COLOR_RGB2YCrCb) for p in (ground, shadow, thing)]
    lit_, other = (same_surface(coded[0], one, noise=1.0)[60:110, 70:150] for one in coded[1:])
    assert lit_.mean() > 0.8
    assert other.mean() < 0.2


@pytest.mark.parametrize("noise", [0, 2])
@pytest.mark.parametrize(
    ("width", "verdicts"), [(90, {"changed"}), (120, {"changed"}), (180, {"changed", "unsure"}), (300, {"unsure"})]
)
def test_another_hue_is_no_light(noise, width, verdicts):
    before = np.full((200, 300, 3), 128.0)
    after = before.copy()
    after[:, :width] = (200, 60, 60)
    pair = [
        np.clip(p + np.random.default_rng(seed).normal(0, noise, p.shape), 0, 255).astype(np.uint8)
        for seed, p in enumerate((before, after))
    ]
    answer = spotdiff.compare(*pair)
    assert answer.verdict in verdicts
    for region in answer.likely:
        assert region.box_after[0] == 0
        assert region.box_after[2] == pytest.approx(width, abs=4)

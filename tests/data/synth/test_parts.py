"""The parts that pairs are made of, each by itself."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.data.synth import RECIPES, motion
from spotdiff.data.synth.camera import camera
from spotdiff.data.synth.canvas import AFTER, BEFORE, BOTH, PairCanvas
from spotdiff.data.synth.cutouts import cutout_of, recoloured
from spotdiff.data.synth.drawn_objects import draw_object
from spotdiff.data.synth.lettering import rewritten, words, written
from spotdiff.data.synth.light import lit
from spotdiff.data.synth.noise import fibres, grain, octaves, ripples, smooth
from spotdiff.data.synth.scenes import scene
from spotdiff.data.synth.sensor import taken
from spotdiff.image.colour_words import colour_word


def square(side=10, colour=(200, 30, 20)):
    rgba = np.zeros((side, side, 4), np.uint8)
    rgba[...] = (*colour, 255)
    return cutout_of(rgba, "square")


@pytest.fixture
def rng():
    return np.random.default_rng(4)


@pytest.fixture
def canvas():
    return PairCanvas(np.full((60, 80, 3), 120, np.uint8))


def test_a_thing_is_put_where_it_belongs_and_owns_what_it_shows(canvas):
    canvas.paste(square(), (70, 55), 3, AFTER)
    assert (canvas.pictures[AFTER][55:, 70:] == (200, 30, 20)).all()
    assert (canvas.instances[AFTER][55:, 70:] == 3).all()
    assert np.count_nonzero(canvas.instances[AFTER]) == 50
    assert not canvas.instances[BEFORE].any()
    assert np.count_nonzero(canvas.differing()) == 50


def test_a_thing_outside_changes_nothing(canvas):
    for at in ((90, 0), (0, -20), (-10, 5)):
        canvas.paste(square(), at, 1, BEFORE)
    assert not canvas.differing().any()


def test_a_later_thing_takes_over(canvas):
    canvas.paste(square(), (10, 10), 1, BEFORE)
    canvas.paste(square(colour=(0, 0, 200)), (15, 10), 2, BEFORE)
    assert np.count_nonzero(canvas.instances[BEFORE] == 1) == 50
    assert np.count_nonzero(canvas.instances[BEFORE] == 2) == 100


def test_what_does_not_count_of_a_thing_still_hides_what_is_behind(canvas):
    canvas.paste(square(), (10, 10), 1, BEFORE)
    plate = square(colour=(0, 0, 200))
    canvas.paste(replace(plate, area=np.zeros_like(plate.area)), (15, 10), 2, BEFORE)
    assert np.count_nonzero(canvas.instances[BEFORE] == 1) == 50
    assert not (canvas.instances[BEFORE] == 2).any()


def test_half_transparent_pixels_are_mixed_and_owned_by_nobody(canvas):
    rgba = np.full((8, 8, 4), (255, 255, 255, 100), np.uint8)
    canvas.paste(cutout_of(rgba, "mist"), (5, 5), 1, BEFORE)
    assert canvas.pictures[BEFORE][8, 8, 0] == pytest.approx(120 * 155 / 255 + 100, abs=2)
    assert not canvas.instances[BEFORE].any()


def test_painting_over_takes_a_thing_away(canvas):
    canvas.paste(square(), (30, 20), 1, AFTER)
    canvas.paint_over(np.full((14, 14), 255, np.uint8), (28, 18), (AFTER,))
    assert not canvas.instances[AFTER].any()
    assert np.abs(canvas.pictures[AFTER].astype(int) - 120).max() <= 3


def test_large_holes_are_filled_too(canvas):
    canvas.paste(square(40), (20, 10), 1, AFTER)
    canvas.paint_over(np.full((46, 46), 255, np.uint8), (17, 7), BOTH)
    assert np.abs(canvas.pictures[AFTER].astype(int) - 120).max() <= 6


def test_covered_tells_how_much_is_taken_or_outside(canvas):
    assert canvas.covered(square(), (0, 0)) == 0
    assert canvas.covered(square(), (-5, 0)) == 0.5
    canvas.paste(square(), (0, 0), 1, BEFORE)
    assert canvas.covered(square(), (0, 5)) == 0.5
    assert canvas.covered(square(), (200, 0)) == 1


@pytest.mark.parametrize(
    ("rgb", "word"),
    [
        ((250, 250, 250), "white"),
        ((120, 120, 125), "grey"),
        ((10, 12, 8), "black"),
        ((210, 20, 30), "red"),
        ((250, 140, 20), "orange"),
        ((240, 220, 40), "yellow"),
        ((40, 160, 60), "green"),
        ((40, 190, 190), "turquoise"),
        ((30, 60, 200), "blue"),
        ((130, 40, 200), "purple"),
        ((250, 120, 190), "pink"),
        ((110, 70, 30), "brown"),
        ((225, 205, 170), "beige"),
    ],
)
def test_colours_have_the_words_people_use(rgb, word):
    assert colour_word(np.full((6, 6, 3), rgb, np.uint8), np.full((6, 6), 255, np.uint8)) == word


def test_many_colours_are_multicoloured(rng):
    hsv = np.dstack([np.tile(np.linspace(0, 179, 60), (60, 1)), *[np.full((60, 60), 230.0)] * 2]).astype(np.uint8)
    pixels = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    assert colour_word(pixels, np.full((60, 60), 255, np.uint8)) == "multicoloured"


def test_recoloured_things_look_different(rng):
    cutout = square()
    assert np.abs(recoloured(cutout, rng).pixels.astype(int) - cutout.pixels).mean() > 20


def test_drawn_things_are_whole_and_varied():
    cutouts = [draw_object(np.random.default_rng(seed)) for seed in range(60)]
    assert len({cutout.name for cutout in cutouts}) >= 6
    for cutout in cutouts:
        assert cutout.area.any()
        assert cutout.pixels.max() > 20
        assert not cutout.pixels[cutout.alpha == 0].any()


def test_scenes_are_varied_and_full():
    made = [scene(np.random.default_rng(seed), 80) for seed in range(30)]
    assert all(picture.shape == (80, 80, 3) and picture.std() > 1 for picture in made)
    assert np.std([picture.mean() for picture in made]) > 15


def test_writing_counts_as_its_plate_or_as_the_place_of_its_words():
    for seed in range(20):
        cutout = written(np.random.default_rng(seed), "Exit 12")
        assert cutout.words == "Exit 12"
        covered = np.count_nonzero(cutout.area) / np.count_nonzero(cutout.alpha > 127)
        assert covered > 0.95 if cutout.name == "sign" else covered > 0.9


def test_other_words_on_the_same_plate_leave_the_plate_alone():
    for seed in range(20):
        first, second = rewritten(np.random.default_rng(seed), "open", "closed")
        assert first.size == second.size
        outside = (first.area == 0) & (second.area == 0)
        assert np.abs(first.pixels.astype(int) - second.pixels)[outside].max() <= 8
        assert np.abs(first.pixels.astype(int) - second.pixels)[~outside].mean() > 5


def test_words_are_of_many_sorts(rng):
    made = {words(rng) for _ in range(200)}
    assert len(made) > 120
    assert any(word.isdigit() for word in made)
    assert any(word.isupper() for word in made)


@pytest.mark.parametrize("make", [octaves, ripples, fibres])
def test_noise_has_the_size_asked_for_and_a_deviation_near_1(make, rng):
    field = make(rng, 90, 200)
    assert field.shape == (90, 200)
    assert 0.3 < field.std() < 3


def test_grain_goes_on_beyond_its_tile(rng):
    assert grain(rng, 900, 1000).shape == (900, 1000, 3)
    assert grain(rng, 64, 64).std() == pytest.approx(1, abs=0.05)
    assert smooth(rng, (50, 40), cells=3, channels=2).shape == (40, 50, 2)


@pytest.mark.parametrize("seed", range(8))
def test_picture_and_numbers_are_seen_alike(seed):
    rng = np.random.default_rng(seed)
    seen_by = camera(rng, replace(RECIPES["default"], size=64))
    canvas = np.zeros((seen_by.room, seen_by.room, 3), np.uint8)
    cv2.circle(canvas, (seen_by.room // 2, seen_by.room // 2), 18, (255, 255, 255), -1)
    numbers = cv2.merge([np.ascontiguousarray(canvas[..., 0] // 255)] * 4)
    for view in seen_by.views:
        shown = view.picture(canvas)[..., 0] > 127
        told = view.numbers(numbers, beyond=(0, 0, 0, 0))[..., 0] > 0
        assert (shown != told).mean() < 0.02


def test_light_of_no_strength_changes_nothing(rng):
    picture = scene(rng, 48)
    plain = RECIPES["plain"]
    assert np.array_equal(taken(rng, lit(rng, picture, plain), plain, {}), picture)


def test_a_near_part_is_a_strip_along_one_side():
    for seed in range(30):
        mask = motion._rim(np.random.default_rng(seed), 90, 60)
        assert mask.shape == (60, 90)
        assert 0 < (mask > 0).mean() < 0.35
        inner = mask[15:-15, 15:-15]
        assert not inner.any()


def test_shadows_only_darken(rng):
    picture = scene(rng, 64)
    recipe = replace(RECIPES["plain"], shadows=1.0)
    for _ in range(12):
        under = lit(rng, picture, recipe)
        assert (under.linear <= picture).all()
        assert under.facts["shadow"]["dark"] >= 0.2


def test_the_sensor_leaves_the_scene_recognisable(rng):
    picture = np.full((64, 64, 3), 100, np.uint8)
    recipe = replace(RECIPES["plain"], sensor=1.0)
    outcomes = [taken(rng, lit(rng, picture, recipe), recipe, {}) for _ in range(30)]
    assert all(abs(float(out.mean()) - 100) < 3 for out in outcomes)
    assert np.mean([out.std() for out in outcomes]) > 0.4

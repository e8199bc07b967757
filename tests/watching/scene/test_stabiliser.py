"""The camera's shake: measured where there is any, and exactly none where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.image.resize import shrink
from spotdiff.watching.scene.stabiliser import Stabiliser, undo_offset
from spotdiff.watching.scene.working_sizes import Sizes
from watching.scene.scene_toys import in_grey, lit, moved, noisy, place

WORK = (384, 216)
SIZES = [(384, 216), (640, 360), (400, 300), (244, 148)]  # some are of a size that suits a Fourier transform
LIMIT = 0.6  # pixels of the working picture


def steady_on(pixels, seed=0):
    sizes = Sizes.of(pixels, side=640)
    factor = sizes.work[0] / sizes.tiny[0]
    rng = np.random.default_rng(seed)
    stabiliser = Stabiliser(shrink(noisy(pixels, rng), sizes.tiny))

    def measure(frame):
        x, y = stabiliser.offset(shrink(noisy(frame, rng), sizes.tiny))
        return x * factor, y * factor

    return measure


@pytest.mark.parametrize("size", SIZES)
def test_a_camera_that_stands_still_is_not_moved_at_all(size):
    measure = steady_on(place(size))
    assert [measure(place(size)) for _ in range(6)] == [(0.0, 0.0)] * 6


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shift", [(4, 0), (0, -5), (3, 5), (-8, 6), (1.5, -2.5), (0.0, 3.3)])
def test_a_shift_is_measured(size, shift):
    measure = steady_on(place(size))
    found = measure(moved(place(size), *shift))
    assert np.abs(np.subtract(found, shift)).max() < LIMIT


@pytest.mark.parametrize("size", SIZES)
def test_to_measure_changes_nothing(size):
    reference, frame = place(size), moved(place(size), 4, -3)
    sizes = Sizes.of(reference, side=640)
    tiny, other = (shrink(one, sizes.tiny) for one in (reference, frame))
    stabiliser = Stabiliser(tiny)
    kept = other.copy()
    first = stabiliser.offset(other)
    assert [stabiliser.offset(other) for _ in range(5)] == [first] * 5
    assert stabiliser.offset(tiny) == (0.0, 0.0)
    assert np.array_equal(other, kept)


@pytest.mark.parametrize(
    "light",
    [lambda p: lit(p, 0.4), lambda p: lit(p, 1.6), in_grey, lambda p: lit(p, np.linspace(0.5, 1.4, WORK[0])[:, None])],
    ids=["dark", "bright", "grey", "uneven"],
)
def test_in_another_light(light):
    measure = steady_on(place(WORK))
    assert np.abs(measure(light(place(WORK)))).max() < LIMIT
    assert np.abs(np.subtract(measure(light(moved(place(WORK), 5, -3))), (5, -3))).max() < LIMIT


def with_block(pixels, left):
    shown = pixels.copy()
    shown[40:200, left : left + 110] = place((110, 160), 9)
    return shown


def test_something_large_that_moves_is_not_followed():
    measure = steady_on(with_block(place(WORK), 60))
    for left in (60, 66, 72, 90, 150):
        assert np.abs(measure(with_block(place(WORK), left))).max() < LIMIT
    found = measure(moved(with_block(place(WORK), 100), 4, 4))
    assert np.abs(np.subtract(found, (4, 4))).max() < 1


def test_two_new_things_are_no_shift():
    measure = steady_on(place((256, 144)))
    shown = place((256, 144)).copy()
    shown[60:86, 80:106], shown[40:66, 170:196] = (210, 50, 40), (30, 60, 220)
    assert np.abs([measure(shown) for _ in range(10)]).max() < LIMIT


def test_a_camera_that_turned_is_not_followed():
    wide = place((800, 216))
    measure = steady_on(wide[:, :384])
    assert np.abs(measure(wide[:, 200:584])).max() < 0.09 * 384
    assert measure(place(WORK, 77)) == (0.0, 0.0)


@pytest.mark.parametrize("level", [0, 90, 255])
def test_nothing_to_hold_on_to(level):
    measure = steady_on(np.full((216, 384, 3), level, np.uint8))
    assert np.abs(measure(np.full((216, 384, 3), level, np.uint8))).max() < 0.09 * 384
    assert steady_on(place(WORK))(np.full((216, 384, 3), level, np.uint8)) == (0.0, 0.0)


@pytest.mark.parametrize("size", [(2, 2), (16, 12), (13, 40), (40, 13), (20, 20)])
def test_tiny_pictures(size):
    stabiliser = Stabiliser(place(size))
    assert stabiliser.offset(place(size)) == (0.0, 0.0)


def test_moved_by_brings_back_what_moved():
    picture = place(WORK)
    back = undo_offset(moved(picture, 6, -4), 6, -4)
    assert np.array_equal(back[10:-10, 10:-10], picture[10:-10, 10:-10])
    assert undo_offset(picture, 0, 0) is picture

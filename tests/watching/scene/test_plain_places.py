"""A place without features, such as a wall, snow or a dark floor, is no covered lens; and a covered lens is told."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.image.resize import shrink
from spotdiff.watching.event import Opened
from spotdiff.watching.health import is_complete
from spotdiff.watching.scene.stabiliser import Stabiliser
from watching.scene.fake_camera import EMPTY, FakeCamera, in_short
from watching.scene.scene_toys import SIZE, place, with_thing

HEIGHT, WIDTH = SIZE[1], SIZE[0]
BOX = (80, 60, 120, 96)
PLACES = {
    "wall": (228, 226, 220),
    "snow": (246, 247, 250),
    "table": (122, 90, 62),
    "dark floor": (30, 30, 32),
    "grey": (128, 128, 128),
}
HAND = np.full((HEIGHT, WIDTH, 3), (84, 52, 45), np.uint8)


def plain(name):
    return np.full((HEIGHT, WIDTH, 3), PLACES[name], np.uint8)


def shaded(low, high):
    return np.repeat(np.linspace(low, high, HEIGHT)[:, None, None], WIDTH, 1).repeat(3, 2).astype(np.uint8)


def with_crate(pixels, box=BOX):
    bright = pixels.mean() > 110
    return with_thing(pixels, box, (60, 75, 110) if bright else (190, 150, 100))


def said(changes):
    return [
        (change.event.kind, round(change.event.seconds))
        if isinstance(change, Opened)
        else (change.outcome, round(change.seconds))
        for change in changes
    ]


# each place with noise in both tests, and without in one of them
NOISY, NOISELESS = [(name, 2.0) for name in PLACES], [(name, 0.0) for name in PLACES]


@pytest.mark.parametrize(("name", "noise"), NOISY + NOISELESS[::2])
def test_a_crate_is_left_and_taken_again(name, noise):
    empty = plain(name)
    camera, crate = FakeCamera(), with_crate(empty)
    assert camera.show(empty, 15, noise=noise) == []
    (left,) = camera.show(crate, 30, noise=noise)
    assert (left.event.kind, round(left.event.seconds)) == ("left", 15)
    assert all(abs(side - true) <= 3 for side, true in zip(left.event.box, BOX, strict=True))
    assert said(camera.show(empty, 45, noise=noise))[0][0] == "reverted"


@pytest.mark.parametrize(("name", "noise"), NOISY + NOISELESS[1::2])
def test_a_crate_is_taken(name, noise):
    camera, empty = FakeCamera(), plain(name)
    assert camera.show(with_crate(empty), 15, noise=noise) == []
    assert said(camera.show(empty, 35, noise=noise)) == [("taken", 15)]


@pytest.mark.parametrize("slope", [(182, 188), (150, 190), (40, 60)])
def test_a_crate_is_left_on_a_ground_that_is_only_shaded(slope):
    camera, ground = FakeCamera(), shaded(*slope)
    assert camera.show(ground, 12) == []
    assert said(camera.show(with_crate(ground), 27)) == [("left", 12)]


@pytest.mark.parametrize("name", PLACES)
def test_nothing_happens_in_a_plain_place(name):
    """Also when the light goes half down, and somebody goes through."""
    empty = plain(name)
    walker = with_crate(empty, (100, 30, 140, 140))
    camera = FakeCamera()
    assert camera.show(lambda t: walker if 10 <= t < 13 else empty, 20) == []
    assert camera.show((empty * 0.6).astype(np.uint8), 35) == []


@pytest.mark.parametrize("view", [EMPTY, with_crate(plain("wall")), with_crate(plain("table"))], ids=str)
def test_a_covered_lens_is_told(view):
    camera = FakeCamera()
    camera.show(view, 10)
    assert said(camera.show(HAND, 25)) == [("covered", 10)]
    assert said(camera.show(view, 35)) == [("recovered", 25)]


def test_a_camera_that_is_covered_from_the_beginning_shows_its_place_later():
    camera = FakeCamera()
    assert camera.show(HAND, 15) == []
    assert said(camera.show(EMPTY, 30)) == [("covered", 0), ("recovered", 15)]
    assert in_short(camera.show(with_thing(EMPTY), 50)) == ["left"]


def test_rows_that_are_always_grey_have_lost_nothing():
    grey = np.full((90, 160, 3), 128, np.uint8)
    assert not is_complete(grey)
    assert is_complete(grey, np.full((90, 160), 128, np.float32))
    assert not is_complete(grey, np.full((90, 160), 190, np.float32))


def test_noise_is_nothing_to_hold_a_picture_by():
    rng, ground = np.random.default_rng(0), plain("wall")

    def tiny(pixels):
        return shrink(
            np.clip(pixels + rng.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8), (WIDTH // 4, HEIGHT // 4)
        )

    assert [Stabiliser(tiny(ground)).offset(tiny(with_crate(ground))) for _ in range(5)] == [(0.0, 0.0)] * 5
    assert [Stabiliser(tiny(with_crate(ground))).offset(tiny(ground)) for _ in range(5)] == [(0.0, 0.0)] * 5
    assert Stabiliser(tiny(place())).offset(tiny(np.roll(place(), 4, axis=1)))[0] == pytest.approx(1, abs=0.2)

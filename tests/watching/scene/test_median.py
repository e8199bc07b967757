"""The still look: what passes is not in it, and is marked where it passed."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.watching.scene.median import TemporalMedian
from spotdiff.watching.scene.sizes import Sizes
from watching.scene.scene_toys import SIZE, lit, moved, noisy, place

SCALES = Sizes.of(place(), side=640)


def look_at(draw, *, seconds=4.0, fps=5.0, noise=1.5):
    stills, rng = TemporalMedian(SCALES, span=3.0), np.random.default_rng(1)
    for number in range(round(seconds * fps)):
        stills.add(number / fps, noisy(draw(number / fps), rng, noise))
    assert stills.is_full
    return stills.median()


def passer(t):
    shown = place().copy()
    left = int(40 * t)
    shown[40:120, left : left + 24] = (40, 60, 160)
    return shown


def test_whoever_passes_is_not_in_it_but_marked():
    still = look_at(passer)
    assert still.work.shape == (SIZE[1], SIZE[0], 3)
    assert still.small.shape == (SIZE[1] // 2, SIZE[0] // 2, 3)
    assert np.abs(still.work.astype(int) - place()).max() < 12
    assert still.restless[25:55, 20:60].mean() > 0.6
    assert not still.restless[25:55, 105:].any()
    assert not still.restless[:12].any()
    assert still.seconds == pytest.approx(3.6, abs=0.3)


@pytest.mark.parametrize(
    "draw",
    [
        lambda t: place(),
        lambda t: moved(place(), *np.random.default_rng(round(t * 10)).uniform(-0.5, 0.5, 2)),
        lambda t: lit(place(), 1 + 0.15 * np.sin(9 * t)),
        lambda t: lit(place(), 1.3 - 0.1 * t),
    ],
    ids=["noise", "trembling", "flicker", "ramp"],
)
def test_what_is_no_movement(draw):
    assert look_at(draw).restless.mean() < 0.02


def test_it_takes_some_time():
    stills = TemporalMedian(SCALES, span=3.0)
    for number in range(5):
        assert not stills.is_full
        stills.add(0.5 * number, place())
    assert not stills.is_full
    for number in range(5, 9):
        stills.add(0.5 * number, place())
    assert stills.is_full
    stills.clear()
    assert not stills.is_full


def test_a_change_is_in_it_after_a_while_only():
    other = 255 - place()
    early = look_at(lambda t: other if t >= 3.2 else place())
    late = look_at(lambda t: other if t >= 1.0 else place())
    assert np.abs(early.work.astype(int) - place()).mean() < 3
    assert np.abs(late.work.astype(int) - other).mean() < 3


def test_what_is_long_gone_is_forgotten():
    stills = TemporalMedian(SCALES, span=3.0)
    for number in range(600):
        stills.add(number / 30, place() if number < 400 else 255 - place())
    assert np.array_equal(stills.median().work, 255 - place())
    assert not stills.median().restless.any()


def test_frames_that_come_once_a_minute():
    stills = TemporalMedian(SCALES, span=3.0)
    for number, shown in enumerate([place(), 255 - place(), place(), place()]):
        stills.add(60.0 * number, shown)
    assert stills.is_full
    assert np.array_equal(stills.median().work, place())


def test_the_edge_that_a_shaking_camera_did_not_show_is_not_still():
    picture = place()
    sizes = Sizes.of(picture, side=640)
    looks = TemporalMedian(sizes, span=3.0)
    for number in range(9):
        looks.add(number / 2.5, picture, (6.0, -4.0) if number == 4 else (0.0, 0.0))
    unseen = looks.median().restless
    assert unseen[:, -3:].all()
    assert unseen[:2].all()
    assert not unseen[2:, :-3].any()

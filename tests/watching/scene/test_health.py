"""What ails a camera: each fault begins after its patience and ends; light and noise are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotdiff.watching.health import CameraHealth, is_complete
from watching.scene.scene_toys import FPS, in_grey, lit, moved, noisy, place, with_thing, with_walker

WELL = place((320, 180))
WIDE = place((640, 180))
HAND = cv2.GaussianBlur(place((320, 180), 50), (0, 0), 40)
FLAT = np.full_like(WELL, 90)


def slab(pixels):
    shown = pixels.copy()
    shown[100:] = 128
    return shown


def ails(draw, *, until, fps=FPS, noise=1.5, health=None, start=0.0):
    health, rng = health or CameraHealth(), np.random.default_rng(0)
    said = []
    for number in range(round((until - start) * fps)):
        seconds = start + number / fps
        shown = noisy(draw(seconds), rng, noise) if noise else np.asarray(draw(seconds), np.uint8)
        said += [
            (change.kind, change.transition == "opened", round(change.seconds, 1), seconds)
            for change in health.check(shown, seconds)
        ]
    return said


FAULTS = {
    "black": lambda p: lit(p, 0.02),
    "covered": lambda p: FLAT,
    "covered by a blurred hand": lambda p: HAND,
    "blurred": lambda p: cv2.GaussianBlur(p, (0, 0), 6),
    "turned": lambda p: place((320, 180), 21),
    "covered for lack of data": slab,
    "covered by grey": lambda p: np.full_like(p, 128),
}


@pytest.mark.parametrize(("name", "fault"), FAULTS.items(), ids=FAULTS)
def test_a_fault_begins_and_ends(name, fault):
    noise = 0.0 if "data" in name or "grey" in name else 1.5
    said = ails(lambda t: fault(WELL) if 10 <= t < 30 else WELL, until=36, noise=noise)
    kind = name.split()[0]
    assert [(one[0], one[1]) for one in said] == [(kind, True), (kind, False)]
    assert said[0][2] == 10.0
    assert 13 <= said[0][3] <= 21
    assert said[1][2] == 30.0
    assert 30 < said[1][3] <= 34


@pytest.mark.parametrize(("name", "fault"), FAULTS.items(), ids=FAULTS)
def test_a_short_one_is_not_told_but_not_learned_either(name, fault):
    health = CameraHealth()
    noise = 0.0 if "data" in name or "grey" in name else 1.5
    assert ails(lambda t: WELL, until=6, health=health, noise=noise) == []
    assert not health.suspicious
    assert ails(lambda t: fault(WELL), until=8, start=6, health=health, noise=noise) == []
    assert health.suspicious
    assert ails(lambda t: WELL, until=9, start=8, health=health, noise=noise) == []
    assert not health.suspicious


SOUND = {
    "a bright scene": lambda t: lit(WELL, 1.9),
    "a dark scene": lambda t: lit(WELL, 0.15),
    "dusk": lambda t: lit(WELL, 1 - 0.85 * min(t / 60, 1)),
    "light switched": lambda t: lit(WELL, 0.4 if t % 20 > 10 else 1),
    "infrared": lambda t: in_grey(lit(WELL, 0.7).astype(np.uint8)) if t > 20 else WELL,
    "passers-by": lambda t: with_walker(WELL, t, width=60),
    "a thing": lambda t: with_thing(WELL, (60, 40, 160, 140)) if t > 20 else WELL,
    "shake": lambda t: moved(WELL, *np.random.default_rng(round(t * 10)).integers(-5, 6, 2)),
}


@pytest.mark.parametrize("draw", SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("noise", [0.7, 4.0])
def test_what_is_no_fault(draw, noise):
    assert ails(draw, until=70, fps=2, noise=noise) == []


def test_frozen():
    rng = np.random.default_rng(7)
    stuck = noisy(WELL, rng)

    def draw(t):
        return stuck if 20 <= t < 70 else noisy(WELL, rng)

    said = ails(draw, until=80, noise=0)
    assert [one[:2] for one in said] == [("frozen", True), ("frozen", False)]
    assert said[0][2] == 20.0
    assert 48 <= said[0][3] <= 52
    assert said[1][2] == 70.0


def test_a_camera_that_freezes_for_a_moment_is_well():
    rng = np.random.default_rng(7)
    stuck = noisy(WELL, rng)
    assert ails(lambda t: stuck if t % 30 > 8 else noisy(WELL, rng), until=100, noise=0) == []


@pytest.mark.parametrize(
    "draw",
    [
        lambda t: WELL,
        lambda t: with_thing(WELL) if t >= 9 else WELL,
        lambda t: with_walker(WELL, t) if t < 4 else WELL,
        lambda t: lit(WELL, 1 - 0.1 * (int(t) // 40)),
    ],
    ids=["nothing", "a thing", "a passer-by", "light"],
)
def test_what_is_drawn_never_freezes(draw):
    assert ails(draw, until=120, noise=0, fps=2) == []


def test_the_new_view_is_learned_when_asked():
    health = CameraHealth()
    ails(lambda t: WIDE[:, :320], until=8, health=health)
    assert [one[0] for one in ails(lambda t: WIDE[:, 300:620], until=20, start=8, health=health)] == ["turned"]
    health.relearn()
    assert [one[:2] for one in ails(lambda t: WIDE[:, 300:620], until=30, start=20, health=health)] == [
        ("turned", False)
    ]


def test_what_is_expected_outweighs_what_was_seen():
    health = CameraHealth()
    ails(lambda t: WIDE[:, 300:620], until=1, health=health)
    health.expect_view(WIDE[:, :320])
    assert [one[0] for one in ails(lambda t: WIDE[:, 300:620], until=9, start=1, health=health)] == ["turned"]
    health.expect_view(FLAT)  # says nothing
    assert [one[:2] for one in ails(lambda t: WIDE[:, :320], until=15, start=9, health=health)] == [("turned", False)]


def test_whole():
    assert is_complete(WELL)
    assert is_complete(FLAT)
    assert is_complete(lit(WELL, 0.02).astype(np.uint8))
    assert not is_complete(slab(WELL))
    assert not is_complete(np.full_like(WELL, 128))
    strip = WELL.copy()
    strip[170:] = 128
    assert is_complete(strip)
    assert not is_complete(slab(place((8, 6), 2)[[0, 1, 2, 3] * 50]))


def test_a_fault_must_show_for_its_whole_time_after_an_outage():
    health = CameraHealth()
    ails(lambda t: WELL, until=8, health=health)
    assert ails(lambda t: lit(WELL, 0.02), until=10, start=8, health=health) == []
    health.interrupt()
    assert ails(lambda t: lit(WELL, 0.02), until=64, start=60, health=health) == []
    assert [each[:3] for each in ails(lambda t: lit(WELL, 0.02), until=68, start=64, health=health)] == [
        ("black", True, 60.0)
    ]

"""What disturbs a clip acts while it should, and is gone afterwards."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.data.synth.clips import ClipRecipe, frames_of, plan_clip
from spotdiff.data.synth.clips.disturbances import choose_kinds, sample_disturbance
from spotdiff.data.synth.clips.effects import shake, tones_at
from spotdiff.data.synth.clips.plan import Disturbance
from spotdiff.data.synth.clips.recipe import QUIET
from spotdiff.data.synth.clips.render import ClipRenderer

SMALL = ClipRecipe(
    **{"width": 160, "height": 96, "fps": 10, "shortest": 12.0, "longest": 12.0, "scenario": "passers"},
    **{"calm": 3.0, "stays": 5.0, "noise": 0.0, "mjpeg": 0.0},
)
PASSING = ("step", "ramp", "cloud", "headlights", "lamp", "flicker", "ir", "rain", "insects", "leaves", "shake")
PASSING = (*PASSING, "focus", "compression")


def empty(materials, kind, *, start=3.0, end=8.0, seed=1):
    plan = plan_clip(SMALL, materials, 2, 0)
    trouble = sample_disturbance(np.random.default_rng(seed), kind, plan.scene, 12.0, [])
    trouble = replace(trouble, start=start, end=end, rise=min(trouble.rise, 1.0), fall=0.0)
    return replace(plan, actors=(), disturbances=(trouble,))


@pytest.mark.parametrize("kind", PASSING)
def test_it_acts_and_leaves_nothing_behind(materials, kind):
    film = ClipRenderer(empty(materials, kind))
    first = film.picture(0)
    assert np.array_equal(film.picture(28), first)
    assert any(not np.array_equal(film.picture(frame), first) for frame in range(31, 79, 3))
    assert all(np.array_equal(film.picture(frame), first) for frame in (80, 100, 119))


@pytest.mark.parametrize("scenario", QUIET)
def test_quiet_clips_have_no_event(materials, scenario):
    for index in range(6):
        plan = plan_clip(replace(SMALL, scenario=scenario), materials, 4, index)
        assert (plan.events, plan.objects) == ((), ())
        assert bool(plan.actors) == (scenario == "passers")
        assert bool(plan.disturbances) == (scenario != "passers")


def test_quiet_clips_of_light_take_turns():
    kinds = [choose_kinds(np.random.default_rng(0), "light", turn, 2) for turn in range(6)]
    assert kinds == [["step"], ["ramp"], ["cloud"], ["headlights"], ["lamp"], ["flicker"]]


def test_a_step_is_a_gain_and_a_gamma():
    step = Disturbance("step", 1.0, 3.0, 0.0, 0.0, {"gain": (0.5, 1.0, 2.0), "gamma": 2.0})
    assert tones_at((step,), 0.9) is None
    table = tones_at((step,), 1.0)[0]
    assert table[200].tolist() == [round(255 * (200 / 255 * 0.5) ** 2), round(255 * (200 / 255) ** 2), 255]


def test_light_stays_within_what_is_asked(materials):
    scene = plan_clip(SMALL, materials, 2, 0).scene
    drawn = [sample_disturbance(np.random.default_rng(seed), "step", scene, 60.0, []).facts for seed in range(40)]
    gains = np.array([facts["gain"] for facts in drawn])
    assert gains.min() >= 0.4
    assert gains.max() <= 2.5
    assert gains.max() / gains.min() > 2
    assert all(0.6 <= facts["gamma"] <= 1.6 for facts in drawn)


def test_a_camera_gone_to_infrared_is_grey(materials):
    film = ClipRenderer(empty(materials, "ir"))
    assert np.ptp(film.picture(0).astype(int), axis=-1).max() > 20
    assert np.ptp(film.picture(50).astype(int), axis=-1).max() == 0


@pytest.mark.parametrize("slow", [True, False])
def test_a_shaking_camera_moves_by_five_pixels_at_most(materials, slow):
    plan = empty(materials, "shake")
    one = replace(plan.disturbances[0], facts={"reach": 5.0, "slow": slow, "hertz": 0.5})
    plan = replace(plan, disturbances=(one,))
    ways = np.array([shake(one, plan)(frame) for frame in range(plan.frames)])
    assert 3 < np.abs(ways).max() <= 5
    assert not ways[:30].any()
    assert not ways[80:].any()
    assert (np.modf(ways[35:75])[0] != 0).any()
    film, frame = ClipRenderer(plan), int(np.abs(ways).sum(1).argmax())
    matrix = np.array([[1, 0, ways[frame][0]], [0, 1, ways[frame][1]]])
    moved = cv2.warpAffine(film.picture(0), matrix, plan.size)[8:-8, 8:-8].astype(int)
    assert np.abs(film.picture(frame)[8:-8, 8:-8] - moved).max() <= 1


def gap(materials, **facts):
    plan = empty(materials, "dropout", start=5.0, end=8.0)
    one = plan.disturbances[0]
    told = {"lead": 0.0, "trail": 0.0, "fault": "frozen", "quality": 30} | facts
    plan = replace(plan, noise=2.0, disturbances=(replace(one, facts=told),))
    return {round(second * 10): pixels for second, pixels in frames_of(plan)}, ClipRenderer(plan)


def test_lost_frames_are_missing_and_nothing_else(materials):
    frames, film = gap(materials)
    assert sorted(frames) == [*range(50), *range(80, 120)]
    assert all(np.array_equal(frames[number], film.picture(number)) for number in (0, 49, 80, 119))


def test_frames_before_a_gap_freeze(materials):
    frames, film = gap(materials, lead=0.5)
    assert all(np.array_equal(frames[number], frames[44]) for number in range(45, 50))
    assert np.array_equal(frames[44], film.picture(44))
    assert not np.array_equal(frames[43], frames[44])


def test_frames_around_a_gap_break(materials):
    frames, film = gap(materials, lead=0.3, trail=0.2, fault="grey")
    broken = [number for number, pixels in frames.items() if (pixels[-8:] == 128).all()]
    assert broken == [47, 48, 49, 80, 81]
    assert np.array_equal(frames[82], film.picture(82))


def test_after_a_reconnect_the_pictures_are_packed_otherwise(materials):
    plan = empty(materials, "reconnect", start=5.0, end=6.0)
    facts = dict(plan.disturbances[0].facts) | {"lead": 0.0, "trail": 0.0, "quality": 20}
    film = ClipRenderer(replace(plan, disturbances=(replace(plan.disturbances[0], facts=facts),)))
    assert np.array_equal(film.picture(0), film.picture(49))
    packed = np.abs(film.picture(60).astype(int) - film.picture(0))
    assert 0 < packed.mean() < 12


def test_lost_frames_keep_off_events(materials):
    rng, scene = np.random.default_rng(0), plan_clip(SMALL, materials, 2, 0).scene
    for _ in range(40):
        one = sample_disturbance(rng, "reconnect", scene, 60.0, [(20.0, 22.0), (40.0, 40.0)])
        if one is not None:
            assert all(one.end < early - 5 or one.start > late + 5 for early, late in [(20.0, 22.0), (40.0, 40.0)])
    assert sample_disturbance(rng, "dropout", scene, 12.0, [(6.0, 6.0)]) is None

"""What the truth of a clip says is what its pixels show."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.data.synth import Materials
from spotdiff.data.synth.clips import ClipRecipe, frames_of, plan_clip, truth_of
from spotdiff.data.synth.clips.actors import actor_sprites, occlusion
from spotdiff.data.synth.clips.plan import MARGIN
from spotdiff.data.synth.clips.render import ClipRenderer
from spotdiff.data.synth.materials import StoredImage
from spotdiff.errors import DataError

SMALL = ClipRecipe(
    **{"width": 160, "height": 96, "fps": 5, "shortest": 24.0, "longest": 28.0, "scenario": "event"},
    **{"calm": 3.0, "apart": 2.0, "stays": 5.0, "smallest": 0.01, "noise": 0.0, "mjpeg": 0.0, "disturbances": 0},
)
ALONE = replace(SMALL, carried=0.0, passers=0.0, reverted=0.5)


@pytest.fixture(scope="module")
def lonely(materials):
    """Clips in which things just come, go and move, without shadows."""
    scripts = [plan_clip(ALONE, materials, 3, index) for index in range(16)]
    return [replace(one, objects=tuple(replace(each, shadow=None) for each in one.objects)) for one in scripts]


def changed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (cv2.absdiff(one, other) > 3).any(-1)


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + width, top + height


def test_every_kind_of_event_occurs(lonely):
    assert {event.kind for plan in lonely for event in plan.events} == {"left", "taken", "moved"}
    assert any(event.until for plan in lonely for event in plan.events)


def test_the_box_changes_at_its_time_and_not_before(lonely):
    for plan in lonely:
        frames = [pixels for _, pixels in frames_of(plan)]
        for event, planned in zip(truth_of(plan, "x")["events"], plan.events, strict=True):
            left, top, right, bottom = event["box"]
            window = slice(top, bottom), slice(left, right)
            number = round(event["time"] * plan.fps)
            assert all(not changed(one[window], frames[0][window]).any() for one in frames[1:number])
            assert changed(frames[number - 1][window], frames[number][window]).mean() > 0.2
            last = plan.frames if planned.until is None else planned.until
            assert all(not changed(one[window], frames[number][window]).any() for one in frames[number + 1 : last])
            assert last == plan.frames or changed(frames[last][window], frames[number][window]).mean() > 0.2
            assert event["visible"] == event["time"]


def test_the_box_holds_all_that_changed_and_hardly_more(lonely):
    for plan in lonely:
        film = ClipRenderer(plan)
        for event in plan.events:
            left, top, right, bottom = plan.objects[event.placed].box
            ground = film.scene(event.frame - 1)[MARGIN:-MARGIN, MARGIN:-MARGIN]
            mask = changed(ground, film.scene(event.frame)[MARGIN:-MARGIN, MARGIN:-MARGIN])
            found = bounds(mask)
            assert found[0] >= left - 2
            assert found[1] >= top - 2
            assert found[2] <= right + 2
            assert found[3] <= bottom + 2
            assert (found[2] - found[0]) * (found[3] - found[1]) > 0.7 * (right - left) * (bottom - top)


def test_a_moved_thing_leaves_one_box_and_fills_the_other(lonely):
    moved = [(plan, event) for plan in lonely for event in truth_of(plan, "x")["events"] if event["box_before"]]
    assert moved
    for plan, event in moved:
        assert event["kind"] == "moved"
        assert event["lifted"] < event["time"] <= event["lifted"] + 5
        film, (left, top, right, bottom) = ClipRenderer(plan), event["box_before"]
        window, lifted = np.s_[top:bottom, left:right], round(event["lifted"] * plan.fps)
        before, after = (film.picture(frame)[window] for frame in (lifted - 1, lifted))
        assert changed(before, after).mean() > 0.2
        first, second = event["box_before"], event["box"]
        assert (second[2] - second[0], second[3] - second[1]) == (first[2] - first[0], first[3] - first[1])
        aside = first[2] <= second[0] or second[2] <= first[0] or first[3] <= second[1] or second[3] <= first[1]
        assert aside


@pytest.fixture(scope="module")
def busy(materials):
    return [plan_clip(replace(SMALL, carried=1.0, passers=20.0), materials, 5, index) for index in range(8)]


def test_visible_is_when_nobody_hides_the_place_any_more(busy):
    hid = 0
    for plan in busy:
        film = ClipRenderer(plan)
        for event in plan.events:
            one = plan.objects[event.placed]
            assert all(occlusion(plan, one, frame) > 0.05 for frame in range(event.frame, event.visible))
            hid += event.visible > event.frame
            left, top, right, bottom = one.box
            seen = film.picture(event.visible)[top:bottom, left:right]
            area = one.cutout.alpha[top - one.at[1] : bottom - one.at[1], left - one.at[0] : right - one.at[0]] > 250
            stands = film.scene(event.frame)[MARGIN:-MARGIN, MARGIN:-MARGIN][top:bottom, left:right]
            assert changed(seen, stands)[area].mean() < 0.07
    assert hid >= 3


def test_carriers_are_there_when_it_happens_and_come_and_go(busy):
    for plan in busy:
        for event in plan.events:
            second = event.frame / plan.fps
            near = [one for one in plan.actors if one.start < second < one.end]
            box = plan.objects[event.placed].box
            reach = [abs(one.feet(second)[0] - (box[0] + box[2]) / 2) < one.cutout.size[0] for one in near]
            assert any(reach)
        for one in plan.actors:
            outside = [
                x + one.cutout.size[0] / 2 <= 0 or x - one.cutout.size[0] / 2 >= 160 for _, x, _ in one.waypoints
            ]
            assert outside[0]
            assert outside[-1]


def standstill(passer) -> float:
    pairs = zip(passer.waypoints, passer.waypoints[1:], strict=False)
    return max((there[0] - here[0] for here, there in pairs if here[1:] == there[1:]), default=0.0)


def test_nobody_stands_still_for_long_unless_asked_to(busy, materials):
    assert all(standstill(one) < 4 for plan in busy for one in plan.actors)
    idle = plan_clip(replace(SMALL, scenario="passers", passers=30.0, loiter=1.0), materials, 1, 0)
    assert all(2 <= standstill(one) <= 6.001 for one in idle.actors)


def test_things_are_as_large_as_asked_and_off_each_other(busy):
    for plan in busy:
        for event in truth_of(plan, "x")["events"]:
            assert 0.009 <= event["share"] <= 0.066
            left, top, right, bottom = event["box"]
            assert 0 <= left < right <= 160
            assert 0 <= top < bottom <= 96


def stored(pixels: np.ndarray, name: str) -> StoredImage:
    return StoredImage(name, bytes(cv2.imencode(".png", pixels)[1]))


@pytest.mark.parametrize(("level", "found"), [(105, False), (200, True)])
def test_a_thing_like_its_ground_is_never_chosen(level, found):
    cutout = np.dstack([np.full((40, 40, 3), level, np.uint8), np.full((40, 40), 255, np.uint8)])
    photo = stored(np.full((120, 200, 3), 100, np.uint8), "photos/grey.png")
    materials = Materials((photo,), (stored(cutout, "crate/grey.png"),))
    picky = replace(ALONE, contrast=20.0)
    if found:
        assert plan_clip(picky, materials, 0, 0).events
    else:
        with pytest.raises(DataError, match="no thing stands out"):
            plan_clip(picky, materials, 0, 0)


def test_carried_things_are_put_down_where_they_stay(busy):
    held = [(plan, one) for plan in busy for one in plan.actors if one.carried]
    assert held
    for plan, one in held:
        film = ClipRenderer(replace(plan, actors=(one,)))
        frame, at = one.carried.put_down or one.carried.picked_up
        area, (left, top) = one.carried.cutout.alpha > 250, at
        window = np.s_[top : top + area.shape[0], left : left + area.shape[1]]
        there = frame if one.carried.put_down else frame - 1
        stands = film.scene(there)[MARGIN:-MARGIN, MARGIN:-MARGIN][window]
        assert changed(film.picture(there)[window], stands)[area].mean() < 0.02


def test_carried_things_are_lifted_in_between(busy):
    brought = [(plan, one) for plan in busy for one in plan.actors if one.carried and one.carried.put_down]
    assert brought
    for plan, one in brought:
        number, (left, top) = one.carried.put_down
        alone = replace(plan, actors=(one,))
        cutout, (x, y), _ = actor_sprites(alone, number - 1)[1]
        assert cutout is one.carried.cutout
        assert abs(x - left) <= 2
        assert 0 < top - y < one.carried.lift
        if one.carried.picked_up is None:
            early = max(round(one.start * plan.fps) + 1, number - 2 * plan.fps)
            carried, who = actor_sprites(alone, early)[1][1], one.at(early / plan.fps)
            assert carried[1] - who[1] == pytest.approx(top - one.at(number / plan.fps)[1] - one.carried.lift, abs=1)


def test_who_carries_a_thing_stands_behind_it(busy):
    plan, one = next((plan, one) for plan in busy for one in plan.actors if one.carried and one.carried.put_down)
    seen = actor_sprites(replace(plan, actors=(one,)), one.carried.put_down[0])
    assert len(seen) == 1
    assert (seen[0][0].alpha < one.cutout.alpha).any()

"""What the truth of a clip says is what its pixels show."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.data.synth import Materials
from spotdiff.data.synth.clips import ClipRecipe, frames_of, plan_clip, truth_of
from spotdiff.data.synth.clips.render import Film
from spotdiff.data.synth.clips.script import ROOM
from spotdiff.data.synth.clips.traffic import hidden, moving
from spotdiff.data.synth.materials import Stored
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
    return [replace(one, standings=tuple(replace(each, shade=None) for each in one.standings)) for one in scripts]


def changed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (cv2.absdiff(one, other) > 3).any(-1)


def bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return left, top, left + width, top + height


def test_every_kind_of_event_occurs(lonely):
    assert {deed.kind for script in lonely for deed in script.deeds} == {"left", "taken", "moved"}
    assert any(deed.until for script in lonely for deed in script.deeds)


def test_the_box_changes_at_its_time_and_not_before(lonely):
    for script in lonely:
        frames = [pixels for _, pixels in frames_of(script)]
        for event, deed in zip(truth_of(script, "x")["events"], script.deeds, strict=True):
            left, top, right, bottom = event["box"]
            window = slice(top, bottom), slice(left, right)
            number = round(event["time"] * script.fps)
            assert all(not changed(one[window], frames[0][window]).any() for one in frames[1:number])
            assert changed(frames[number - 1][window], frames[number][window]).mean() > 0.2
            last = script.frames if deed.until is None else deed.until
            assert all(not changed(one[window], frames[number][window]).any() for one in frames[number + 1 : last])
            assert last == script.frames or changed(frames[last][window], frames[number][window]).mean() > 0.2
            assert event["visible"] == event["time"]


def test_the_box_holds_all_that_changed_and_hardly_more(lonely):
    for script in lonely:
        film = Film(script)
        for deed in script.deeds:
            left, top, right, bottom = script.standings[deed.standing].box
            ground = film.scene(deed.frame - 1)[ROOM:-ROOM, ROOM:-ROOM]
            mask = changed(ground, film.scene(deed.frame)[ROOM:-ROOM, ROOM:-ROOM])
            found = bounds(mask)
            assert found[0] >= left - 2
            assert found[1] >= top - 2
            assert found[2] <= right + 2
            assert found[3] <= bottom + 2
            assert (found[2] - found[0]) * (found[3] - found[1]) > 0.7 * (right - left) * (bottom - top)


def test_a_moved_thing_leaves_one_box_and_fills_the_other(lonely):
    moved = [(script, event) for script in lonely for event in truth_of(script, "x")["events"] if event["box_before"]]
    assert moved
    for script, event in moved:
        assert event["kind"] == "moved"
        assert event["lifted"] < event["time"] <= event["lifted"] + 5
        film, (left, top, right, bottom) = Film(script), event["box_before"]
        window, lifted = np.s_[top:bottom, left:right], round(event["lifted"] * script.fps)
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
    for script in busy:
        film = Film(script)
        for deed in script.deeds:
            one = script.standings[deed.standing]
            assert all(hidden(script, one, frame) > 0.05 for frame in range(deed.frame, deed.visible))
            hid += deed.visible > deed.frame
            left, top, right, bottom = one.box
            seen = film.picture(deed.visible)[top:bottom, left:right]
            area = one.thing.alpha[top - one.at[1] : bottom - one.at[1], left - one.at[0] : right - one.at[0]] > 250
            stands = film.scene(deed.frame)[ROOM:-ROOM, ROOM:-ROOM][top:bottom, left:right]
            assert changed(seen, stands)[area].mean() < 0.07
    assert hid >= 3


def test_carriers_are_there_when_it_happens_and_come_and_go(busy):
    for script in busy:
        for deed in script.deeds:
            second = deed.frame / script.fps
            near = [one for one in script.passers if one.start < second < one.end]
            box = script.standings[deed.standing].box
            reach = [abs(one.feet(second)[0] - (box[0] + box[2]) / 2) < one.thing.size[0] for one in near]
            assert any(reach)
        for one in script.passers:
            outside = [x + one.thing.size[0] / 2 <= 0 or x - one.thing.size[0] / 2 >= 160 for _, x, _ in one.way]
            assert outside[0]
            assert outside[-1]


def standstill(passer) -> float:
    pairs = zip(passer.way, passer.way[1:], strict=False)
    return max((there[0] - here[0] for here, there in pairs if here[1:] == there[1:]), default=0.0)


def test_nobody_stands_still_for_long_unless_asked_to(busy, materials):
    assert all(standstill(one) < 4 for script in busy for one in script.passers)
    idle = plan_clip(replace(SMALL, scenario="passers", passers=30.0, loiter=1.0), materials, 1, 0)
    assert all(2 <= standstill(one) <= 6.001 for one in idle.passers)


def test_things_are_as_large_as_asked_and_off_each_other(busy):
    for script in busy:
        for event in truth_of(script, "x")["events"]:
            assert 0.009 <= event["share"] <= 0.066
            left, top, right, bottom = event["box"]
            assert 0 <= left < right <= 160
            assert 0 <= top < bottom <= 96


def stored(pixels: np.ndarray, name: str) -> Stored:
    return Stored(name, bytes(cv2.imencode(".png", pixels)[1]))


@pytest.mark.parametrize(("level", "found"), [(105, False), (200, True)])
def test_a_thing_like_its_ground_is_never_chosen(level, found):
    cutout = np.dstack([np.full((40, 40, 3), level, np.uint8), np.full((40, 40), 255, np.uint8)])
    photo = stored(np.full((120, 200, 3), 100, np.uint8), "photos/grey.png")
    materials = Materials((photo,), (stored(cutout, "crate/grey.png"),))
    picky = replace(ALONE, contrast=20.0)
    if found:
        assert plan_clip(picky, materials, 0, 0).deeds
    else:
        with pytest.raises(DataError, match="no thing stands out"):
            plan_clip(picky, materials, 0, 0)


def test_carried_things_are_put_down_where_they_stay(busy):
    held = [(script, one) for script in busy for one in script.passers if one.held]
    assert held
    for script, one in held:
        film = Film(replace(script, passers=(one,)))
        frame, at = one.held.put or one.held.picked
        area, (left, top) = one.held.thing.alpha > 250, at
        window = np.s_[top : top + area.shape[0], left : left + area.shape[1]]
        there = frame if one.held.put else frame - 1
        stands = film.scene(there)[ROOM:-ROOM, ROOM:-ROOM][window]
        assert changed(film.picture(there)[window], stands)[area].mean() < 0.02


def test_carried_things_are_lifted_in_between(busy):
    brought = [(script, one) for script in busy for one in script.passers if one.held and one.held.put]
    assert brought
    for script, one in brought:
        number, (left, top) = one.held.put
        alone = replace(script, passers=(one,))
        thing, (x, y), _ = moving(alone, number - 1)[1]
        assert thing is one.held.thing
        assert abs(x - left) <= 2
        assert 0 < top - y < one.held.lift
        if one.held.picked is None:
            early = max(round(one.start * script.fps) + 1, number - 2 * script.fps)
            carried, who = moving(alone, early)[1][1], one.at(early / script.fps)
            assert carried[1] - who[1] == pytest.approx(top - one.at(number / script.fps)[1] - one.held.lift, abs=1)


def test_who_carries_a_thing_stands_behind_it(busy):
    script, one = next((script, one) for script in busy for one in script.passers if one.held and one.held.put)
    seen = moving(replace(script, passers=(one,)), one.held.put[0])
    assert len(seen) == 1
    assert (seen[0][0].alpha < one.thing.alpha).any()

"""One camera's frames in, changes of its events out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from spotdiff.regions.boxes import iou
from spotdiff.watching.event import Amended, Closed, Opened
from spotdiff.watching.rules import Zone
from spotdiff.watching.scene.working_sizes import Sizes
from spotdiff.watching.zones import ZoneMap, min_score, zone_mask
from watching.scene.fake_camera import EMPTY, FULL, NOON, FakeCamera, in_short
from watching.scene.scene_toys import HERE, THERE, judge, lit, place, with_thing, with_walker


def test_a_report_says_when_where_and_shows_it():
    camera = FakeCamera()
    camera.show(EMPTY, 6)
    (told,) = camera.show(FULL, 18)
    event = told.event
    assert (event.camera, event.kind, event.state, event.zone, event.boot) == ("hall", "left", "open", "", "b")
    assert event.seconds == pytest.approx(6, abs=0.5)
    assert event.first_seen - NOON == timedelta(seconds=event.seconds)
    assert event.confirmed - NOON == timedelta(seconds=event.confirmed_seconds)
    assert 10 <= event.confirmed_seconds <= 16
    assert iou(event.box, HERE) > 0.5
    assert told.clip[0] < event.seconds < told.clip[1]
    assert told.pictures.before.shape == told.pictures.after.shape == EMPTY.shape
    assert told.pictures.mask.shape == EMPTY.shape[:2]
    left, top, right, bottom = HERE
    assert told.pictures.mask[top:bottom, left:right].mean() > 0.8
    assert len(camera.analyser.buffer.between(*told.clip)) > 20
    assert in_short(camera.show(EMPTY, 28)) == ["reverted"]


def test_boxes_are_in_the_pixels_of_the_source():
    size, box = (480, 270), (150, 110, 204, 164)
    empty = cv2.resize(EMPTY, size, interpolation=cv2.INTER_CUBIC)
    camera = FakeCamera(side=240)
    camera.show(empty, 6)
    (told,) = camera.show(with_thing(empty, box), 18)
    assert iou(told.event.box, box) > 0.7
    assert told.pictures.after.shape == (270, 480, 3)


def test_moved_is_amended():
    camera = FakeCamera()
    camera.show(FULL, 6)
    (first,) = camera.show(EMPTY, 14)
    (then,) = camera.show(with_thing(EMPTY, THERE), 28)
    assert isinstance(then, Amended)
    assert (then.key, then.kind) == (first.key, "moved")
    assert iou(then.box, THERE) > 0.5
    assert iou(then.box_before, HERE) > 0.5


FAULTS = {
    "black": (lambda t: lit(EMPTY, 0.02), 1.5),
    "covered": (lambda t: np.full_like(EMPTY, 60), 1.5),
    "covered by nothing but grey": (lambda t: np.full_like(EMPTY, 128), 0.0),
    "blurred": (lambda t: cv2.GaussianBlur(EMPTY, (0, 0), 6), 1.5),
    "turned": (lambda t: place((512, 144))[:, 200:456], 1.5),
}


@pytest.mark.parametrize(("name", "fault"), FAULTS.items(), ids=FAULTS)
def test_a_fault_is_an_event_of_the_camera_and_none_of_the_scene(name, fault):
    draw, noise = fault
    first = place((512, 144))[:, :256] if name == "turned" else EMPTY
    camera = FakeCamera()
    camera.show(first, 8)
    told = camera.show(draw, 34, noise=noise)
    assert in_short(told) == [name.split()[0]]
    assert told[0].event.seconds == pytest.approx(8, abs=0.3)
    assert told[0].event.box is None
    assert told[0].pictures.after.shape == EMPTY.shape
    assert in_short(camera.show(first, 48)) == ["recovered"]


def test_what_was_left_while_the_camera_was_covered_is_found():
    camera = FakeCamera()
    camera.show(EMPTY, 8)
    camera.show(np.full_like(EMPTY, 60), 20)
    assert in_short(camera.show(FULL, 36)) == ["recovered", "left"]


def test_the_turned_view_is_normal_now():
    camera, wide = FakeCamera(), place((512, 144))
    camera.show(wide[:, :256], 8)
    assert in_short(camera.show(wide[:, 200:456], 18)) == ["turned"]
    camera.analyser.accept("turned")
    assert in_short(camera.show(wide[:, 200:456], 28)) == ["recovered"]
    box = (60, 50, 86, 76)
    assert in_short(camera.show(with_thing(wide[:, 200:456], box), 42)) == ["left"]


def test_what_was_told_of_a_view_that_is_gone_ends():
    camera, wide = FakeCamera(), place((512, 144))
    camera.show(wide[:, :256], 6)
    (left,) = camera.show(with_thing(wide[:, :256]), 16)
    assert in_short(camera.show(wide[:, 200:456], 26)) == ["turned"]
    camera.analyser.accept("turned")
    told = camera.show(wide[:, 200:456], 34)
    assert Closed(left.key, "gone", pytest.approx(26, abs=0.3)) in told
    assert sorted(in_short(told)) == ["gone", "recovered"]


def test_pictures_of_another_size_are_another_scene():
    camera, size = FakeCamera(), (320, 180)
    camera.show(EMPTY, 6)
    (left,) = camera.show(FULL, 16)
    large, box = cv2.resize(FULL, size), (200, 100, 232, 132)
    told = camera.show(large, 24)
    assert [(one.key, one.outcome) for one in told] == [(left.key, "gone")]
    (again,) = camera.show(with_thing(large, box), 36)
    assert iou(again.event.box, box) > 0.6


def test_another_light_is_not_a_turned_camera():
    camera = FakeCamera()
    camera.show(EMPTY, 8)
    assert camera.show(lit(EMPTY, np.linspace(0.3, 1.5, 256)[:, None]), 22) == []
    assert camera.show(lit(EMPTY, 0.3), 32) == []


def test_a_gap_is_told_with_the_next_frame():
    camera = FakeCamera()
    camera.show(EMPTY, 6)
    camera.seconds = 66.0
    told = camera.show(EMPTY, 80)
    assert in_short(told) == ["offline", "recovered"]
    assert told[0].event.seconds == pytest.approx(5.8)
    assert told[0].event.first_seen - NOON == timedelta(seconds=told[0].event.seconds)
    assert told[1].seconds == 66.0


def test_a_gap_is_told_while_it_lasts_and_once():
    camera = FakeCamera()
    camera.show(EMPTY, 6)
    wall = NOON + timedelta(seconds=20)
    assert list(camera.analyser.check_silence(5.0, wall)) == []
    (told,) = camera.analyser.check_silence(14.2, wall)
    assert told.event.kind == "offline"
    assert told.event.first_seen == wall - timedelta(seconds=14.2)
    assert list(camera.analyser.check_silence(60.0, wall)) == []
    camera.seconds = 90.0
    assert in_short(camera.show(EMPTY, 100)) == ["recovered"]
    assert [one.event.kind for one in FakeCamera().analyser.check_silence(60.0, wall)] == [
        "offline"
    ]  # never a frame at all


def test_pictures_that_come_seldom_are_no_gap():
    camera = FakeCamera()
    assert camera.show(EMPTY, 900, fps=1 / 60) == []
    assert in_short(camera.show(FULL, 1800, fps=1 / 60)) == ["left"]


LEFT_HALF = ((0.0, 0.0), (128.0, 0.0), (128.0, 144.0), (0.0, 144.0))


def test_zones():
    zones = (
        Zone("left", LEFT_HALF, dwell=4.0, what=("left",)),
        Zone("large", min_area=2000, dwell=4.0),
        Zone("all", dwell=9.0, what=("taken",)),
    )
    camera = FakeCamera(*zones)
    camera.show(EMPTY, 6)
    (told,) = camera.show(FULL, 17)
    assert (told.event.kind, told.event.zone) == ("left", "left")
    assert "Left in left" in told.event.text
    assert camera.show(with_thing(FULL, THERE, colour=(30, 60, 220), seed=8), 30) == []


def test_zones_hold_at_their_hours_by_the_place_clock():
    start = datetime(2026, 3, 2, 4, 59, 50, tzinfo=UTC)  # 05:59:50 in Berlin
    camera = FakeCamera(Zone("z", dwell=4.0, hours="06:00-18:00"), zone=ZoneInfo("Europe/Berlin"), start=start)
    camera.show(EMPTY, 5)
    assert camera.show(FULL, 9.8) == []
    assert in_short(camera.show(FULL, 20)) == ["left"]


def test_the_ground_of_a_zone():
    sizes = Sizes.of(EMPTY, side=640)
    half = zone_mask(Zone("z", LEFT_HALF), sizes)
    assert half.shape == sizes.small[::-1]
    assert half[:, :63].all()
    assert not half[:, 66:].any()
    assert zone_mask(Zone("z"), sizes).all()
    assert zone_mask(Zone("z", ((0, 0), (9000, 0), (9000, 9000), (0, 9000))), sizes).all()
    thing = np.zeros(sizes.small[::-1], bool)
    thing[20:40, 50:70] = True
    ground = ZoneMap((Zone("z", LEFT_HALF, what=("left",), dwell=3.0, sensitivity=0.9), Zone("w", dwell=8.0)), sizes)
    assert (ground.criteria(thing, None).dwell, ground.criteria(thing, None).min_score) == (3.0, min_score(0.9))
    assert ground.criteria(thing, "left").dwell == 3.0
    assert ground.criteria(thing, "taken").dwell == 8.0
    assert ground.zone_of(thing, "left").name == "z"
    assert ground.zone_of(np.roll(thing, 40, axis=1), "left").name == "w"
    assert ZoneMap((Zone("z", what=("intrusion",)),), sizes).criteria(thing, None) is None


GUARD = Zone("gate", what=("intrusion",))


def test_intruders():
    camera = FakeCamera(GUARD)
    assert camera.show(EMPTY, 6) == []
    told = camera.show(lambda t: with_walker(EMPTY, t - 6, pace=25, period=99), 14)
    assert in_short(told) == ["intrusion"]
    assert (told[0].event.zone, told[0].event.text) == ("gate", "Something moves in gate.")
    assert told[0].event.seconds == pytest.approx(6.4, abs=1)
    left, top, right, bottom = told[0].event.box
    assert (top, bottom) == (pytest.approx(40, abs=8), pytest.approx(110, abs=8))
    assert 0 <= left < right <= 80
    assert in_short(camera.show(EMPTY, 32)) == ["gone"]
    assert in_short(camera.show(lambda t: with_walker(EMPTY, t - 32, pace=25, period=99), 38)) == ["intrusion"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda t: EMPTY,
        lambda t: lit(EMPTY, 0.5 if t > 9 else 1),
        lambda t: FULL if 9 <= t < 9.3 else EMPTY,
        lambda t: with_thing(EMPTY, (8 * round(t), 40, 8 * round(t) + 3, 43)),
    ],
    ids=["nothing", "light", "a flash", "a fly"],
)
def test_no_intruders(draw):
    assert FakeCamera(GUARD).show(draw, 20) == []


def test_intruders_outside_of_the_zone_or_its_size():
    right = tuple((x + 128, y) for x, y in LEFT_HALF)
    for zone in (Zone("gate", right, what=("intrusion",)), Zone("gate", what=("intrusion",), min_area=9000)):
        camera = FakeCamera(zone)
        camera.show(EMPTY, 6)
        assert camera.show(lambda t: with_walker(EMPTY, t - 6, pace=25, period=99), 10) == []


def test_offline_outlives_a_restart():
    camera = FakeCamera()
    camera.analyser.resume_fault("offline")
    assert list(camera.analyser.check_silence(99.0, NOON)) == []
    assert in_short(camera.show(EMPTY, 1)) == ["recovered"]


def test_accept():
    camera = FakeCamera()
    camera.analyser.accept("scene-1")
    camera.show(EMPTY, 6)
    (told,) = camera.show(FULL, 16)
    camera.analyser.accept("intrusion-gate")
    camera.analyser.accept(told.key)
    assert camera.show(FULL, 24) == []
    assert in_short(camera.show(EMPTY, 36)) == ["taken"]


def test_an_empty_event_of_now():
    camera = FakeCamera()
    event = camera.analyser.event_template(camera.frame(EMPTY))
    assert (event.camera, event.kind, event.first_seen, event.boot) == ("hall", "", NOON, "b")


@pytest.mark.parametrize("step", [0, 1])
def test_what_moved_into_a_zone_is_in_it(step):
    """Half of its ground is elsewhere, a few pixels more or less."""
    old = (30 + step, 40 + 2 * step, 60 + step, 70 + 2 * step)
    new = (150 + 2 * step, 35 + 3 * step, 180 + 2 * step, 65 + 3 * step)
    camera = FakeCamera(Zone("exit", ((140, 20), (220, 20), (220, 120), (140, 120)), what=("moved",), dwell=4))
    camera.show(with_thing(EMPTY, old), 6)
    (moved,) = camera.show(with_thing(EMPTY, new), 18)
    assert (moved.event.kind, moved.event.zone) == ("moved", "exit")


def test_the_zone_that_asked_has_what_the_judge_saw_less_of():
    """The judge sees 774 pixels of a ground of 880; a zone that asks for more than those must not lose its name."""
    camera = FakeCamera(Zone("gate", dwell=4.0, min_area=840))
    camera.show(EMPTY, 6)
    (left,) = camera.show(FULL, 18)
    assert (left.event.kind, left.event.zone) == ("left", "gate")


def test_a_camera_that_shakes_sees_no_intruder_but_the_one_who_comes():
    wide, rng = place((300, 180)), np.random.default_rng(1)

    def shaken(seconds):
        x, y = rng.integers(-4, 5, 2)
        seen = wide[18 + y : 162 + y, 22 + x : 278 + x].copy()
        if 20 <= seconds < 22:
            seen[60:110, int(40 * (seconds - 20)) + 90 :][:, :24] = (40, 60, 160)
        return seen

    camera = FakeCamera(Zone("gate", what=("intrusion",)))
    assert in_short(camera.show(shaken, 20)) == []
    (entered,) = camera.show(shaken, 24)
    assert (entered.event.kind, entered.event.zone) == ("intrusion", "gate")


def test_a_look_that_is_called_normal_is_watched_on():
    """Else the closed event would leave a watch that says nothing any more."""
    camera, dull = FakeCamera(), cv2.GaussianBlur(EMPTY, (0, 0), 6)
    camera.show(EMPTY, 8)
    assert in_short(camera.show(dull, 22)) == ["blurred"]
    camera.analyser.accept("blurred")
    assert "recovered" in in_short(camera.show(dull, 30))
    assert not camera.analyser._health.suspicious


@pytest.mark.parametrize(
    ("back", "told"),
    [(18.0, ["left"]), (60.0, ["offline", "recovered", "left"])],
    ids=["too short to be an event", "a minute"],
)
def test_an_outage_counts_for_no_dwell(back, told):
    camera = FakeCamera(Zone("", dwell=10.0))
    camera.show(EMPTY, 6)
    assert camera.show(FULL, 10) == []
    camera.seconds = back
    changes = camera.show(FULL, back + 14)
    assert in_short(changes) == told
    left = changes[-1]
    assert left.event.confirmed_seconds >= back + 10 - 4
    assert left.event.seconds == pytest.approx(6, abs=0.5)


def test_the_time_that_a_camera_is_covered_counts_for_no_dwell():
    camera = FakeCamera(Zone("", dwell=10.0))
    camera.show(EMPTY, 6)
    camera.show(FULL, 10)
    assert in_short(camera.show(np.full_like(EMPTY, 60), 30)) == ["covered"]
    changes = camera.show(FULL, 44)
    assert in_short(changes) == ["recovered", "left"]
    assert changes[-1].event.confirmed_seconds >= 36


def test_an_intruder_is_not_gone_because_no_frames_came():
    camera = FakeCamera(GUARD)
    camera.show(EMPTY, 6)
    assert in_short(camera.show(lambda t: with_walker(EMPTY, t - 6, pace=25, period=99), 10)) == ["intrusion"]
    camera.seconds = 70.0
    changes = camera.show(lambda t: with_walker(EMPTY, t - 68, pace=25, period=99), 76)
    assert in_short(changes) == ["offline", "recovered"]
    assert in_short(camera.show(EMPTY, 92)) == ["gone"]


def test_events_speak_one_language():
    camera = FakeCamera(judge=judge(language="zh"))
    camera.show(FULL, 6)
    (taken,) = camera.show(EMPTY, 14)
    (moved,) = camera.show(with_thing(EMPTY, THERE), 28)
    assert moved.kind == "moved"
    (black,) = camera.show(lit(EMPTY, 0.02), 38)
    for text in (taken.event.text, moved.description, black.event.text.replace("hall", "")):
        assert text
        assert not re.search("[A-Za-z]", text), text


UNSEEN = {
    "covered": np.full_like(EMPTY, 60),
    "black": np.full_like(EMPTY, 4),
    "turned": place(seed=21),
    "for a moment": np.full_like(EMPTY, 60),
    "outage": None,
}


@pytest.mark.parametrize("gap", UNSEEN)
@pytest.mark.parametrize("shown", ["left", "taken"])
def test_what_came_while_nobody_saw_it_began_when_the_place_was_in_sight_again(gap, shown):
    camera, (old, new) = FakeCamera(), (EMPTY, FULL) if shown == "left" else (FULL, EMPTY)
    back = 16.0 if gap == "for a moment" else 30.0
    camera.show(old, 14)
    if UNSEEN[gap] is None:
        camera.seconds = back
    else:
        camera.show(UNSEEN[gap], back)
    opened = [change.event for change in camera.show(new, back + 20) if isinstance(change, Opened)]
    told = [event for event in opened if event.kind == shown]
    assert [event.seconds for event in told] == [back]
    assert told[0].first_seen == NOON + timedelta(seconds=back)


def test_what_came_a_while_after_the_place_was_in_sight_again_began_then():
    camera = FakeCamera()
    camera.show(EMPTY, 14)
    camera.show(np.full_like(EMPTY, 60), 30)
    changes = camera.show(lambda t: FULL if t >= 37 else EMPTY, 55)
    assert [change.event.seconds for change in changes if isinstance(change, Opened)] == [pytest.approx(36.9, abs=0.2)]


def test_an_event_is_closed_at_the_second_in_which_the_usual_look_came_back():
    camera = FakeCamera()
    camera.show(EMPTY, 10)
    assert in_short(camera.show(FULL, 25)) == ["left"]
    (closed,) = camera.show(EMPTY, 40)
    assert (closed.outcome, closed.seconds) == ("reverted", pytest.approx(24.9, abs=0.2))

"""When things began and ended, things put back beside their place, lamps, and threads before the lens."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotdiff.watching.event import Closed, Opened
from spotdiff.watching.scene.lens_cobweb import is_lens_cobweb
from watching.scene.fake_camera import EMPTY, FakeCamera, in_short
from watching.scene.scene_toys import SIZE, judge, lit, place, with_thing

BOX = (80, 60, 116, 100)
ELSEWHERE = place(seed=11)
HAND = np.full((SIZE[1], SIZE[0], 3), (84, 52, 45), np.uint8)
GONE = None  # no frames at all


def shifted(box, x, y):
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


@pytest.mark.parametrize("shift", [(0, 0), (3, 0), (8, -5)])
def test_what_is_put_back_closes_its_event_also_a_little_beside(shift):
    camera = FakeCamera()
    camera.show(with_thing(EMPTY, BOX), 15)
    (taken,) = camera.show(EMPTY, 35)
    assert (taken.event.kind, round(taken.event.seconds)) == ("taken", 15)
    changes = camera.show(with_thing(EMPTY, shifted(BOX, *shift)), 60)
    assert [(type(change), change.outcome) for change in changes] == [(Closed, "reverted")]
    assert changes[0].seconds == pytest.approx(35, abs=3)
    assert in_short(camera.show(EMPTY, 80)) == ["taken"], "what stands there again is the usual look"


@pytest.mark.parametrize("shift", [(60, 0), (0, -45)])
def test_what_is_put_elsewhere_is_not_back(shift):
    camera = FakeCamera()
    camera.show(with_thing(EMPTY, BOX), 15)
    camera.show(EMPTY, 35)
    assert "reverted" not in in_short(camera.show(with_thing(EMPTY, shifted(BOX, *shift)), 60))


def test_another_thing_in_its_place_is_not_the_same_back():
    camera = FakeCamera()
    camera.show(with_thing(EMPTY, BOX), 15)
    camera.show(EMPTY, 35)
    assert "reverted" not in in_short(camera.show(with_thing(EMPTY, BOX, colour=(40, 60, 200), seed=9), 60))


@pytest.mark.parametrize(("hidden", "kind"), [(ELSEWHERE, "turned"), (HAND, "covered"), (GONE, "offline")])
def test_what_was_done_out_of_sight_began_when_the_place_was_seen_again(hidden, kind):
    camera = FakeCamera()
    camera.show(EMPTY, 20)
    changes = []
    if hidden is GONE:
        camera.seconds = 40.0
    else:
        changes += camera.show(hidden, 40)
    changes += camera.show(with_thing(EMPTY, BOX), 70)
    opened = [change.event for change in changes if isinstance(change, Opened)]
    assert [event.kind for event in opened] == [kind, "left"]
    assert 39.5 <= opened[-1].seconds <= 42


LAMPS = {"green": ((20, 70, 20), (60, 220, 60)), "red": ((60, 10, 10), (210, 20, 20)), "grey": ((60,) * 3, (190,) * 3)}


def with_lamp(colour, *, shape="disc"):
    picture = EMPTY.copy()
    if shape == "disc":
        cv2.circle(picture, (150, 60), 12, colour, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(picture, (138, 48), (162, 72), colour, -1)
    return picture


@pytest.mark.parametrize(("lamp", "shape"), [("green", "disc"), ("red", "box"), ("grey", "disc"), ("grey", "box")])
def test_a_lamp_that_goes_on_and_off_is_told(lamp, shape):
    off, on = (with_lamp(colour, shape=shape) for colour in LAMPS[lamp])
    camera = FakeCamera(judge=judge("spot"))
    assert camera.show(off, 15) == []
    (opened,) = camera.show(on, 40)
    assert (opened.event.kind, round(opened.event.seconds)) == ("changed", 15)
    (closed,) = camera.show(off, 60)
    assert closed.outcome == "reverted"
    assert closed.seconds == pytest.approx(40, abs=2)


@pytest.mark.parametrize("factor", [0.6, 1.5])
def test_a_room_whose_light_is_switched_has_no_lamp(factor):
    camera = FakeCamera(judge=judge("spot"))
    assert camera.show(with_lamp((90, 90, 90)), 15) == []
    assert camera.show(lit(with_lamp((90, 90, 90)), factor), 40) == []


def test_a_shadow_that_wanders_is_no_lamp():
    def draw(seconds):
        shade = np.ones((SIZE[1], SIZE[0], 1))
        left = int(2.0 * seconds)
        shade[:, left : left + 70] = 0.6
        return lit(EMPTY, cv2.GaussianBlur(shade, (0, 0), 6)[..., None])

    assert FakeCamera(judge=judge("spot")).show(draw, 60) == []


def thread(seconds, *, period, reach, width, brightness):
    """A bright, blurred thread close to the lens that sways to and fro, and rests at its ends."""
    picture = np.zeros((SIZE[1], SIZE[0]), np.float32)
    sway = reach * np.sin(2 * np.pi * seconds / period)
    points = np.array([(120 + 0.3 * y + sway * (y / SIZE[1]) ** 2, y) for y in range(0, SIZE[1] + 8, 8)], np.int32)
    cv2.polylines(picture, [points], isClosed=False, color=1.0, thickness=width)
    soft = cv2.GaussianBlur(picture, (0, 0), 2.0)[..., None]
    return np.clip(EMPTY * (1 - 0.6 * soft) + brightness * 0.6 * soft, 0, 255)


@pytest.mark.parametrize(
    ("method", "period", "reach", "width"),
    [("classic", 1.3, 40, 3), ("classic", 6.0, 14, 2), ("spot", 1.3, 14, 2), ("spot", 20.0, 40, 3)],
)
def test_a_thread_before_the_lens_that_sways_raises_nothing(method, period, reach, width):
    camera = FakeCamera(judge=judge(method))
    told = camera.show(lambda t: thread(t, period=period, reach=reach, width=width, brightness=235), 120)
    assert in_short(told) == []


def test_a_thread_that_hangs_still_is_one_and_a_broom_is_none():
    mask = np.zeros((SIZE[1], SIZE[0]), bool)
    still = thread(10.0, period=40.0, reach=30, width=2, brightness=235).astype(np.uint8)
    mask[cv2.dilate((cv2.absdiff(still, EMPTY).max(-1) > 25).astype(np.uint8), np.ones((3, 3))) > 0] = True
    assert is_lens_cobweb(EMPTY, still, mask)
    broom = cv2.line(EMPTY.copy(), (60, 10), (95, 134), (230, 200, 90), 4, cv2.LINE_AA)
    mask = cv2.absdiff(broom, EMPTY).max(-1) > 25
    assert not is_lens_cobweb(EMPTY, broom, mask)
    camera = FakeCamera(judge=judge("spot"))
    camera.show(EMPTY, 12)
    assert len(camera.show(broom, 40)) == 1
    crate = with_thing(EMPTY, BOX)
    assert not is_lens_cobweb(EMPTY, cv2.GaussianBlur(crate, (0, 0), 3), cv2.absdiff(crate, EMPTY).max(-1) > 25)

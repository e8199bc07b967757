"""A scene as a whole: what came and stayed is told, what only passed or was light is not."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.image.resize import shrink
from spotdiff.regions.boxes import iou
from spotdiff.watching.scene.scene import Criteria
from watching.scene.scene_toys import (
    DWELL,
    HERE,
    SIZE,
    THERE,
    Watched,
    boxes,
    in_grey,
    kinds,
    lit,
    moved,
    place,
    scene_for,
    with_thing,
    with_walker,
)

EMPTY, FULL = place(), with_thing(place())
THEN = 5.0


def transitions(changes):
    return [change.transition for change in changes]


def closed(changes):
    """The numbers of the candidates, all of which were closed."""
    assert set(transitions(changes)) <= {"closed"}
    return [change.candidate.number for change in changes]


def came_once(told, *, kind, box=HERE, since=THEN):
    """The one thing that was told, where and when it was."""
    assert transitions(told) == ["opened"], kinds(told)
    candidate = told[0].candidate
    assert candidate.judgement.kind in kind
    assert iou(candidate.judgement.box, box) > 0.5
    assert abs(candidate.began - since) <= 0.5
    assert 0.4 <= candidate.judgement.score <= 1
    return candidate


@pytest.mark.parametrize("method", ["classic", "spot"])
@pytest.mark.parametrize(("kind", "first", "second"), [("left", EMPTY, FULL), ("taken", FULL, EMPTY)])
def test_left_and_taken(kind, first, second, method):
    watched = Watched(method=method)
    assert watched.see(first, THEN) == []
    came = came_once(watched.see(second, 16), kind=(kind,))
    before, after = came.pictures
    assert before.shape == after.shape == first.shape
    rows, columns = slice(HERE[1], HERE[3]), slice(HERE[0], HERE[2])
    for shown, drawn, other in ((before, first, second), (after, second, first)):
        apart = [np.abs(shown.astype(int) - one)[rows, columns].mean() for one in (drawn, other)]
        assert apart[0] < 0.3 * apart[1]


def test_nothing_is_told_before_its_time():
    watched = Watched()
    watched.see(EMPTY, THEN)
    assert watched.see(FULL, THEN + DWELL - 0.2) == []
    assert kinds(watched.see(FULL, 16)) == ["left"]


def test_what_moved_is_one_thing():
    watched = Watched()
    watched.see(FULL, THEN)
    told = watched.see(with_thing(EMPTY, THERE), 18)
    came = came_once(told, kind=("moved",), box=THERE)
    assert iou(came.judgement.box_before, HERE) > 0.5
    watched.scene.accept(came.number)
    assert watched.see(with_thing(EMPTY, THERE), 26) == []


def test_taken_here_and_left_there_some_seconds_later_has_moved():
    watched = Watched()
    watched.see(FULL, THEN)
    told = watched.see(EMPTY, THEN + 8)
    assert kinds(told) == ["taken"]
    told = watched.see(with_thing(EMPTY, THERE), 24)
    assert transitions(told) == ["amended"]
    candidate = told[0].candidate
    assert candidate.number == 1
    assert candidate.judgement.kind == "moved"
    assert iou(candidate.judgement.box, THERE) > 0.5
    assert iou(candidate.judgement.box_before, HERE) > 0.5


def test_reverted_and_left_again():
    watched = Watched()
    watched.see(EMPTY, THEN)
    (came,) = watched.see(FULL, 14)
    assert closed(watched.see(EMPTY, 23)) == [came.candidate.number]
    again = came_once(watched.see(FULL, 34), kind=("left",), since=23)
    assert again.number != came.candidate.number


def test_a_thing_that_stays_is_told_once():
    watched = Watched()
    watched.see(EMPTY, THEN)
    watched.see(FULL, 40)
    assert kinds(watched.changes) == ["left"]


def test_normal_is_the_usual_look_from_then_on():
    watched = Watched()
    watched.see(EMPTY, THEN)
    (came,) = watched.see(FULL, 14)
    watched.scene.accept(came.candidate.number)
    assert watched.see(FULL, 24) == []
    told = watched.see(EMPTY, 34)
    came_once(told, kind=("taken",), since=24)


def test_to_accept_what_is_not_there_changes_nothing():
    watched = Watched()
    watched.scene.accept(7)
    watched.see(EMPTY, THEN)
    (came,) = watched.see(FULL, 14)
    watched.scene.accept(came.candidate.number + 1)
    assert closed(watched.see(EMPTY, 23)) == [came.candidate.number]


def test_passers_by_alone_are_nothing():
    watched = Watched()
    assert watched.see(lambda t: with_walker(EMPTY, t), 26) == []
    assert watched.scene.candidates == []


def test_left_among_passers_by():
    watched = Watched()
    told = watched.see(lambda t: with_walker(FULL if t >= 9 else EMPTY, t), 26)
    came_once(told, kind=("left",), since=9)


def test_somebody_before_it_stops_the_clock():
    cover = EMPTY.copy()
    cover[30:120, 60:130] = (40, 60, 160)

    def draw(t):
        restless = cover.copy()
        restless[30:120, 60:130] += np.uint8(40) * np.uint8(round(t * 5) % 4)  # a person is never still
        return EMPTY if t < THEN else FULL if t < 7 or t >= 13 else restless

    watched = Watched()
    assert watched.see(draw, 13) == []
    came_once(watched.see(draw, 24), kind=("left",))


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_step_of_light_alone_is_nothing(factor):
    dim = lit(EMPTY, 0.5) if factor > 1 else EMPTY
    watched = Watched()
    watched.see(dim, THEN)
    assert watched.see(lit(dim, factor), 20) == []
    assert watched.see(dim, 28) == []


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_left_after_a_step_of_light(factor):
    first = 0.5 if factor > 1 else 1.0
    watched = Watched()
    watched.see(lit(EMPTY, first), THEN)
    watched.see(lit(EMPTY, first * factor), 11)
    came_once(watched.see(lit(FULL, first * factor), 24), kind=("left", "changed"), since=11)


@pytest.mark.parametrize("factor", [0.5, 0.75])
def test_left_at_the_very_moment_of_a_step_of_light(factor):
    watched = Watched()
    watched.see(EMPTY, THEN)
    told = watched.see(lit(FULL, factor), 22)
    came_once(told, kind=("left", "changed"))


def test_a_light_that_dazzles_is_another_light():
    dazzled = Watched()
    dazzled.see(EMPTY, THEN)
    assert dazzled.see(lit(EMPTY, 4.0), 16) == []
    assert len(dazzled.scene.regimes.all) == 2
    assert dazzled.see(EMPTY, 22) == []
    assert dazzled.see(lit(EMPTY, 4.0), 28) == []
    assert len(dazzled.scene.regimes.all) == 2


def test_left_at_the_very_moment_of_a_light_that_dazzles():
    watched = Watched()
    watched.see(EMPTY, THEN)
    came_once(watched.see(lit(FULL, 4.0), 20), kind=("left", "changed"))
    assert len(watched.scene.regimes.all) == 2


def test_a_slow_dusk_is_nothing_and_hides_nothing():
    def draw(t):
        return lit(FULL if t >= 12 else EMPTY, 1 - 0.5 * np.clip((t - 4) / 14, 0, 1))

    watched = Watched()
    assert watched.see(draw, 12) == []
    came_once(watched.see(draw, 26), kind=("left", "changed"), since=12)


def shaken(pixels, seconds):
    x, y = np.random.default_rng(round(seconds * 10)).integers(-5, 6, 2)
    return moved(pixels, x, y)


def test_a_shaking_camera_is_nothing_and_hides_nothing():
    watched = Watched()
    assert watched.see(lambda t: shaken(EMPTY, t), 12) == []
    told = watched.see(lambda t: shaken(FULL, t), 24)
    came_once(told, kind=("left", "changed"), since=12)


def test_infrared_light_at_night_is_nothing():
    watched = Watched()
    watched.see(EMPTY, THEN)
    assert watched.see(in_grey(lit(EMPTY, 0.6).astype(np.uint8)), 16) == []
    assert watched.see(EMPTY, 26) == []


def test_what_is_left_by_night_is_told_once_and_still_known_by_day():
    white = with_thing(EMPTY, colour=(225, 230, 225))
    night = {there: in_grey(lit(one, 0.6).astype(np.uint8)) for there, one in ((True, white), (False, EMPTY))}
    watched = Watched()
    watched.see(EMPTY, THEN)
    watched.see(night[False], 12)
    came_once(watched.see(night[True], 24), kind=("left", "changed"), since=12)
    assert watched.see(white, 38) == []
    assert kinds(watched.see(EMPTY, 48)) == ["closed"]


def test_the_glow_of_a_lamp_is_nothing():
    down, across = np.mgrid[: SIZE[1], : SIZE[0]]
    glow = 1 + 0.8 * np.exp(-((across - 70) ** 2 + (down - 50) ** 2) / (2 * 45**2))[..., None]
    watched = Watched()
    watched.see(lit(EMPTY, 0.6), THEN)
    assert watched.see(lit(EMPTY, 0.6 * glow), 30) == []


def test_a_scene_without_colours():
    watched = Watched()
    watched.see(in_grey(EMPTY), THEN)
    came_once(watched.see(in_grey(with_thing(EMPTY, colour=(240, 240, 240))), 18), kind=("left", "changed"))


@pytest.mark.parametrize("size", [(64, 48), (90, 30), (30, 90), (24, 24), (8, 8), (1, 1)])
def test_small_pictures_are_watched_in_peace(size):
    watched = Watched(size=size)
    assert watched.see(place(size), 9) == []
    assert watched.scene.regimes is not None


def test_a_thing_in_a_small_picture():
    watched = Watched(size=(96, 72))
    empty, box = place((96, 72)), (30, 24, 48, 42)
    watched.see(empty, THEN)
    came_once(watched.see(with_thing(empty, box), 16), kind=("left", "changed"), box=box)


def test_a_thing_in_a_large_picture():
    size, box = (2500, 1400), (1000, 600, 1240, 840)
    empty = cv2.resize(place((500, 280)), size, interpolation=cv2.INTER_CUBIC)
    full = empty.copy()
    full[box[1] : box[3], box[0] : box[2]] = (210, 50, 40)
    scene, told = scene_for(empty), []
    for seconds in range(16):
        told += scene.analyse(shrink(full if seconds >= 5 else empty, scene.sizes.work), float(seconds))
    (came,) = told
    assert came.candidate.pictures[0].shape[1] == 640
    assert iou(scene.sizes.source_box(came.candidate.judgement.box), box) > 0.7


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_nothing(level):
    watched = Watched(noise=0.0)
    assert watched.see(np.full_like(EMPTY, level), 12) == []


def test_one_frame_is_no_memory():
    watched = Watched()
    assert watched.see(EMPTY, 0.2) == []
    assert watched.scene.regimes is None


def test_an_hour_without_frames():
    watched = Watched()
    watched.see(EMPTY, 8)
    watched.scene.interrupt()
    watched.seconds = 3608.0
    told = watched.see(FULL, 3620)
    assert kinds(told) == ["left"]
    assert 8 <= told[0].candidate.began <= 3608.5


def test_an_hour_without_frames_changes_nothing_by_itself():
    watched = Watched()
    watched.see(EMPTY, THEN)
    (came,) = watched.see(FULL, 14)
    watched.seconds = 3614.0
    assert watched.see(FULL, 3624) == []
    assert closed(watched.see(EMPTY, 3633)) == [came.candidate.number]


def test_one_picture_a_minute():
    watched = Watched()
    watched.see(EMPTY, 600, fps=1 / 60)
    told = watched.see(FULL, 1500, fps=1 / 60)
    assert kinds(told) == ["left"]
    assert abs(told[0].candidate.began - 570) <= 121


def test_two_things_at_once_are_two():
    both = with_thing(FULL, THERE, colour=(30, 60, 220), seed=8)
    watched = Watched()
    watched.see(EMPTY, THEN)
    told = watched.see(both, 18)
    assert kinds(told) == ["left", "left"]
    assert sorted(max(iou(box, one) > 0.5 for one in (HERE, THERE)) for box in boxes(told)) == [True, True]
    assert boxes(told)[0] != boxes(told)[1]
    assert told[0].candidate.number != told[1].candidate.number


def test_nobody_asks_for_it():
    watched = Watched(rule=lambda mask, kind: None)
    watched.see(EMPTY, THEN)
    assert watched.see(FULL, 16) == []


def test_the_rule_asks_for_one_kind_only():
    watched = Watched(rule=lambda mask, kind: Criteria(dwell=DWELL) if kind in (None, "taken") else None)
    watched.see(EMPTY, THEN)
    assert watched.see(FULL, 16) == []
    assert watched.see(EMPTY, 24) == []  # what was not told does not go, either


def fields(change):
    """A change as plain values."""
    candidate = change.candidate
    found = candidate.judgement
    plain = [change.transition, candidate.number, found.kind, found.score, found.box, found.box_before, found.text]
    return (*plain, candidate.began, found.mask.tobytes(), *(picture.tobytes() for picture in candidate.pictures))


def test_the_same_frames_tell_the_same():
    def told():
        watched = Watched(seed=4)
        watched.see(lambda t: with_walker(FULL if t >= 11 else EMPTY, t), 24)
        watched.see(lit(EMPTY, 0.6), 34)
        return [fields(one) for one in watched.changes]

    first = told()
    assert len(first) >= 2
    assert first == told()


def test_memory_stays_flat():
    small = place((48, 32))
    watched = Watched(size=(48, 32), noise=1.0)
    watched.see(small, 250, fps=4)  # the past that is kept is full
    tracemalloc.start()
    watched.see(small, 260, fps=4)
    before, _ = tracemalloc.get_traced_memory()
    watched.see(small, 800, fps=4)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 200_000


def test_where_something_moves_as_the_light_changes_the_old_look_stays():
    """A thing that is being put down is not yet still: not known there, its ground would be learned as it settles."""
    watched = Watched()
    watched.see(place(), 10)
    scene = watched.scene
    left, top, right, bottom = (edge * scene.sizes.small[0] // SIZE[0] for edge in HERE)
    restless = np.zeros(scene.sizes.small[::-1], bool)
    restless[top:bottom, left:right] = True
    median = replace(scene.median, work=with_thing(scene.median.work), restless=restless)
    reference = scene._new_light(median, scene.regimes.now)
    assert reference.known.all()
    apart = np.abs(reference.work.astype(int) - scene.regimes.now.work)[slice(*HERE[1::2]), slice(*HERE[::2])]
    assert apart.mean() < 4


def test_what_is_due_when_the_frames_end_is_told_though_the_judge_rests():
    watched = Watched()
    watched.see(place(), 8)
    watched.scene._next_judgement = 1e9
    assert watched.see(with_thing(place()), 16) == []
    assert kinds(list(watched.scene.finish())) == ["left"]
    assert list(watched.scene.finish()) == []

"""A restart: what was told is neither forgotten nor told again."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.regions.boxes import iou
from spotdiff.watching.memory import recall, remember
from spotdiff.watching.reports import Ended
from watching.scene.lens_toys import EMPTY, FULL, Lens, said
from watching.scene.scene_toys import THERE, lit, place, with_thing


@pytest.fixture
def kept(tmp_path):
    """The memory of a watch that told of a thing, and that event."""
    lens = Lens()
    lens.show(EMPTY, 6)
    (told,) = lens.show(FULL, 18)
    path = tmp_path / "memory" / "hall.npz"
    remember(lens.watch.scene, path, ids={int(told.key.removeprefix("scene-")): "hall-1"})
    return path, replace(told.event, id="hall-1")


def restarted(path, events, pixels=FULL):
    lens = Lens()
    lens.show(pixels, 0.2)
    return lens, recall(lens.watch.scene, path, events=events)


def test_a_restart_neither_tells_again_nor_forgets(kept):
    path, event = kept
    lens, numbers = restarted(path, {"hall-1": event})
    assert lens.show(FULL, 20) == []
    assert lens.show(EMPTY, 30) == [Ended(f"scene-{numbers['hall-1']}", "reverted", pytest.approx(26, abs=4))]


def test_what_came_while_the_watch_was_off_is_told(kept):
    path, event = kept
    both = with_thing(FULL, THERE, colour=(30, 60, 220), seed=8)
    lens, _ = restarted(path, {"hall-1": event}, both)
    (told,) = lens.show(both, 16)
    assert iou(told.event.box, THERE) > 0.5


def test_what_was_taken_back_while_the_watch_was_off_ends(kept):
    path, event = kept
    lens, _ = restarted(path, {"hall-1": event}, EMPTY)
    assert said(lens.show(EMPTY, 12)) == ["reverted"]


def test_an_event_without_ground_in_the_memory_gets_its_box(kept):
    path, event = kept
    lens, numbers = restarted(path, {"hall-9": event})
    assert list(numbers) == ["hall-9"]
    assert lens.show(FULL, 14) == []
    assert said(lens.show(EMPTY, 24)) == ["reverted"]


def test_an_event_closed_since_is_told_anew(kept):
    path, _ = kept
    lens, numbers = restarted(path, {})
    assert numbers == {}
    assert said(lens.show(FULL, 14)) == ["left"]


def test_every_light_is_remembered(tmp_path):
    lens = Lens()
    lens.show(EMPTY, 6)
    lens.show(lit(EMPTY, 0.5), 14)
    remember(lens.watch.scene, tmp_path / "m.npz", ids={})
    again, _ = restarted(tmp_path / "m.npz", {}, EMPTY)
    for one, other in zip(lens.watch.scene.regimes.all, again.watch.scene.regimes.all, strict=True):
        assert np.array_equal(one.work, other.work)
        assert np.array_equal(one.known, other.known)
    assert again.show(EMPTY, 12) == []
    assert again.show(lit(EMPTY, 0.5), 20) == []


def test_pictures_of_another_size_have_no_memory(kept):
    path, event = kept
    lens = Lens()
    lens.show(cv2.resize(FULL, (320, 180)), 0.2)
    assert recall(lens.watch.scene, path, events={"hall-1": event}) == {}
    assert lens.watch.scene.regimes is None


def test_a_scene_that_knows_nothing_keeps_nothing(tmp_path):
    lens = Lens()
    lens.show(EMPTY, 0.2)
    remember(lens.watch.scene, tmp_path / "m.npz", ids={})
    assert not (tmp_path / "m.npz").exists()
    assert recall(lens.watch.scene, tmp_path / "m.npz", events={}) == {}


def test_a_broken_memory_is_none(kept):
    path, event = kept
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    broken = [b"", b"x" * 99, data[:100], data[: len(data) // 2], data[:-9], b"PK\x03\x04" + data[9:]]
    for place_in in rng.integers(0, len(data), 60):
        flipped = bytearray(data)
        flipped[place_in] ^= 0xFF
        broken.append(bytes(flipped))
    lens = Lens()
    lens.show(FULL, 0.2)
    for one in broken:
        path.write_bytes(one)
        assert recall(lens.watch.scene, path, events={"hall-1": event}) in (
            {},
            {"hall-1": len(lens.watch.scene.differences)},
        )


@pytest.mark.parametrize("kind", ["turned", "covered", "blurred"])
def test_a_fault_outlives_a_restart(kept, kind):
    path, _ = kept
    sick = {
        "turned": place(seed=21),
        "covered": cv2.GaussianBlur(place(seed=50), (0, 0), 40),
        "blurred": cv2.GaussianBlur(FULL, (0, 0), 6),
    }[kind]
    lens, _ = restarted(path, {}, sick)
    lens.watch.expect()
    lens.watch.resume(kind)
    assert lens.show(sick, 14) == []
    assert said(lens.show(EMPTY, 24))[:1] == ["recovered"]

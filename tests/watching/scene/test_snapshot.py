"""A restart: what was told is neither forgotten nor told again."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.regions.boxes import iou
from spotdiff.watching.event import Closed
from spotdiff.watching.scene_state import load_snapshot, save_snapshot
from watching.scene.fake_camera import EMPTY, FULL, FakeCamera, in_short
from watching.scene.scene_toys import THERE, lit, place, with_thing


@pytest.fixture
def kept(tmp_path):
    """The memory of a watch that told of a thing, and that event."""
    camera = FakeCamera()
    camera.show(EMPTY, 6)
    (told,) = camera.show(FULL, 18)
    path = tmp_path / "memory" / "hall.npz"
    save_snapshot(camera.analyser.scene, path, ids={int(told.key.removeprefix("scene-")): "hall-1"})
    return path, replace(told.event, id="hall-1")


def restarted(path, events, pixels=FULL):
    camera = FakeCamera()
    camera.show(pixels, 0.2)
    return camera, load_snapshot(camera.analyser.scene, path, events=events)


def test_a_restart_neither_tells_again_nor_forgets(kept):
    path, event = kept
    camera, numbers = restarted(path, {"hall-1": event})
    assert camera.show(FULL, 20) == []
    assert camera.show(EMPTY, 30) == [Closed(f"scene-{numbers['hall-1']}", "reverted", pytest.approx(22, abs=3))]


def test_what_came_while_the_watch_was_off_is_told(kept):
    path, event = kept
    both = with_thing(FULL, THERE, colour=(30, 60, 220), seed=8)
    camera, _ = restarted(path, {"hall-1": event}, both)
    (told,) = camera.show(both, 16)
    assert iou(told.event.box, THERE) > 0.5


def test_what_was_taken_back_while_the_watch_was_off_ends(kept):
    path, event = kept
    camera, _ = restarted(path, {"hall-1": event}, EMPTY)
    assert in_short(camera.show(EMPTY, 12)) == ["reverted"]


def test_an_event_without_ground_in_the_memory_gets_its_box(kept):
    path, event = kept
    camera, numbers = restarted(path, {"hall-9": event})
    assert list(numbers) == ["hall-9"]
    assert camera.show(FULL, 14) == []
    assert in_short(camera.show(EMPTY, 24)) == ["reverted"]


def test_an_event_closed_since_is_told_anew(kept):
    path, _ = kept
    camera, numbers = restarted(path, {})
    assert numbers == {}
    assert in_short(camera.show(FULL, 14)) == ["left"]


def test_every_light_is_remembered(tmp_path):
    camera = FakeCamera()
    camera.show(EMPTY, 6)
    camera.show(lit(EMPTY, 0.5), 14)
    save_snapshot(camera.analyser.scene, tmp_path / "m.npz", ids={})
    again, _ = restarted(tmp_path / "m.npz", {}, EMPTY)
    for light, restored in zip(camera.analyser.scene.regimes.all, again.analyser.scene.regimes.all, strict=True):
        assert np.array_equal(light.work, restored.work)
        assert np.array_equal(light.known, restored.known)
    assert again.show(EMPTY, 12) == []
    assert again.show(lit(EMPTY, 0.5), 20) == []


def test_pictures_of_another_size_have_no_memory(kept):
    path, event = kept
    camera = FakeCamera()
    camera.show(cv2.resize(FULL, (320, 180)), 0.2)
    assert load_snapshot(camera.analyser.scene, path, events={"hall-1": event}) == {}
    assert camera.analyser.scene.regimes is None


def test_a_scene_that_knows_nothing_keeps_nothing(tmp_path):
    camera = FakeCamera()
    camera.show(EMPTY, 0.2)
    save_snapshot(camera.analyser.scene, tmp_path / "m.npz", ids={})
    assert not (tmp_path / "m.npz").exists()
    assert load_snapshot(camera.analyser.scene, tmp_path / "m.npz", events={}) == {}


def test_a_broken_memory_is_none(kept):
    path, event = kept
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    broken = [b"", b"x" * 99, data[:100], data[: len(data) // 2], data[:-9], b"PK\x03\x04" + data[9:]]
    for place_in in rng.integers(0, len(data), 60):
        flipped = bytearray(data)
        flipped[place_in] ^= 0xFF
        broken.append(bytes(flipped))
    camera = FakeCamera()
    camera.show(FULL, 0.2)
    for one in broken:
        path.write_bytes(one)
        assert load_snapshot(camera.analyser.scene, path, events={"hall-1": event}) in (
            {},
            {"hall-1": len(camera.analyser.scene.candidates)},
        )


@pytest.mark.parametrize("kind", ["turned", "covered", "blurred"])
def test_a_fault_outlives_a_restart(kept, kind):
    path, _ = kept
    sick = {
        "turned": place(seed=21),
        "covered": cv2.GaussianBlur(place(seed=50), (0, 0), 40),
        "blurred": cv2.GaussianBlur(FULL, (0, 0), 6),
    }[kind]
    camera, _ = restarted(path, {}, sick)
    camera.analyser.expect_reference()
    camera.analyser.resume_fault(kind)
    assert camera.show(sick, 14) == []
    assert in_short(camera.show(EMPTY, 24))[:1] == ["recovered"]

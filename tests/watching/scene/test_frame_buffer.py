"""The last seconds as JPEG pictures."""

from __future__ import annotations

import cv2
import numpy as np

from spotdiff.watching.frame_buffer import FrameBuffer
from watching.scene.scene_toys import place


def test_a_span_of_it():
    buffer = FrameBuffer(span=5.0)
    for number in range(100):
        buffer.add(number / 10, np.full((20, 30, 3), number, np.uint8))
    kept = buffer.between(-1e9, 1e9)
    assert [seconds for seconds, _ in kept] == [number / 10 for number in range(49, 100)]
    some = buffer.between(7.0, 7.25)
    assert [seconds for seconds, _ in some] == [7.0, 7.1, 7.2]
    shown = cv2.imdecode(np.frombuffer(some[1][1], np.uint8), cv2.IMREAD_COLOR)
    assert abs(float(shown.mean()) - 71) < 2
    assert buffer.between(20, 30) == ()


def test_what_is_long_ago_is_kept_once_a_second():
    buffer = FrameBuffer(span=100.0)
    for number in range(1000):
        buffer.add(number / 5, np.full((20, 30, 3), number % 250, np.uint8))
    seconds = [second for second, _ in buffer.between(0, 1e9)]
    old, new = [s for s in seconds if s < 169], [s for s in seconds if s >= 170]
    assert (seconds[0], seconds[-1]) == (100.0, 199.8)
    assert np.allclose(np.diff(old), 1.0)
    assert np.allclose(np.diff(new), 0.2)
    assert buffer._bytes == sum(len(data) for _, data in buffer.between(0, 1e9))


def test_colours_keep_their_order():
    buffer = FrameBuffer(span=5.0)
    buffer.add(0.0, np.full((16, 16, 3), (200, 30, 60), np.uint8))
    shown = cv2.imdecode(np.frombuffer(buffer.between(0, 0)[0][1], np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(shown.reshape(-1, 3).mean(0) - (200, 30, 60)).max() < 6


def test_its_bytes_are_bounded_but_the_latest_stays():
    buffer = FrameBuffer(span=1e6, max_bytes=60_000)
    for number in range(60):
        buffer.add(float(number), place())
        assert sum(len(data) for _, data in buffer.between(0, 1e9)) <= 60_000
    assert buffer.between(0, 1e9)[-1][0] == 59.0
    assert 1 < len(buffer.between(0, 1e9)) < 60
    least = FrameBuffer(span=1e6, max_bytes=1)
    least.add(0.0, place())
    least.add(1.0, place())
    assert [seconds for seconds, _ in least.between(0, 9)] == [1.0]


def test_very_large_pictures_are_kept_smaller():
    buffer = FrameBuffer(span=9.0)
    buffer.add(0.0, np.zeros((1500, 3000, 3), np.uint8))
    buffer.add(1.0, np.zeros((3000, 1500, 3), np.uint8))
    sizes = [cv2.imdecode(np.frombuffer(data, np.uint8), 1).shape[:2] for _, data in buffer.between(0, 9)]
    assert sizes == [(960, 1920), (3000, 1500)]

from __future__ import annotations

import time

import numpy as np
import pytest

from spotdiff.errors import LoadError
from spotdiff.video import open_feed, webcams
from spotdiff.video.values import FeedOptions, Task


class FakeCamera:
    """Stands in for OpenCV's: blue pictures, one of them damaged, then nothing."""

    left, retrieved, released, device = 6, 0, 0, None

    def __init__(self, device):
        FakeCamera.device = device

    def isOpened(self):
        return True

    def set(self, *args):
        return True

    def grab(self):
        FakeCamera.left -= 1
        time.sleep(0.01)
        return FakeCamera.left >= 0

    def retrieve(self):
        FakeCamera.retrieved += 1
        picture = np.zeros((48, 64, 3), np.uint8)
        picture[..., 0] = 250
        return FakeCamera.retrieved != 2, picture

    def release(self):
        FakeCamera.released += 1


def test_a_webcam_gives_rgb_until_it_is_pulled_out(monkeypatch, tools):
    monkeypatch.setattr(webcams.cv2, "VideoCapture", FakeCamera)
    heartbeat, frames = tools.Heartbeat(), []
    task = Task("webcam:3", "webcam", FeedOptions(fps=240), whole=False, opened=time.monotonic())
    with pytest.raises(LoadError, match="no more pictures"):
        frames.extend(webcams.webcam_frames(task, heartbeat))
    assert FakeCamera.device == 3
    assert FakeCamera.released == 1
    assert heartbeat.count_came == 6
    assert heartbeat.lost == 1
    assert [frame.number for frame in frames] == [0, 1, 2, 3, 4]
    assert (frames[0].pixels[0, 0] == (0, 0, 250)).all()
    assert frames[0].seconds < frames[-1].seconds


def test_a_webcam_that_is_not_there_is_told_and_tried_again(tools, capfd):
    with open_feed("webcam:97") as feed:
        assert feed.live
        tools.until(feed, lambda frame: feed.status.restarts >= 1)
        status = feed.status
        assert not status.connected
        assert status.trouble == "webcam:97: no webcam there, or another program uses it"
        assert status.frames == 0
    assert capfd.readouterr().err == ""

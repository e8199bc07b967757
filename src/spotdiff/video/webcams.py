"""Frames of a webcam, by OpenCV."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.errors import LoadError
from spotdiff.video.names import webcam_device
from spotdiff.video.pace import RateLimit
from spotdiff.video.values import Frame

if TYPE_CHECKING:
    from spotdiff.video.values import Heartbeat, Task


def webcam_frames(task: Task, heartbeat: Heartbeat) -> Iterator[Frame]:
    """Frames as they come, at most `options.fps` a second; the others are taken from the camera and left.

    `seconds` count from `task.opened` on the machine's monotonic clock, the wall is that of the moment.

    Raises:
        LoadError: the webcam cannot be opened, or stops giving pictures.
    """
    cv2.setNumThreads(1)
    camera = cv2.VideoCapture(webcam_device(task.source))
    try:
        if not camera.isOpened():
            raise LoadError(f"{task.source}: no webcam there, or another program uses it")
        camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        limit, number = RateLimit(task.options.fps), 0
        while camera.grab():
            heartbeat.frame_came()
            now = time.monotonic()
            if not limit.is_due(now):
                continue
            whole, picture = camera.retrieve()
            if not whole:
                heartbeat.damaged()
                continue
            pixels = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
            yield Frame(pixels, number, now - task.opened, datetime.now(UTC))
            number += 1
    finally:
        camera.release()
    raise LoadError(f"{task.source}: the webcam gives no more pictures")

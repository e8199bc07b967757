"""The last seconds of a camera as JPEG pictures: what came before an event is there when it is recorded."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from spotdiff.types import Bytes

_QUALITY = 85
_DENSE, _SPARSE = 30.0, 1.0  # seconds that all frames are kept for; seconds between those kept longer
_WIDEST = 1920  # pixels; larger pictures are kept smaller


class FrameBuffer:
    """A ring of frames: all of the latest, and of those before one in a second.

    Args:
        span: Seconds that it reaches back.
        max_bytes: What it may take.
    """

    def __init__(self, *, span: float, max_bytes: int = 60_000_000) -> None:
        self._span, self._max_bytes = span, max_bytes
        self._old: deque[tuple[float, bytes]] = deque()
        self._frames: deque[tuple[float, bytes]] = deque()
        self._bytes = 0

    def add(self, seconds: float, pixels: Bytes) -> None:
        """Take in a frame, (H, W, 3) uint8."""
        height, width = pixels.shape[:2]
        if width > _WIDEST:
            pixels = cv2.resize(pixels, (_WIDEST, round(height * _WIDEST / width)), interpolation=cv2.INTER_AREA)
        encoded, data = cv2.imencode(
            ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
        )
        if not encoded:
            return
        self._frames.append((seconds, data.tobytes()))
        self._bytes += len(self._frames[-1][1])
        while self._frames and seconds - self._frames[0][0] > min(_DENSE, self._span):
            old_seconds, old_data = self._frames.popleft()
            if self._old and old_seconds - self._old[-1][0] < _SPARSE:
                self._bytes -= len(old_data)
            else:
                self._old.append((old_seconds, old_data))
        while self._old and (seconds - self._old[0][0] > self._span or self._bytes > self._max_bytes):
            self._bytes -= len(self._old.popleft()[1])
        while len(self._frames) > 1 and self._bytes > self._max_bytes:
            self._bytes -= len(self._frames.popleft()[1])

    def between(self, first: float, last: float) -> tuple[tuple[float, bytes], ...]:
        """The frames of a span, oldest first, as (seconds, JPEG)."""
        return tuple(frame for frame in (*self._old, *self._frames) if first <= frame[0] <= last)

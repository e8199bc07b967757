"""The last seconds of a camera as JPEG pictures: what came before an event is known when it is told."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import cv2

if TYPE_CHECKING:
    from spotdiff.types import Bytes

_QUALITY = 85
_WIDEST = 1920  # pixels; larger pictures are kept smaller


class Film:
    """A ring of frames.

    Args:
        span: Seconds that it reaches back.
        most: Bytes that it may take.
    """

    def __init__(self, *, span: float, most: int = 60_000_000) -> None:
        self._span, self._most = span, most
        self._frames: deque[tuple[float, bytes]] = deque()
        self._bytes = 0

    def add(self, seconds: float, pixels: Bytes) -> None:
        """Take in a frame, (H, W, 3) uint8."""
        height, width = pixels.shape[:2]
        if width > _WIDEST:
            pixels = cv2.resize(pixels, (_WIDEST, round(height * _WIDEST / width)), interpolation=cv2.INTER_AREA)
        done, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        if not done:
            return
        self._frames.append((seconds, data.tobytes()))
        self._bytes += len(self._frames[-1][1])
        while len(self._frames) > 1 and (seconds - self._frames[0][0] > self._span or self._bytes > self._most):
            self._bytes -= len(self._frames.popleft()[1])

    def between(self, first: float, last: float) -> tuple[tuple[float, bytes], ...]:
        """The frames of a span, oldest first, as (seconds, JPEG)."""
        return tuple(frame for frame in self._frames if first <= frame[0] <= last)

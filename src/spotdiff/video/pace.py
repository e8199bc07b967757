"""When a frame is due: thinning what is live, and playing what is not as if it were."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spotdiff.video.values import Frame

_LATE = 2.0  # seconds by which a stream may run ahead or behind before its clock is set anew
_EARLY = 0.5  # share of a step by which a frame may come early: cameras are not punctual
_NAP = 0.5  # seconds slept at once, so that a long wait is not taken for a hang


class RateLimit:
    """Says of each moment whether a frame is due, so that on the whole there are no more than `fps` a second.

    Examples:
        >>> limit = RateLimit(5.0)
        >>> [limit.is_due(moment) for moment in (0.0, 0.09, 0.2, 0.29, 0.41)]
        [True, False, True, False, True]
    """

    def __init__(self, fps: float) -> None:
        self._step, self._next = 1 / fps, 0.0

    def is_due(self, now: float) -> bool:
        """True if a frame of this moment is to be handed on."""
        if now < self._next - _EARLY * self._step:
            return False
        self._next = self._next + self._step if now < self._next + self._step else now + self._step
        return True


class PlayClock:
    """Holds pictures back until it is their turn by the times they carry."""

    def __init__(self) -> None:
        self._ahead: float | None = None  # the machine's clock minus the stream's

    def wait(self, timestamp: float | None) -> None:
        """Sleep until a picture that carries this time, in seconds, is due; for no longer than two seconds."""
        if timestamp is None:
            return
        now = time.monotonic()
        if self._ahead is None or abs(timestamp + self._ahead - now) > _LATE:
            self._ahead = now - timestamp
        time.sleep(max(timestamp + self._ahead - now, 0.0))


def played(frames: Iterator[Frame], speed: float, beat: Callable[[], None]) -> Iterator[Frame]:
    """Frames no earlier than `speed` times real time allows; 0 gives them at once."""
    opened = time.monotonic()
    for frame in frames:
        while speed and (left := opened + frame.seconds / speed - time.monotonic()) > 0:
            beat()
            time.sleep(min(left, _NAP))
        yield frame

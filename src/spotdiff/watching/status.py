"""How a watch is doing, as a value: for the terminal, for Prometheus, for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotdiff.watching.event import Event


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How one camera is doing.

    Attributes:
        name: Of the camera.
        connected: Its source gives frames, and they are seen to.
        since_frame: Seconds since the last one.
        fps: Frames looked at in a second, measured.
        frames, dropped, corrupt, restarts: Counted since the watch began.
        trouble: Why its frames cannot be seen to, or else why its source was last opened anew; "" if it never was.
        open: Its events that are not closed.
        method_trouble: Why the method gives no answers for it; "" when it does.
    """

    name: str
    connected: bool
    since_frame: float
    fps: float
    frames: int
    dropped: int
    corrupt: int
    restarts: int
    trouble: str
    open: tuple[Event, ...]
    method_trouble: str = ""

    @property
    def method_up(self) -> bool:
        """Whether the method answers."""
        return not self.method_trouble


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """How a watch is doing.

    Attributes:
        cameras: Each of them.
        opened: Events opened since the watch began, by camera and kind.
        messages: Messages by sink and state: waiting, sent, dead.
        store_waiting: Changes that wait for the database.
        store_trouble: Why the database cannot be used; "" when it can.
    """

    cameras: tuple[CameraStatus, ...]
    opened: Mapping[tuple[str, str], int]
    messages: Mapping[tuple[str, str], int]
    store_waiting: int
    store_trouble: str

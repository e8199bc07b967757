"""The words of decoding as values: frames, how they are asked for, and what a reader reports while it works."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from spotdiff.params import check, param

if TYPE_CHECKING:
    from datetime import datetime

    from spotdiff.types import Bytes

ORDERS = ("name", "taken", "mtime")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source.

    Attributes:
        pixels: (H, W, 3) uint8, RGB, in the source's own size.
        number: Counts the frames that the source has given, from 0, with those that were dropped.
        seconds: On the source's own clock.
        wall: Aware, UTC.
        dropped: How many frames have been thrown away since the frame before this one.
    """

    pixels: Bytes
    number: int
    seconds: float
    wall: datetime
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions:
    """How frames are taken from a source.

    Raises:
        OptionError: a value is out of its range.
    """

    fps: float = param(5.0, "frames handed on per second, at most", low=0.001, high=240)
    speed: float = param(0.0, "how many times faster than real a film or folder is played; 0 is at once", low=0)
    order: str = param("name", "what the pictures of a folder are ordered by", choices=ORDERS)
    every: float = param(1.0, "time between pictures of a folder that tell no time", low=0.001, unit="s")
    grows: bool = param(False, "new pictures of a folder are waited for")
    patience: float = param(5.0, "shortest time without a frame after which a live source is opened anew", low=0.1)
    start: datetime | None = None  # when a film starts; without a zone in that of this machine

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where a growing folder is taken up again by a new process.

    Attributes:
        after: File name of the last picture that is done with.
        first: Wall time of the first picture of all, or None if none was handed on.
        seconds: Of the last frame.
    """

    after: str
    first: datetime | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Task:
    """All that a decoding process needs to know.

    Attributes:
        source: The source as the user wrote it, with its password.
        kind: folder, film, webcam or stream.
        options: How to read it.
        whole: Every frame is handed on and the reader is waited for; otherwise the newest frame wins.
        opened: Reading of the machine's monotonic clock that live seconds count from.
        resumed: For a folder that was read before.
    """

    source: str = field(repr=False)
    kind: str
    options: FeedOptions
    whole: bool
    opened: float = 0.0
    resumed: Resumed | None = None


class Heartbeat(Protocol):
    """What a reader reports while it works, so that others can see it is alive."""

    def beat(self) -> None:
        """Something was done."""
        ...

    def frame_came(self) -> None:
        """A frame of a live source was decoded, just now."""
        ...

    def damaged(self) -> None:
        """A packet, frame or file could not be decoded and was left out."""
        ...

    def reading(self, file: str) -> None:
        """A file is about to be read."""
        ...

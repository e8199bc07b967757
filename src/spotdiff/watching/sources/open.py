"""Opening a source by its text."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

from spotdiff.errors import MissingExtra, OptionError
from spotdiff.watching.sources.feed import Feed
from spotdiff.watching.sources.naming import source_kind
from spotdiff.watching.sources.task import FeedOptions, Task

if TYPE_CHECKING:
    from datetime import datetime


def open_feed(
    source: str,
    *,
    name: str = "",
    fps: float = 5.0,
    replay: bool = False,
    speed: float = 0.0,
    start: datetime | None = None,
    order: str = "name",
    grows: bool = False,
    every: float = 1.0,
    patience: float = 5.0,
    loop: bool = False,
) -> Feed:
    """Open a source and start to decode it in a process of its own.

    Films and folders hand on every frame that is due, however long the reader takes, and the same ones each time.
    Cameras hand on the newest; what was not taken in time is dropped and counted. A script that calls this needs
    the usual `if __name__ == "__main__":`, for the new process loads it, too.

    Args:
        source: A folder of pictures, a film, a webcam (`0`, `webcam:0`, `/dev/video0`) or the URL of a stream.
        name: What to call it; made from the source if empty.
        fps: How many frames a second are handed on at most. Of a film those nearest to the grid of its own time; of
            a folder all.
        replay: A URL leads to a film: every frame counts, and it comes to an end.
        speed: How many times faster than real a film or folder is played; 0 is as fast as it goes. What is live
            has its own speed, which is 0 or 1.
        start: When a film starts; see `film_frames` for what holds without it.
        order: Of a folder's pictures: name, taken or mtime.
        grows: New pictures of the folder are waited for; the feed is then live, and still hands on every one.
        every: Seconds between pictures of a folder that tell no time.
        patience: Shortest time in seconds without a frame after which a live source is opened anew.
        loop: A film or folder starts again at its end.

    Returns:
        The feed. A live one may not be connected yet, and tells by its `status` why.

    Raises:
        OptionError: a value is out of its range, or makes no sense for this source.
        LoadError: there is no such source, or a film or folder cannot be read at all.
        MissingExtra: films and streams need PyAV.
    """
    kind = source_kind(source)
    live = grows or (kind in ("webcam", "stream") and not replay)
    options = FeedOptions(
        fps=fps,
        speed=0.0 if live and speed == 1 else speed,
        order=order,
        every=every,
        grows=grows,
        loop=loop,
        patience=patience,
        start=start,
    )
    _check_fit(kind, options, replay=replay, live=live)
    if kind in ("film", "stream") and find_spec("av") is None:
        raise MissingExtra("PyAV", extra="watch")
    task = Task(source, kind, options, whole=kind == "folder" or not live, opened=time.monotonic())
    return Feed(task, name=name, live=live).begin()


def _check_fit(kind: str, options: FeedOptions, *, replay: bool, live: bool) -> None:
    if options.grows and kind != "folder":
        raise OptionError(f"only a folder grows, not a {kind}")
    if replay and (kind == "webcam" or options.grows):
        raise OptionError("what is live cannot be replayed: there is no end to it")
    if live and (options.loop or options.speed):
        raise OptionError("what is live has its own speed and no end: speed and loop are for films and folders")

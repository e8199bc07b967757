"""Frames of a camera's stream, as they come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spotdiff.errors import LoadError
from spotdiff.watching.event import Frame
from spotdiff.watching.sources.decoding import ToRgb, opened, pictures, time_of
from spotdiff.watching.sources.naming import without_password
from spotdiff.watching.sources.pace import Due, PlayClock

if TYPE_CHECKING:
    from av.container import InputContainer

    from spotdiff.watching.sources.task import Pulse, Task

_OPTIONS = {
    "rtsp_transport": "tcp",  # over UDP, lost packets would smear the pictures
    "allowed_media_types": "video",
    "fflags": "nobuffer",
    "fpsprobesize": "0",  # a rate is not needed, and guessing it costs the first seconds
}


def stream_frames(task: Task, pulse: Pulse) -> Iterator[Frame]:
    """Frames as they come, at most `options.fps` a second; the others are decoded and left.

    `seconds` count from `task.opened` on the machine's monotonic clock, the wall is that of the moment.

    Raises:
        LoadError: the stream cannot be opened, breaks or ends.
    """
    with opened(task.source, dict(_OPTIONS)) as (container, stream):
        to_rgb, due, number = ToRgb(), Due(task.options.fps), 0
        keep_time = PlayClock() if _comes_in_bulk(container) else None
        for picture in pictures(container, stream, task.source, pulse):
            if keep_time:
                keep_time.wait(time_of(picture, stream))
            pulse.came()
            now = time.monotonic()
            if due.at(now):
                yield Frame(to_rgb(picture), number, now - task.opened, datetime.now(UTC))
                number += 1
    raise LoadError(f"{without_password(task.source)}: the stream has ended")


def _comes_in_bulk(container: InputContainer) -> bool:
    """True for what is fetched faster than it was filmed: HLS comes in pieces of seconds, a film at once."""
    return bool(container.duration) or "hls" in container.format.name

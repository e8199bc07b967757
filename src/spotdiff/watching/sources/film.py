"""Frames of a film, by the film's own time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from spotdiff.errors import LoadError
from spotdiff.watching.event import Frame
from spotdiff.watching.sources.decoding import ToRgb, opened, pictures, time_of
from spotdiff.watching.sources.naming import without_password
from spotdiff.watching.sources.task import EPOCH, aware

if TYPE_CHECKING:
    from collections.abc import Mapping

    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from spotdiff.watching.sources.task import Pulse, Task

_RATE = Fraction(25)  # of a film that tells neither times nor a rate


def film_frames(task: Task, pulse: Pulse) -> Iterator[Frame]:
    """Frames of a film, `options.fps` a second: those nearest to the grid of that rate by film time.

    The wall reads as `options.start` plus the film time; without it as the film's own note of its making; without
    that as 1970-01-01, so that an answer does not depend on when the film was copied.

    Raises:
        LoadError: the film cannot be read, or holds no picture.
    """
    options = {"rtsp_transport": "tcp"} if task.kind == "stream" else {}
    with opened(task.source, options) as (container, stream):
        start = aware(task.options.start) if task.options.start else _made(container.metadata)
        to_rgb, number = ToRgb(), 0
        timed = _timed(pictures(container, stream, task.source, pulse), stream, pulse)
        for seconds, picture in on_grid(timed, task.options.fps):
            yield Frame(to_rgb(picture), number, seconds, start + timedelta(seconds=seconds))
            number += 1
    if not number:
        raise LoadError(f"{without_password(task.source)}: no picture in it can be decoded")


def _made(tags: Mapping[str, str]) -> datetime:
    """When a film says it was made; 1970 for one that does not say."""
    try:
        return aware(datetime.fromisoformat(tags.get("creation_time", "")))
    except (ValueError, OverflowError):
        return EPOCH


def _timed(decoded: Iterator[VideoFrame], stream: VideoStream, pulse: Pulse) -> Iterator[tuple[float, VideoFrame]]:
    """Pictures with their film time, from 0 and strictly increasing; a clock that jumps back is set on."""
    step = float(1 / (stream.average_rate or stream.guessed_rate or _RATE))
    first: float | None = None
    last = -step
    for picture in decoded:
        pulse.beat()
        told = time_of(picture, stream)
        if told is None:
            seconds = last + step
        else:
            first = told if first is None else first
            seconds = told - first
            if seconds <= last:
                seconds = last + step
                first = told - seconds
        yield seconds, picture
        last = seconds


def on_grid(timed: Iterator[tuple[float, VideoFrame]], fps: float) -> Iterator[tuple[float, VideoFrame]]:
    """Of things with times, those that are nearest to a multiple of 1 / fps; each once, at its own time.

    Examples:
        >>> [name for _, name in on_grid(iter([(0.0, "a"), (0.4, "b"), (0.9, "c"), (3.0, "d")]), 1.0)]
        ['a', 'c', 'd']
    """
    reached, held = -1, next(timed, None)
    while held is not None:
        following = next(timed, None)
        until = (held[0] + following[0]) / 2 if following else held[0] + 0.5 / fps
        if floor(until * fps) > reached:
            yield held
        reached, held = floor(until * fps), following

"""Frames of films and streams, by PyAV: damaged ones left out, turned upright, turned to RGB only when wanted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from spotdiff.clock import EPOCH, in_utc
from spotdiff.errors import LoadError
from spotdiff.image.size_limit import SizeLimit
from spotdiff.options import Options
from spotdiff.video.frame_rate import PlayClock, RateLimit
from spotdiff.video.source_names import without_password, without_secrets
from spotdiff.video.values import Frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from spotdiff.types import Bytes
    from spotdiff.video.values import Heartbeat, Task

_FAILURES = 200  # damaged reads in a row after which nothing more is expected
_HELD_BACK = 250  # pictures left out at most after a damaged one: a stream may have no key pictures to wait for
_RATE = Fraction(25)  # of a film that tells neither times nor a rate
_TCP = {"rtsp_transport": "tcp"}  # over UDP, lost packets would smear the pictures
_LIVE = {
    **_TCP,
    "allowed_media_types": "video",
    "fflags": "nobuffer",
    "fpsprobesize": "0",  # a rate is not needed, and guessing it costs the first seconds
}


def film_frames(task: Task, heartbeat: Heartbeat) -> Iterator[Frame]:
    """Frames of a film, `options.fps` a second: those nearest to the grid of that rate by film time.

    The wall reads as `options.start` plus the film time; without it as the film's own note of its making; without
    that as 1970-01-01, so that an answer does not depend on when the film was copied.

    Raises:
        LoadError: the film cannot be read, or holds no picture.
    """
    with open_container(task.source, _TCP if task.kind == "stream" else {}) as (container, stream):
        start = in_utc(task.options.start) if task.options.start else _made(container.metadata)
        to_rgb, number = ToRgb(), 0
        timed = _timed(pictures(container, stream, task.source, heartbeat), stream, heartbeat)
        for seconds, picture in on_grid(timed, task.options.fps):
            yield Frame(to_rgb(picture), number, seconds, start + timedelta(seconds=seconds))
            number += 1
    if not number:
        raise LoadError(f"{without_password(task.source)}: no picture in it can be decoded")


def _made(tags: Mapping[str, str]) -> datetime:
    """When a film says it was made; 1970 for one that does not say."""
    try:
        return in_utc(datetime.fromisoformat(tags.get("creation_time", "")))
    except (ValueError, OverflowError):
        return EPOCH


def stream_frames(task: Task, heartbeat: Heartbeat) -> Iterator[Frame]:
    """Frames as they come, at most `options.fps` a second; the others are decoded and left.

    `seconds` count from `task.opened` on the machine's monotonic clock, the wall is that of the moment.

    Raises:
        LoadError: the stream cannot be opened, breaks or ends.
    """
    with open_container(task.source, _LIVE) as (container, stream):
        # HLS comes in pieces of seconds and a film at once, faster than it was filmed
        in_bulk = bool(container.duration) or "hls" in container.format.name
        to_rgb, limit, number = ToRgb(), RateLimit(task.options.fps), 0
        clock = PlayClock() if in_bulk else None
        for picture in pictures(container, stream, task.source, heartbeat):
            if clock:
                clock.wait(time_of(picture, stream))
            heartbeat.frame_came()
            now = time.monotonic()
            if limit.is_due(now):
                yield Frame(to_rgb(picture), number, now - task.opened, datetime.now(UTC))
                number += 1
    raise LoadError(f"{without_password(task.source)}: the stream has ended")


def _timed(
    decoded: Iterator[VideoFrame], stream: VideoStream, heartbeat: Heartbeat
) -> Iterator[tuple[float, VideoFrame]]:
    """Pictures with their film time, from 0 and strictly increasing; a clock that jumps back is set on."""
    step = float(1 / (stream.average_rate or stream.guessed_rate or _RATE))
    first: float | None = None
    last = -step
    for picture in decoded:
        heartbeat.beat()
        timestamp = time_of(picture, stream)
        if timestamp is None:
            seconds = last + step
        else:
            first = timestamp if first is None else first
            seconds = timestamp - first
            if seconds <= last:
                seconds = last + step
                first = timestamp - seconds
        yield seconds, picture
        last = seconds


def on_grid(timed: Iterator[tuple[float, VideoFrame]], fps: float) -> Iterator[tuple[float, VideoFrame]]:
    """Of things with times, those that are nearest to a multiple of 1 / fps; each once, at its own time.

    Examples:
        >>> [name for _, name in on_grid(iter([(0.0, "a"), (0.4, "b"), (0.9, "c"), (3.0, "d")]), 1.0)]
        ['a', 'c', 'd']
    """
    reached, current = -1, next(timed, None)
    while current is not None:
        following = next(timed, None)
        until = (current[0] + following[0]) / 2 if following else current[0] + 0.5 / fps
        if floor(until * fps) > reached:
            yield current
        reached, current = floor(until * fps), following


@contextmanager
def open_container(source: str, options: Mapping[str, str]) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A film or stream and its first stream of pictures, which one thread decodes so that damage looks alike each time.

    Raises:
        LoadError: it cannot be opened, or there are no pictures in it.
    """
    shown = without_password(source)
    try:
        container = av.open(source, options=dict(options))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise LoadError(f"{shown}: {reason_of(error, source)}") from None
    try:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            kinds = ", ".join(sorted({str(stream.type) for stream in container.streams})) or "nothing"
            raise LoadError(f"{shown}: there are no pictures in it, only {kinds}")
        _check_size(stream.codec_context.width, stream.codec_context.height, shown)
        stream.codec_context.thread_count = 1
        yield container, stream
    finally:
        container.close()


def _check_size(width: int, height: int, name: str) -> None:
    """Raise a LoadError for pictures larger than any that is compared."""
    SizeLimit(name, Options().max_pixels, option="").check(width, height)


def reason_of(error: Exception, source: str) -> str:
    """What an error of PyAV says, in one line without passwords."""
    if isinstance(error, av.InvalidDataError):
        return "not a film or stream that can be read, or damaged at its beginning"
    if isinstance(error, av.ProtocolNotFoundError):
        return "this build of PyAV has no such protocol"
    return without_secrets(getattr(error, "strerror", None) or str(error) or type(error).__name__, source)


def pictures(container: InputContainer, stream: VideoStream, source: str, heartbeat: Heartbeat) -> Iterator[VideoFrame]:
    """Decode all pictures that are whole.

    What is damaged is counted and left out, and so are the pictures after it up to the next that stands for itself:
    they are drawn upon it and would show it as smears.

    Raises:
        LoadError: reading failed for another reason than damage, such as a lost connection.
    """
    held_back = 0
    for packet in _packets(container, stream, source, heartbeat):
        try:
            decoded = stream.codec_context.decode(packet)
        except av.EOFError:
            return
        except av.FFmpegError:
            heartbeat.damaged()
            held_back = _HELD_BACK
            continue
        for picture in decoded:
            held_back = 0 if picture.key_frame else max(held_back - 1, 0)
            if picture.is_corrupt:
                heartbeat.damaged()
                held_back = _HELD_BACK
            if not held_back:
                _check_size(picture.width, picture.height, without_password(source))
                yield picture


def time_of(picture: VideoFrame, stream: VideoStream) -> float | None:
    """When a picture is shown, in seconds by its stream; None where it does not say.

    The pictures that a decoder holds back until the end of the film know no base of their time by themselves.
    """
    base = picture.time_base or stream.time_base
    return None if picture.pts is None or not base else float(picture.pts * base)


def _packets(
    container: InputContainer, stream: VideoStream, source: str, heartbeat: Heartbeat
) -> Iterator[Packet[VideoStream] | None]:
    """The packets of a stream, and None at its end, which makes a decoder give what it still holds."""
    failures = 0
    while failures < _FAILURES:
        try:
            for packet in container.demux(stream):
                failures = 0
                if packet.size:
                    yield packet
            break
        except av.InvalidDataError:
            heartbeat.damaged()
            failures += 1
        except (av.FFmpegError, OSError) as error:
            raise LoadError(f"{without_password(source)}: {reason_of(error, source)}") from None
    yield None


class ToRgb:
    """Turns decoded pictures to RGB; the tables for a size and format are kept while these stay the same."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, picture: VideoFrame) -> Bytes:
        """(H, W, 3) uint8, RGB, upright; lies in memory that the picture no longer shares."""
        plain = self._reformatter.reformat(picture, format="rgb24", threads=1)
        plane = plain.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8, plane.line_size * plain.height).reshape(plain.height, -1)
        pixels = rows[:, : 3 * plain.width].reshape(plain.height, plain.width, 3)
        quarters = round(picture.rotation / 90) % 4
        return np.rot90(pixels, quarters) if quarters else pixels

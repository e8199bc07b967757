"""Pictures out of what PyAV opens: damaged ones left out, turned upright, turned to RGB only when they are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from spotdiff.errors import LoadError
from spotdiff.watching.sources.naming import without_password, without_secrets

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from spotdiff.types import Bytes
    from spotdiff.watching.sources.task import Pulse

_FAILURES = 200  # damaged reads in a row after which nothing more is expected
_SHY = 250  # pictures held back at most after a damaged one: a stream may have no key pictures to wait for


@contextmanager
def opened(source: str, options: dict[str, str]) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A film or stream and its first stream of pictures, which one thread decodes so that damage looks alike each time.

    Raises:
        LoadError: it cannot be opened, or there are no pictures in it.
    """
    shown = without_password(source)
    try:
        container = av.open(source, options=options)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise LoadError(f"{shown}: {reason_of(error, source)}") from None
    try:
        stream = next((one for one in container.streams.video), None)
        if stream is None:
            raise LoadError(f"{shown}: there are no pictures in it, only {_kinds(container)}")
        stream.codec_context.thread_count = 1
        yield container, stream
    finally:
        container.close()


def _kinds(container: InputContainer) -> str:
    return ", ".join(sorted({str(stream.type) for stream in container.streams})) or "nothing"


def reason_of(error: Exception, source: str) -> str:
    """What an error of PyAV says, in one line without passwords."""
    if isinstance(error, av.InvalidDataError):
        return "not a film or stream that can be read, or damaged at its beginning"
    if isinstance(error, av.ProtocolNotFoundError):
        return "this build of PyAV has no such protocol"
    return without_secrets(getattr(error, "strerror", None) or str(error) or type(error).__name__, source)


def pictures(container: InputContainer, stream: VideoStream, source: str, pulse: Pulse) -> Iterator[VideoFrame]:
    """Decode all pictures that are whole.

    What is damaged is counted and left out, and so are the pictures after it up to the next that stands for itself:
    they are drawn upon it and would show it as smears.

    Raises:
        LoadError: reading failed for another reason than damage, such as a lost connection.
    """
    shy = 0
    for packet in _packets(container, stream, source, pulse):
        try:
            decoded = stream.codec_context.decode(packet)
        except av.EOFError:
            return
        except av.FFmpegError:
            pulse.damaged()
            shy = _SHY
            continue
        for picture in decoded:
            shy = 0 if picture.key_frame else max(shy - 1, 0)
            if picture.is_corrupt:
                pulse.damaged()
                shy = _SHY
            if not shy:
                yield picture


def time_of(picture: VideoFrame, stream: VideoStream) -> float | None:
    """When a picture is shown, in seconds by its stream; None where it does not say.

    The pictures that a decoder holds back until the end of the film know no base of their time by themselves.
    """
    base = picture.time_base or stream.time_base
    return None if picture.pts is None or not base else float(picture.pts * base)


def _packets(
    container: InputContainer, stream: VideoStream, source: str, pulse: Pulse
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
            pulse.damaged()
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

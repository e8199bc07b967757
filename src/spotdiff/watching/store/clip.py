"""Films of events: JPEG pictures in, fragmented MP4 out, which can be read up to where its writing was cut off."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING, cast

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spotdiff.types import Bytes

_TICKS = 90_000  # a second
_FORM = {"movflags": "frag_keyframe+empty_moov"}
_CODING = {"preset": "veryfast", "crf": "23", "bf": "0", "g": "50", "threads": "1"}


def encode_clip(frames: Sequence[tuple[float, bytes]]) -> bytes:
    """An H.264 film whose pictures are shown at their own seconds, counted from the first.

    Args:
        frames: (seconds, JPEG file), oldest first. Those that cannot be read or are not later than the one before are
            left out; those of another size than the first are brought to it.

    Returns:
        An MP4 file. An odd last row or column is cut off: the format takes even sizes only.

    Raises:
        ValueError: no frame can be read, or the film cannot be made.
    """
    out, stream = BytesIO(), None
    try:
        with av.open(out, "w", format="mp4", options=_FORM) as container:
            for ticks, picture in _timed(frames):
                stream = stream or _stream(container, picture)
                frame = VideoFrame.from_ndarray(_fitted(picture, stream), format="bgr24")
                frame.pts, frame.time_base = ticks, Fraction(1, _TICKS)
                container.mux(stream.encode(frame))
            if stream is None:
                raise ValueError("none of its frames can be read")
            container.mux(stream.encode(None))
    except FFmpegError as error:
        raise ValueError(f"the film cannot be made ({error.strerror})") from None
    return out.getvalue()


def _timed(frames: Sequence[tuple[float, bytes]]) -> Iterator[tuple[int, Bytes]]:
    start, last = None, -1
    for seconds, data in frames:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
        if picture is None or min(picture.shape[:2]) < 2:
            continue
        start = seconds if start is None else start
        ticks = round((seconds - start) * _TICKS)
        if ticks > last:
            last = ticks
            yield ticks, cast("Bytes", picture)


def _stream(container: av.container.OutputContainer, picture: Bytes) -> VideoStream:
    stream = container.add_stream("libx264", rate=25, options=_CODING)
    stream.height, stream.width = (side // 2 * 2 for side in picture.shape[:2])
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, _TICKS)
    stream.codec_context.thread_count = 1
    return stream


def _fitted(picture: Bytes, stream: VideoStream) -> Bytes:
    height, width = picture.shape[:2]
    if (height // 2 * 2, width // 2 * 2) != (stream.height, stream.width):
        return cast("Bytes", cv2.resize(picture, (stream.width, stream.height), interpolation=cv2.INTER_AREA))
    return np.ascontiguousarray(picture[: stream.height, : stream.width])

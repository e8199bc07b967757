"""The evidence of an event as files in memory, each under its role.

A clip is fragmented MP4, which can be read up to where its writing was cut off.
"""

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

from spotdiff.image.draw import draw_box
from spotdiff.image.png import encode_grey
from spotdiff.image.resize import shrink_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from spotdiff.types import Bytes
    from spotdiff.watching.event import Event, EventPictures

FILES = {  # role: name of its file
    "before": "before.jpg",
    "after": "after.jpg",
    "boxes": "boxes.jpg",
    "mask": "mask.png",
    "thumbnail": "thumbnail.jpg",
    "clip": "clip.mp4",
}
THUMBNAIL_BYTES = 50_000
_QUALITY, _THUMBNAIL_SIDE = 90, 320
_IS_COLOUR, _WAS_COLOUR = (255, 40, 40), (255, 190, 0)  # red where it is, amber where it stood
_TICKS = 90_000  # of a clip's clock in a second
_CONTAINER = {"movflags": "frag_keyframe+empty_moov"}
_CODEC = {"preset": "veryfast", "crf": "23", "bf": "0", "g": "50", "threads": "1"}


def encode(event: Event, pictures: EventPictures) -> tuple[dict[str, bytes], list[str]]:
    """All files of an event's evidence, and what could not be made.

    Returns:
        Files by role: `before` and `after` as they are, `boxes` with the event's boxes drawn, `mask`, a `thumbnail`
        of at most 50 kB, `clip`; and a line for each that failed.
    """
    files: dict[str, bytes] = {}
    failed: list[str] = []
    for role, make in _makers(event, pictures).items():
        try:
            files[role] = make()
        except (ValueError, cv2.error) as error:
            failed.append(f"{role}: {str(error).strip().splitlines()[-1]}")
    return files, failed


def _makers(event: Event, pictures: EventPictures) -> dict[str, Callable[[], bytes]]:
    before, after, mask = pictures.before, pictures.after, pictures.mask
    shown = before if after is None else after
    makers: dict[str, Callable[[], bytes]] = {}
    if before is not None:
        makers["before"] = lambda: jpeg(before)
    if after is not None:
        makers["after"] = lambda: jpeg(after)
    if shown is not None:
        makers["thumbnail"] = lambda: thumbnail(with_boxes(event, shown))
        if event.box or event.box_before:
            makers["boxes"] = lambda: jpeg(with_boxes(event, shown))
    if mask is not None:
        makers["mask"] = lambda: encode_grey(np.where(mask, np.uint8(255), np.uint8(0)))
    if pictures.frames:
        makers["clip"] = lambda: encode_clip(pictures.frames)
    return makers


def jpeg(pixels: Bytes, *, quality: int = _QUALITY) -> bytes:
    """A JPEG file of RGB pixels, (H, W, 3) uint8.

    Raises:
        ValueError: they cannot be written as one.
        cv2.error: they are no picture.
    """
    done, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done or not len(data):
        raise ValueError("the picture cannot be written as JPEG")
    return bytes(data.tobytes())


def with_boxes(event: Event, pixels: Bytes) -> Bytes:
    """A copy of a picture with the event's boxes drawn around where it is and, for a moved thing, where it stood.

    Raises:
        ValueError: the picture has no pixels.
    """
    if not pixels.size:
        raise ValueError("the picture has no pixels")
    canvas = pixels.copy()
    width = max(2, round(min(canvas.shape[:2]) / 150))
    for box, ink in ((event.box_before, _WAS_COLOUR), (event.box, _IS_COLOUR)):
        if box is not None:
            draw_box(canvas, box, ink=ink, width=width)
    return canvas


def thumbnail(pixels: Bytes) -> bytes:
    """A small JPEG file of at most 50 kB.

    Raises:
        ValueError: the picture cannot be written as JPEG.
        cv2.error: they are no picture.
    """
    small = shrink_within(pixels, _THUMBNAIL_SIDE)
    for quality in (85, 60, 35, 10):
        data = jpeg(small, quality=quality)
        if len(data) <= THUMBNAIL_BYTES:
            break
    return data


def encode_clip(frames: Sequence[tuple[float, bytes]]) -> bytes:
    """An H.264 clip whose pictures are shown at their own seconds, counted from the first.

    Args:
        frames: (seconds, JPEG file), oldest first. Those that cannot be read or are not later than the one before are
            left out; those of another size than the first are brought to it.

    Returns:
        An MP4 file. An odd last row or column is cut off: the format takes even sizes only.

    Raises:
        ValueError: no frame can be read, or the clip cannot be made.
    """
    out, stream = BytesIO(), None
    try:
        with av.open(out, "w", format="mp4", options=_CONTAINER) as container:
            for ticks, picture in _timed(frames):
                stream = stream or _stream(container, picture)
                frame = VideoFrame.from_ndarray(_resized(picture, stream), format="bgr24")
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
    stream = container.add_stream("libx264", rate=25, options=_CODEC)
    stream.height, stream.width = (side // 2 * 2 for side in picture.shape[:2])
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, _TICKS)
    stream.codec_context.thread_count = 1
    return stream


def _resized(picture: Bytes, stream: VideoStream) -> Bytes:
    height, width = picture.shape[:2]
    if (height // 2 * 2, width // 2 * 2) != (stream.height, stream.width):
        return cast("Bytes", cv2.resize(picture, (stream.width, stream.height), interpolation=cv2.INTER_AREA))
    return np.ascontiguousarray(picture[: stream.height, : stream.width])

"""Frames packed as a film."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING, Any

import cv2

from spotdiff.errors import MissingExtra

if TYPE_CHECKING:
    from spotdiff.types import Bytes

_OPTIONS = {"preset": "veryfast", "bf": "0", "threads": "1"}
_BETWEEN_KEYS = 4  # seconds


def need_av() -> Any:  # noqa: ANN401 (a module)
    """The package that packs films.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import av
    except ImportError:
        raise MissingExtra("av", extra="watch") from None
    return av


def encoded(frames: Iterable[tuple[float, Bytes]], *, size: tuple[int, int], fps: int, crf: int) -> bytes:
    """An MP4 file (H.264, one thread) of frames, each with its second; between two, the earlier stays.

    Args:
        frames: (second, (H, W, 3) uint8 RGB), in order.
        size: (width, height).
        fps: The seconds are multiples of 1 / fps.
        crf: Quality, 0 to 51; smaller is better.

    Raises:
        MissingExtra: PyAV is not installed.
    """
    av, file = need_av(), BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = _BETWEEN_KEYS * fps
        stream.options = _OPTIONS | {"crf": str(crf)}
        for second, pixels in frames:
            frame = av.VideoFrame.from_ndarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2YUV_I420), format="yuv420p")
            frame.time_base = Fraction(1, fps)
            frame.pts = round(second * fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()

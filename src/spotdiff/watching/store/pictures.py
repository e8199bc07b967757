"""The evidence of an event as files in memory, each under its role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.draw import draw_box
from spotdiff.image.png import encode_grey
from spotdiff.watching.store.clip import encode_clip

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotdiff.types import Bytes
    from spotdiff.watching.event import Event, Witness

FILES = {  # role: name of its file
    "before": "before.jpg",
    "after": "after.jpg",
    "boxes": "boxes.jpg",
    "mask": "mask.png",
    "thumbnail": "thumbnail.jpg",
    "clip": "clip.mp4",
}
THUMBNAIL_BYTES = 50_000
_QUALITY, _THUMBNAIL_WIDTH = 90, 320
_HERE, _THERE = (255, 40, 40), (255, 190, 0)  # red where it is, amber where it stood


def encode(event: Event, witness: Witness) -> tuple[dict[str, bytes], list[str]]:
    """All files of an event's evidence, and what could not be made.

    Returns:
        Files by role: `before` and `after` as they are, `boxes` with the event's boxes drawn, `mask`, a `thumbnail`
        of at most 50 kB, `clip`; and a line for each that failed.
    """
    files: dict[str, bytes] = {}
    failed: list[str] = []
    for role, make in _makers(event, witness).items():
        try:
            files[role] = make()
        except (ValueError, cv2.error) as error:
            failed.append(f"{role}: {str(error).strip().splitlines()[-1]}")
    return files, failed


def _makers(event: Event, witness: Witness) -> dict[str, Callable[[], bytes]]:
    before, after, mask = witness.before, witness.after, witness.mask
    shown = before if after is None else after
    makers: dict[str, Callable[[], bytes]] = {}
    if before is not None:
        makers["before"] = lambda: jpeg(before)
    if after is not None:
        makers["after"] = lambda: jpeg(after)
    if shown is not None:
        makers["thumbnail"] = lambda: thumbnail(boxed(event, shown))
        if event.box or event.box_before:
            makers["boxes"] = lambda: jpeg(boxed(event, shown))
    if mask is not None:
        makers["mask"] = lambda: encode_grey(np.where(mask, np.uint8(255), np.uint8(0)))
    if witness.frames:
        makers["clip"] = lambda: encode_clip(witness.frames)
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


def boxed(event: Event, pixels: Bytes) -> Bytes:
    """A copy of a picture with the event's boxes drawn around where it is and, for a moved thing, where it stood.

    Raises:
        ValueError: the picture has no pixels.
    """
    if not pixels.size:
        raise ValueError("the picture has no pixels")
    canvas = pixels.copy()
    width = max(2, round(min(canvas.shape[:2]) / 150))
    for box, ink in ((event.box_before, _THERE), (event.box, _HERE)):
        if box is not None:
            draw_box(canvas, box, ink=ink, width=width)
    return canvas


def thumbnail(pixels: Bytes) -> bytes:
    """A small JPEG file of at most 50 kB.

    Raises:
        ValueError: the picture cannot be written as JPEG.
        cv2.error: they are no picture.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, _THUMBNAIL_WIDTH / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    for quality in (85, 60, 35, 10):
        data = jpeg(small, quality=quality)
        if len(data) <= THUMBNAIL_BYTES:
            break
    return data

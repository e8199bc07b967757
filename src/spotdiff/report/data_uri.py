"""Pictures made small and put inside a page."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.image.decode import PNG
from spotdiff.image.png import encode_indexed
from spotdiff.image.resize import shrink_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Map, Picture

SHOWN = 2000  # pixels of the long side of a picture on a page
_LEVELS = 64  # of a heat map: more cannot be told apart
_PNG_BONUS = 1.25  # a lossless picture may be this much larger than the JPEG and is still taken


def picture_uri(picture: Picture, *, max_side: int = SHOWN) -> str:
    """A `data:` address of the file of a picture; see `picture_file`."""
    return file_uri(picture_file(picture, max_side=max_side))


def picture_file(picture: Picture, *, max_side: int = SHOWN) -> bytes:
    """A file of a picture, its long side brought down to `max_side` pixels.

    Drawings, screenshots and transparent pictures come as PNG, photographs as JPEG of quality 88.
    """
    pixels = cv2.cvtColor(shrink_within(picture.pixels, max_side), cv2.COLOR_RGB2BGR)
    if picture.alpha is not None and picture.alpha.min() < 255:
        return _encode(".png", np.dstack([pixels, shrink_within(picture.alpha, max_side)]))
    jpeg = _encode(".jpg", pixels, cv2.IMWRITE_JPEG_QUALITY, 88)
    png = _encode(".png", pixels)
    return png if len(png) <= _PNG_BONUS * len(jpeg) else jpeg


def heat_file(change: Map, *, max_side: int = 1200) -> bytes:
    """A PNG file of a heat map: (H, W) in [0, 1], see-through at 0, dark to bright and opaque at 1."""
    levels = (shrink_within(change, max_side).clip(0, 1) * (_LEVELS - 1)).round().astype(np.uint8)
    return encode_indexed(levels, heat_colours())


def heat_colours() -> Bytes:
    """(64, 4) uint8 RGBA of the heat map, from 0 to 1."""
    steps = np.linspace(0, 255, _LEVELS).round().astype(np.uint8)
    colours = cv2.cvtColor(cv2.applyColorMap(steps[:, None], cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)[:, 0]
    # The dark end would hide the picture: what is not doubted stays clear.
    opacity = (np.minimum(1, np.linspace(0, 2.2, _LEVELS)) * 235).astype(np.uint8)
    return np.column_stack([colours, opacity])


def thumbnail(picture: Picture, *, max_side: int = 192) -> bytes:
    """A JPEG file of a picture, its long side brought down to `max_side` pixels."""
    return jpeg(shrink_within(picture.opaque, max_side))


def jpeg(pixels: Bytes) -> bytes:
    """A JPEG file of pixels (H, W, 3) RGB, of quality 80."""
    return _encode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), cv2.IMWRITE_JPEG_QUALITY, 80)


def file_uri(data: bytes) -> str:
    """A `data:` address of a PNG or JPEG file."""
    return data_uri(data, picture_type(data))


def picture_type(data: bytes) -> str:
    """The media type of a PNG or JPEG file, of which the first bytes will do."""
    return "image/png" if data.startswith(PNG) else "image/jpeg"


def data_uri(data: bytes, mime: str) -> str:
    """A `data:` address of a file."""
    return f"data:{mime};base64,{b64encode(data).decode()}"


def _encode(suffix: str, pixels: NDArray[Any], *settings: int) -> bytes:
    return bytes(cv2.imencode(suffix, pixels, list(settings))[1])

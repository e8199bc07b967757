"""Masks, label images and material by OpenCV, their size looked at first: it would take a thousand million pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.errors import DataError
from spotdiff.image.pillow_reader import header_size
from spotdiff.options import Options

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decode_array(data: bytes, how: int, *, name: str) -> NDArray[Any] | None:
    """The values of a picture file, as OpenCV's flags `how` ask; None where it cannot be read.

    Raises:
        DataError: it is larger than any picture may be.
    """
    if not data:
        return None
    width, height = header_size(data) or (0, 0)
    if width * height > Options().max_pixels * 1e6:
        raise DataError(f"{name} has {width}x{height} pixels, more than {Options().max_pixels:g} million")
    values: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    return values

"""Masks, label images and material by OpenCV, their size looked at first: it would take a thousand million pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.errors import DataError, LoadError
from spotdiff.image.pillow_reader import checked_header
from spotdiff.image.size_limit import SizeLimit
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
    try:
        if not checked_header(data, SizeLimit(name, Options().max_pixels, option="")):
            return None
        values: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except LoadError as error:
        raise DataError(str(error)) from None
    except cv2.error:  # it has its own limits
        return None
    return values

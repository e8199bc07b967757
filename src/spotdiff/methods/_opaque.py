"""What a picture looks like on white paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Picture


def opaque(picture: Picture) -> Bytes:
    """(H, W, 3) uint8: the picture's pixels, laid on white where they are transparent."""
    if picture.alpha is None:
        return picture.pixels
    share = picture.alpha[..., None].astype(np.float32) / 255
    laid: Bytes = np.rint(255 + share * (picture.pixels.astype(np.float32) - 255)).astype(np.uint8)
    return laid

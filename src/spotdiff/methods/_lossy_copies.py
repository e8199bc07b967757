"""What forms that do not keep every colour make of a picture: dither, ringing, blocks, the nearest of 256 colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.colour import packed, unpacked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Mask, Pair, Picture

    Floats = NDArray[np.float32]
    Places = NDArray[np.intp]

_SIGMA = 2.0  # pixels: over a few of them dither and quantised frequencies have the mean of what they stand for
_MOST = 256  # colours of a palette
_MISSED, _ROUNDED = 1.3, 6.0  # times as far as the nearest colour, and levels, that a quantiser takes one from
_AT_ONCE = 4096  # pixels


def blurred(picture: Picture) -> Bytes:
    """(H, W, 3) uint8, over a few pixels of which the mean is left."""
    return np.asarray(cv2.GaussianBlur(picture.opaque, (0, 0), _SIGMA), np.uint8)


def by_palettes(pair: Pair, places: Mask) -> Mask:
    """Those of the (H, W) places at which one picture has the colour of its palette that the other asks for.

    Args:
        pair: Aligned; those whose pixels are lossy and of 256 colours at most have palettes.
        places: (H, W) bool, where that is asked.
    """
    found = np.zeros(places.shape, bool)
    asked = np.flatnonzero(places)
    for copy, original in ((pair.after, pair.before), (pair.before, pair.after)):
        if copy.lossy and (palette := _palette(copy)) is not None and asked.size:
            reach = _MISSED * _to_nearest(original.opaque.reshape(-1, 3)[asked], palette) + _ROUNDED
            for one, other in ((copy.opaque, original.opaque), (blurred(copy), blurred(original))):
                missed = one.reshape(-1, 3)[asked].astype(np.float32) - other.reshape(-1, 3)[asked]
                found.reshape(-1)[asked] |= np.linalg.norm(missed, axis=1) <= reach
    return found


def _palette(picture: Picture) -> Floats | None:
    """(n, 3) float32, the colours of a picture that has few; None where it has more."""
    codes = np.unique(packed(picture.opaque, None))
    return unpacked(codes)[:, :3].astype(np.float32) if codes.size <= _MOST else None


def _to_nearest(colours: Bytes, palette: Floats) -> Floats:
    """How many levels each colour (n, 3) is from the nearest of a palette."""
    parts = [colours[start : start + _AT_ONCE].astype(np.float32) for start in range(0, len(colours), _AT_ONCE)]
    return np.concatenate([np.linalg.norm(part[:, None] - palette, axis=2).min(1) for part in parts])

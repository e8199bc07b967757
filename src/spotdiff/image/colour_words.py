"""Colours by the words people use."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes


# (word, hue from, hue to) in degrees; white, grey, black, brown, pink and beige are told by saturation and value
_HUES = (
    ("red", 0, 16),
    ("orange", 16, 42),
    ("yellow", 42, 70),
    ("green", 70, 165),
    ("turquoise", 165, 195),
    ("blue", 195, 255),
    ("purple", 255, 300),
    ("pink", 300, 340),
    ("red", 340, 361),
)
MIXED = "multicoloured"
_READ = 64  # pixels looked at
_GOLDEN = (5**0.5 - 1) / 2
_FULL = 0.85  # saturation over which a dark red has nothing of brown
_CLEAR = 0.5  # share of the pixels a word needs


def colour_word(pixels: Bytes, mask: Bytes, *, clear: float = _CLEAR) -> str:
    """The word for most of the pixels (H, W, 3) under a mask, or "multicoloured" where none has a share of `clear`.

    Examples:
        >>> import numpy as np
        >>> colour_word(np.full((4, 4, 3), (200, 30, 20), np.uint8), np.full((4, 4), 255, np.uint8))
        'red'
    """
    chosen = some_of(pixels, mask)
    return word_of(chosen, clear=clear) if len(chosen) else MIXED


def some_of(pixels: Bytes, mask: Bytes) -> Bytes:
    """Some pixels (N, 3), spread over those (H, W, 3) that lie under a mask; none where nothing does."""
    place = np.flatnonzero(mask)
    spread = (np.arange(_READ if place.size else 0) * _GOLDEN * place.size).astype(np.int64)
    rows, columns = np.divmod(place[spread % max(place.size, 1)], mask.shape[1])  # falls in step with no pattern
    return pixels[rows, columns]


def word_of(colours: Bytes, *, clear: float = _CLEAR) -> str:
    """The word for most of some colours (N, 3), or "multicoloured" where none has a share of `clear`."""
    hsv = cv2.cvtColor(np.ascontiguousarray(colours[None]), cv2.COLOR_RGB2HSV)[0]
    words = Counter(_word(2 * hue, saturation / 255, value / 255) for hue, saturation, value in hsv.tolist())
    best = max(words, key=lambda word: (words[word], word))
    return best if words[best] >= clear * len(colours) else MIXED


@cache
def _word(hue: int, saturation: float, value: float) -> str:
    if value < 0.2:
        return "black"
    if saturation < 0.15:
        return "white" if value > 0.8 else "grey"
    word = next(name for name, low, high in _HUES if low <= hue < high)
    if word in ("red", "orange", "yellow"):
        return _warm(word, saturation, value)
    return word


def _warm(word: str, saturation: float, value: float) -> str:
    """Reds and yellows have words of their own where they are pale or dark."""
    if saturation < 0.4 and value > 0.65:
        return "pink" if word == "red" else "beige"
    if word == "red" and saturation > _FULL:
        return word  # dark red
    if value < (0.45 if word == "red" else 0.65):
        return "brown"
    return word

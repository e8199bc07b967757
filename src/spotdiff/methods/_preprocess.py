"""Two pictures as a network is shown them, in one order or in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotdiff.nets.parts.session import Ask
    from spotdiff.types import Bytes, Map

    Said = Mapping[str, Map]

_LEAST = 32  # pixels a side that every network takes
_OPPOSITES = (("gone", "new"), ("added", "removed"), ("appear", "disappear"), ("before", "after"))


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """Two pictures ready for a network.

    Attributes:
        before, after: (1, 3, H, W) float32 in [0, 1], H and W from 32.
        inner: Height and width of what is picture; below and beside it, the edge is repeated.
        shape: Height and width that the pictures had.
    """

    before: Map
    after: Map
    inner: tuple[int, int]
    shape: tuple[int, int]


def shrunk(before: Bytes, after: Bytes, *, side: int) -> Shown:
    """Two pictures of equal size brought to a longer side of `side`; smaller ones keep their size.

    Examples:
        >>> ready = shrunk(*[np.zeros((90, 400, 3), np.uint8)] * 2, side=100)
        >>> ready.before.shape, ready.inner
        ((1, 3, 32, 100), (22, 100))
    """
    height, width = before.shape[:2]
    factor = min(side / max(height, width), 1.0)
    inner = max(round(height * factor), 1), max(round(width * factor), 1)
    return Shown(_planes(before, inner), _planes(after, inner), inner, (height, width))


def _planes(picture: Bytes, inner: tuple[int, int]) -> Map:
    if picture.shape[:2] != inner:
        picture = np.asarray(cv2.resize(picture, inner[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    below, beside = (max(_LEAST - length, 0) for length in inner)
    padded = np.pad(picture, ((0, below), (0, beside), (0, 0)), mode="edge") if below or beside else picture
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def answered(ask: Ask, shown: Shown, *, both: bool) -> Said:
    """What the network says of the pictures, by name; the mean of what it says in both orders if wanted."""
    said = ask(shown.before, shown.after)
    if not both:
        return said
    back = ask(shown.after, shown.before)
    return {name: np.float32(0.5) * (value + back.get(opposite(name), value)) for name, value in said.items()}


def opposite(name: str) -> str:
    """What an answer is called when the pictures are exchanged.

    Examples:
        >>> opposite("gone"), opposite("heat_after"), opposite("unchanged")
        ('new', 'heat_before', 'unchanged')
    """
    stem, _, last = name.rpartition("_")
    for pair in _OPPOSITES:
        if last in pair:
            other = pair[1 - pair.index(last)]
            return f"{stem}_{other}" if stem else other
    return name

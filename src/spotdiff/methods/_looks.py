"""Looking at two pictures from afar and then closer and closer, piece by piece, so that any size of change is seen.

A network knows things of the sizes that it learned from. The first look, at a picture made small, shows what is large;
each closer one, at twice the size and at last at every pixel, what is small. What two looks that follow each other say
together, by the mean of their log-odds, is a change; of all such pairs of looks the surest counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map

    Window = tuple[slice, slice]
    Maps = tuple[Map, Map]  # gone and new, (H, W) in [0, 1]
    Look = Callable[[Bytes, Bytes], Maps]

_PIECE = 640  # pixels, about the side of a piece
_OVERLAP = 64  # pixels that neighbouring pieces share, over which one answer fades into the other
_WORTH = 1.4  # times as large as the last look, a picture is looked at once more as it is
_LEAST = 1e-4  # chance under which all is the same
_STANDS_OUT = 24  # levels beyond all that the other picture shows near there: under that, no closer look
_FEWEST = 4  # such pixels in a piece that is looked at closer


def closer(look: Look, before: Bytes, after: Bytes, first: Maps, sides: Sequence[int]) -> Maps:
    """What a network says of two pictures after further looks: maps of the size of the last look.

    Args:
        look: Asks the network about two pictures of one size.
        before: (H, W, 3) uint8.
        after: Of the same size.
        first: What the first look gave, of its own size.
        sides: Longer side of the pictures at every further look, ascending.
    """
    agreed: Maps | None = None
    last = first
    for side in sides:
        agreed, last = _look(look, _of_side(before, side), _of_side(after, side), last, agreed)
    return agreed or first


def sides_of(longest: int, *, first: int, closest: int) -> list[int]:
    """Longer sides of all looks at a picture: the first and its doubles, up to the picture itself or `closest`.

    Examples:
        >>> sides_of(1920, first=320, closest=100_000), sides_of(1920, first=320, closest=1000)
        ([320, 640, 1280, 1920], [320, 640])
        >>> sides_of(200, first=320, closest=100_000), sides_of(400, first=320, closest=100_000)
        ([200], [320])
    """
    sides = [min(first, longest)]
    while 2 * sides[-1] <= min(longest, closest):
        sides.append(2 * sides[-1])
    if sides[-1] < longest / _WORTH and longest <= closest:
        sides.append(longest)
    return sides


def _of_side(picture: Bytes, side: int) -> Bytes:
    height, width = picture.shape[:2]
    factor = side / max(height, width)
    if factor == 1:
        return picture
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _look(look: Look, before: Bytes, after: Bytes, last: Maps, agreed: Maps | None) -> tuple[Maps, Maps]:
    """One look, piece by piece: what was agreed on so far and with the last look, and what this look said alone.

    Where there is nothing to see closer, it says what the last look said.
    """
    shape = before.shape[:2]
    found, alone = (tuple(np.zeros(shape, np.float32) for _ in last) for _ in range(2))
    for window, share in pieces(shape):
        pair = before[window], after[window]
        bases = [_seen_from_afar(one, window, shape) for one in last]
        said = look(*pair) if _stands_out(*pair) else bases
        for side, (base, one) in enumerate(zip(bases, said, strict=True)):
            joint = _joined(base, one)
            if agreed:
                joint = np.maximum(joint, _seen_from_afar(agreed[side], window, shape))
            found[side][window] += share * joint
            alone[side][window] += share * one
    return (found[0], found[1]), (alone[0], alone[1])


def _stands_out(before: Bytes, after: Bytes) -> bool:
    """Whether either picture has pixels that nothing in the other comes near to within two pixels."""
    square = np.ones((5, 5), np.uint8)
    for own, other in ((before, after), (after, before)):
        over, under = cv2.subtract(own, cv2.dilate(other, square)), cv2.subtract(cv2.erode(other, square), own)
        if np.count_nonzero(cv2.max(over, under).max(2) >= _STANDS_OUT) >= _FEWEST:
            return True
    return False


def _joined(base: Map, said: Map) -> Map:
    """What both looks say together."""
    return np.asarray(1 / (1 + np.exp(-0.5 * (_odds(base) + _odds(said)))), np.float32)


def _odds(chance: Map) -> Map:
    clipped = np.clip(chance, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(clipped / (1 - clipped)), np.float32)


def _seen_from_afar(coarser: Map, window: Window, shape: tuple[int, ...]) -> Map:
    """The part of a coarser map that a window shows, at the window's size; the same for every window that shows it."""
    down, across = (len(coarser) / shape[0], coarser.shape[1] / shape[1])
    rows, columns = window
    matrix = np.array(
        [
            [across, 0, (columns.start + 0.5) * across - 0.5],
            [0, down, (rows.start + 0.5) * down - 0.5],
        ]
    )
    size = columns.stop - columns.start, rows.stop - rows.start
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(coarser, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE))


def pieces(shape: tuple[int, ...]) -> Iterator[tuple[Window, Map]]:
    """Windows of one size that cover a picture of (height, width), and how much each has to say of its pixels.

    They overlap, and fade into each other: what they have to say of a pixel sums to 1.

    Examples:
        >>> [(rows.stop, columns.start, columns.stop) for (rows, columns), _ in pieces((300, 1000))]
        [(300, 0, 532), (300, 468, 1000)]
    """
    (rows, down), (columns, across) = (_cuts(length) for length in shape[:2])
    for part, own in zip(rows, down, strict=True):
        for other, share in zip(columns, across, strict=True):
            yield (part, other), np.asarray(own[:, None] * share)


def _cuts(length: int) -> tuple[list[slice], list[Map]]:
    """Parts of one side, and the share that each has of its places."""
    count = max(round(length / _PIECE), 1)
    size = min(-(-(length + (count - 1) * _OVERLAP) // count), length)
    parts = [slice(start, start + size) for start in np.linspace(0, length - size, count).round().astype(int).tolist()]
    total, ramps = np.zeros(length, np.float32), []
    for part in parts:
        places = np.arange(part.start, part.stop)
        into = np.minimum(places - part.start + 1, _OVERLAP) if part.start else _OVERLAP
        out_of = np.minimum(part.stop - places, _OVERLAP) if part.stop < length else _OVERLAP
        ramp = np.asarray(np.minimum(into, out_of) / _OVERLAP * np.ones(size), np.float32)
        total[part] += ramp
        ramps.append(ramp)
    return parts, [ramp / total[part] for part, ramp in zip(parts, ramps, strict=True)]

"""Looking at two pictures from afar and then closer and closer, piece by piece, so that any size of change is seen.

A network knows things of the sizes that it learned from. The first look, at a picture made small, shows what is large;
each closer one, at twice the size and at last at every pixel, what is small. What two looks that follow each other say
together, by the mean of their log-odds, is a change; of all such pairs of looks the surest counts.

The first two looks see all of a picture where anything stands out. From the third on, each costs four times the one
before, and goes only where something small stands out that the look before did not rule out: what is large, the looks
before have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.methods._tolerant_difference import outside, strongest
from spotdiff.metrics.odds import log_odds

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Mask

    Window = tuple[slice, slice]
    Maps = tuple[Map, ...]  # gone and new, (H, W) in [0, 1], and where a network tells things apart, the cores of both
    Look = Callable[[Bytes, Bytes], Maps]

_PIECE, _SMALL_PIECE = 640, 320  # pixels, about the side of a piece; of one that shows small things
_OVERLAP = 64  # pixels that neighbouring pieces share, over which one answer fades into the other
_WORTH = 1.4  # times as large as the last look, a picture is looked at once more as it is
_CHEAP = 1280  # pixels of the longer side, over which that must be twice as large
_STANDS_OUT = 24  # levels beyond all that the other picture shows near there: under that, no closer look
_FEWEST = 4  # such pixels in a piece that is looked at closer
_SMALL = 64  # pixels of the longer side, up to which a thing is small
_RAGGED = 5  # pixels that may lie between the parts of one thing
_RULED_OUT = 0.05  # chance under which the last look saw nothing


def closer(look: Look, scales: Sequence[tuple[Bytes, Bytes]], first: Maps) -> Maps:
    """What a network says of two pictures after further looks: maps of the size of the last look.

    Args:
        look: Asks the network about two pictures of one size.
        scales: Both pictures, (H, W, 3) uint8 and of one size, at every further look, ascending; see `scaled`.
        first: What the first look gave, of its own size.
    """
    agreed: Maps | None = None
    last = first
    for number, pair in enumerate(scales):
        places = _standing_out(*pair)
        if number:
            places = _small(places) & _not_ruled_out(last, places.shape)
        agreed, last = _look(look, pair, places, last, agreed, piece=_SMALL_PIECE if number else _PIECE)
    return agreed or first


def scaled(before: Bytes, after: Bytes, sides: Sequence[int]) -> list[tuple[Bytes, Bytes]]:
    """Both pictures at every longer side of `sides`, ascending; each is made from the next larger one."""
    found: list[tuple[Bytes, Bytes]] = []
    shape = before.shape[:2]
    for side in sorted(sides, reverse=True):
        larger = found[-1] if found else (before, after)
        found.append((_of_side(larger[0], side, shape), _of_side(larger[1], side, shape)))
    return found[::-1]


def sides_of(longest: int, *, first: int, closest: int) -> list[int]:
    """Longer sides of all looks at a picture: the first and its doubles, up to the picture itself or `closest`.

    Examples:
        >>> sides_of(1920, first=320, closest=100_000), sides_of(1920, first=320, closest=1000)
        ([320, 640, 1280], [320, 640])
        >>> sides_of(200, first=320, closest=100_000), sides_of(400, first=320, closest=100_000)
        ([200], [320])
    """
    sides = [min(first, longest)]
    while 2 * sides[-1] <= min(longest, closest):
        sides.append(2 * sides[-1])
    if sides[-1] < longest / _WORTH and longest <= min(closest, _CHEAP):
        sides.append(longest)
    return sides


def _of_side(picture: Bytes, side: int, shape: tuple[int, ...]) -> Bytes:
    """A picture at a longer side of `side`, with the proportions of `shape`."""
    factor = side / max(shape)
    size = max(round(shape[1] * factor), 1), max(round(shape[0] * factor), 1)
    if size == picture.shape[1::-1]:
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _look(
    look: Look, pair: tuple[Bytes, Bytes], places: Mask, last: Maps, agreed: Maps | None, *, piece: int
) -> tuple[Maps, Maps]:
    """One look, piece by piece: what was agreed on so far and with the last look, and what this look said alone.

    A piece without enough `places` says what the last look said.
    """
    shape = places.shape
    found, alone = (tuple(np.zeros(shape, np.float32) for _ in last) for _ in range(2))
    sides = len(last) // 2 if len(last) > 2 else len(last)  # cores follow the masks they belong to
    for window, share in pieces(shape, piece=piece):
        bases = [_seen_from_afar(one, window, shape) for one in last]
        worth = np.count_nonzero(places[window]) >= _FEWEST
        said = look(pair[0][window], pair[1][window]) if worth else bases
        joint = [_joined(base, one) for base, one in zip(bases, said, strict=True)]
        if agreed:
            before = [_seen_from_afar(one, window, shape) for one in agreed]
            surer = [joint[side] >= before[side] for side in range(sides)]
            joint = [
                np.where(surer[n % sides], one, other) for n, (one, other) in enumerate(zip(joint, before, strict=True))
            ]
        for place, (one, said_here) in enumerate(zip(joint, said, strict=True)):
            found[place][window] += share * one
            alone[place][window] += share * said_here
    return found, alone


def _standing_out(before: Bytes, after: Bytes) -> Mask:
    """(H, W) bool: where either picture has what nothing in the other comes near to within two pixels."""
    return np.asarray(strongest(outside(before, after, 2)) >= _STANDS_OUT)


def _small(places: Mask) -> Mask:
    """Those places that belong to something small."""
    near = cv2.dilate(places.astype(np.uint8), np.ones((_RAGGED, _RAGGED), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    small = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) <= _SMALL + _RAGGED
    small[0] = False
    return np.asarray(places & small[labels])


def _not_ruled_out(last: Maps, shape: tuple[int, ...]) -> Mask:
    """Where the last look left something open, or next to that."""
    open_ = (np.maximum(last[0], last[1]) >= _RULED_OUT).astype(np.uint8)
    wide = cv2.dilate(open_, np.ones((_RAGGED, _RAGGED), np.uint8))
    return np.asarray(cv2.resize(wide, shape[::-1], interpolation=cv2.INTER_NEAREST) > 0)


def _joined(base: Map, said: Map) -> Map:
    """What both looks say together."""
    return np.asarray(1 / (1 + np.exp(-0.5 * (log_odds(base) + log_odds(said)))), np.float32)


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


def pieces(shape: tuple[int, ...], *, piece: int = _PIECE) -> Iterator[tuple[Window, Map]]:
    """Windows of one size that cover a picture of (height, width), and how much each has to say of its pixels.

    They overlap, and fade into each other: what they have to say of a pixel sums to 1.

    Examples:
        >>> [(rows.stop, columns.start, columns.stop) for (rows, columns), _ in pieces((300, 1000))]
        [(300, 0, 532), (300, 468, 1000)]
    """
    (rows, down), (columns, across) = (_cuts(length, piece) for length in shape[:2])
    for part, own in zip(rows, down, strict=True):
        for other, share in zip(columns, across, strict=True):
            yield (part, other), np.asarray(own[:, None] * share)


def _cuts(length: int, piece: int) -> tuple[list[slice], list[Map]]:
    """Parts of one side, and the share that each has of its places."""
    count = max(round(length / piece), 1)
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

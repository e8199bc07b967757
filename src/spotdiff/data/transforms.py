"""Examples transformed as a whole: resized, cropped, letterboxed, rotated, flipped, their two pictures swapped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.data.example import Example, Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Box, Bytes, Kind, Mask, Outline

    Values = NDArray[Any]
    Point = tuple[float, float]

Size = tuple[int, int]  # width, height

_SWAPPED: dict[Kind, Kind] = {"added": "removed", "removed": "added"}


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a picture, in its pixels."""

    left: int
    top: int
    width: int
    height: int


def resized(pixels: Bytes, size: Size) -> Bytes:
    """A picture at another (width, height): averaged when it shrinks, interpolated when it grows."""
    if pixels.shape[1::-1] == size:
        return pixels
    shrinks = size[0] * size[1] < pixels.shape[0] * pixels.shape[1]
    made = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(made, np.uint8)


def resized_mask(mask: Mask, size: Size) -> Mask:
    """A mask at another (width, height): what covers half of a pixel is in."""
    if mask.shape[::-1] == size:
        return mask
    return np.asarray(resized(mask.astype(np.uint8) * 255, size) >= 128)


def cropped(example: Example, crop: Crop, size: int) -> Example:
    """A square crop inside of the example, at `size` by `size` pixels."""
    rows, columns = slice(crop.top, crop.top + crop.height), slice(crop.left, crop.left + crop.width)
    target, factor = (size, size), size / crop.width
    moved = _map_arrays(
        example,
        lambda picture: resized(picture[rows, columns], target),
        lambda mask: resized_mask(mask[rows, columns], target),
    )
    return _map_places(moved, lambda x, y: ((x - crop.left) * factor, (y - crop.top) * factor), size)


def letterboxed(example: Example, size: int) -> Example:
    """The whole example in a square of `size` pixels, black and not counted where it does not fill it."""
    height, width = example.gone.shape
    factor = size / max(height, width)
    wide, high = max(round(width * factor), 1), max(round(height * factor), 1)
    left, top = (size - wide) // 2, (size - high) // 2

    def framed(values: Values) -> Values:
        made = np.zeros((size, size, *values.shape[2:]), values.dtype)
        made[top : top + high, left : left + wide] = values
        return made

    moved = _map_arrays(
        example,
        lambda picture: framed(resized(picture, (wide, high))),
        lambda mask: framed(resized_mask(mask, (wide, high))),
    )
    return _map_places(moved, lambda x, y: (x * wide / width + left, y * high / height + top), size)


def rotated(example: Example, quarters: int) -> Example:
    """A square example rotated anticlockwise by so many right angles."""
    if quarters % 4 == 0:
        return example
    size = example.gone.shape[0]
    moves: dict[int, Callable[[float, float], Point]] = {
        1: lambda x, y: (y, size - x),
        2: lambda x, y: (size - x, size - y),
        3: lambda x, y: (size - y, x),
    }

    code = (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)[quarters % 4 - 1]

    def move(values: Values) -> Values:
        return np.asarray(cv2.rotate(values.view(np.uint8), code)).view(values.dtype)

    return _map_places(_map_arrays(example, move, move), moves[quarters % 4], size)


def flipped(example: Example) -> Example:
    """A square example with left and right swapped."""
    size = example.gone.shape[1]

    def move(values: Values) -> Values:
        return np.asarray(cv2.flip(values.view(np.uint8), 1)).view(values.dtype)

    return _map_places(_map_arrays(example, move, move), lambda x, y: (size - x, y), size)


def swapped(example: Example) -> Example:
    """The example with its two pictures swapped: what was new is gone, what was added is removed."""
    places = tuple(
        replace(
            place,
            kind=_SWAPPED.get(place.kind, place.kind),
            box_before=place.box_after,
            box_after=place.box_before,
            outline_before=place.outline_after,
            outline_after=place.outline_before,
        )
        for place in example.places
    )
    return replace(
        example,
        before=example.after,
        after=example.before,
        gone=example.new,
        new=example.gone,
        counted_before=example.counted_after,
        counted_after=example.counted_before,
        places=places,
    )


def _map_arrays(example: Example, picture: Callable[[Values], Values], mask: Callable[[Values], Values]) -> Example:
    return replace(
        example,
        before=picture(example.before),
        after=picture(example.after),
        gone=mask(example.gone),
        new=mask(example.new),
        counted_before=mask(example.counted_before),
        counted_after=mask(example.counted_after),
        things_gone=None if example.things_gone is None else mask(example.things_gone),
        things_new=None if example.things_new is None else mask(example.things_new),
    )


def _map_places(example: Example, move: Callable[[float, float], Point], size: int) -> Example:
    """The example with its places moved; what leaves both pictures is dropped."""
    moved = (
        Place(
            place.kind,
            _box(place.box_before, move, size),
            _box(place.box_after, move, size),
            _outlines(place.outline_before, move, size),
            _outlines(place.outline_after, move, size),
            place.facts,
        )
        for place in example.places
    )
    return replace(example, places=tuple(place for place in moved if place.box_before or place.box_after))


def _box(box: Box | None, move: Callable[[float, float], Point], size: int) -> Box | None:
    if box is None:
        return None
    (x1, y1), (x2, y2) = move(box[0], box[1]), move(box[2], box[3])
    left, right = (min(max(round(x), 0), size) for x in sorted((x1, x2)))
    top, bottom = (min(max(round(y), 0), size) for y in sorted((y1, y2)))
    return (left, top, right, bottom) if left < right and top < bottom else None


def _outlines(outlines: tuple[Outline, ...], move: Callable[[float, float], Point], size: int) -> tuple[Outline, ...]:
    """Outlines go through the middles of pixels; what leaves the picture is drawn along its edge."""

    def corner(x: int, y: int) -> tuple[int, int]:
        moved = (round(value - 0.5) for value in move(x + 0.5, y + 0.5))
        across, down = (min(max(value, 0), size - 1) for value in moved)
        return across, down

    return tuple(tuple(corner(x, y) for x, y in outline) for outline in outlines)

"""Label pictures whose values say more than changed or not, read as truth; a value nobody declared is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from spotdiff.data.dataset import CHANGED, UNCHANGED, UNCOUNTED, Truth
from spotdiff.data.decode_array import decode_array
from spotdiff.errors import DataError
from spotdiff.input_files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from spotdiff.data.dataset import Sample
    from spotdiff.types import Bytes

    Codes = NDArray[np.uint32]

Colour = tuple[int, int, int]
Meaning = Literal["changed", "unchanged", "unknown", "outside", "gone", "new", "both"]
_UNKNOWN, _OUTSIDE = UNCOUNTED
_GREY = 0x010101
_SHOWN = 5  # values in a message


@dataclass(frozen=True, slots=True)
class LabelReader:
    """Reads a sample's mask by what its values mean.

    Attributes:
        meanings: Grey values or (red, green, blue) colours, each with what it means. Where none is plainly `changed`,
            the truth says what is gone and what is new; `both` is a thing in place of another.
    """

    meanings: tuple[tuple[int | Colour, Meaning], ...]

    def __call__(self, sample: Sample) -> Truth:
        """The truth in `sample.mask`.

        Raises:
            DataError: the sample has no mask, or it cannot be read or holds a value that means nothing.
        """
        if sample.mask is None:
            raise DataError(f"{sample.name} has no label picture")
        return self.truth(read_colours(sample.mask), sample.mask)

    def truth(self, codes: Codes, path: Path) -> Truth:
        """The truth in codes as `read_colours` gives them; `path` is for the message.

        Raises:
            DataError: a code means nothing.
        """
        meant = {colour_code(value): meaning for value, meaning in self.meanings}
        values, where = _distinct(codes)
        wrong = [shown(int(value)) for value in values if int(value) not in meant]
        if wrong:
            known = ", ".join(f"{shown(code)} {meaning}" for code, meaning in meant.items())
            more = " and others" if len(wrong) > _SHOWN else ""
            raise DataError(f"{path} holds {', '.join(wrong[:_SHOWN])}{more}: its values are {known}")
        meanings = [meant[int(value)] for value in values]
        directed = "changed" not in meant.values() and not {"gone", "new", "both"}.isdisjoint(meant.values())

        def drawn(*marked: Meaning) -> Bytes:
            levels = np.array([_level(meaning, marked) for meaning in meanings], np.uint8)
            return np.asarray(levels[where].reshape(codes.shape), np.uint8)

        mask = drawn("changed", "gone", "new", "both")
        gone, new = (drawn("gone", "both"), drawn("new", "both")) if directed else (None, None)
        return Truth(bool(np.any(mask == CHANGED)), mask, gone=gone, new=new)


def read_colours(path: Path) -> Codes:
    """(H, W) uint32: red * 65536 + green * 256 + blue of every pixel of an 8-bit picture.

    Raises:
        DataError: it cannot be read.
    """
    values = decode_array(read_bytes(path), cv2.IMREAD_COLOR, name=str(path))
    if values is None:
        raise DataError(f"{path} cannot be read as a mask")
    blue, green, red = (values[..., channel].astype(np.uint32) for channel in range(3))
    return np.asarray(red << 16 | green << 8 | blue, np.uint32)


def colour_code(value: int | Colour) -> int:
    """The code of a grey value or a colour.

    Examples:
        >>> hex(colour_code(255)), hex(colour_code((81, 38, 0)))
        ('0xffffff', '0x512600')
    """
    if isinstance(value, int):
        return value * _GREY
    red, green, blue = value
    return red << 16 | green << 8 | blue


def shown(code: int) -> str:
    """A code as people write it: a grey value, or a colour.

    Examples:
        >>> shown(0x323232), shown(0x512600)
        ('50', '(81, 38, 0)')
    """
    red, green, blue = code >> 16, code >> 8 & 255, code & 255
    return str(red) if red == green == blue else f"({red}, {green}, {blue})"


def _distinct(codes: Codes) -> tuple[Codes, NDArray[np.intp]]:
    """The values there are, and for each pixel which one; labels are flat, so runs of a value are told once."""
    flat = codes.ravel()
    starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1])))
    values, which = np.unique(flat[starts], return_inverse=True)
    lengths = np.diff(np.append(starts, flat.size))
    return values, np.repeat(which.ravel(), lengths)


def _level(meaning: Meaning, marked: tuple[Meaning, ...]) -> int:
    if meaning in marked:
        return CHANGED
    return {"unknown": _UNKNOWN, "outside": _OUTSIDE}.get(meaning, UNCHANGED)

"""Parts of annotation files, which others wrote: read with care, and told in one line what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeGuard, TypeVar
from xml.etree import ElementTree

import numpy as np

from spotdiff.errors import DataError
from spotdiff.input_files import read_bytes
from spotdiff.regions.polygons import mask_polygons

if TYPE_CHECKING:
    from pathlib import Path

    from spotdiff.regions.polygons import Polygon
    from spotdiff.types import Mask

T = TypeVar("T")
_TYPE_NAMES = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}
_LARGEST = 200_000_000  # pixels of a mask
_FARTHEST = 1e9  # pixels


class _WithoutDoctype(ElementTree.TreeBuilder):
    """Refuses a document type before any entity that it declares could be blown up."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse."""
        raise DataError("it has a document type (DOCTYPE), which label files have no use for")


def read_xml(path: Path) -> ElementTree.Element:
    """The root of an XML file.

    Raises:
        DataError: it cannot be read, is not XML, or has a document type.
    """
    data = read_bytes(path)
    try:
        return ElementTree.XML(data, ElementTree.XMLParser(target=_WithoutDoctype()))
    except DataError as error:
        raise DataError(f"{path}: refused: {error}") from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # an unknown encoding is one of the latter
        raise DataError(f"{path}: not XML: {error}") from None


def value_of(node: object, key: str, kind: type[T]) -> T:
    """The value of a key.

    Raises:
        DataError: `node` has no such key, or its value is of another kind.
    """
    value = node.get(key) if isinstance(node, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError(f'it needs "{key}" ({_TYPE_NAMES.get(kind, kind.__name__)})')
    return value


def is_whole(value: object) -> TypeGuard[int]:
    """Whether it is a whole number; to Python true and false are."""
    return isinstance(value, int) and not isinstance(value, bool)


def parse_number(value: object) -> float:
    """A number that a picture's pixels can have (a thousand million at most), also from a text.

    Raises:
        DataError: it is none.
    """
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            number = float(value)
            if abs(number) <= _FARTHEST:
                return number
    except (ValueError, OverflowError):
        pass
    raise DataError(f"{str(value)[:40]!r} is no coordinate") from None


def check_lengths(*lengths: float) -> None:
    """Refuse a width, height or radius that is negative: nobody knows what it means.

    Raises:
        DataError: one is.
    """
    wrong = next((length for length in lengths if length < 0), None)
    if wrong is not None:
        raise DataError(f"{wrong:g} is no width, height or radius")


def parse_polygon(rows: Iterable[object]) -> Polygon:
    """(N, 2) corners from rows of x and y.

    Raises:
        DataError: a row is not two numbers.
    """
    corners = []
    for row in rows:
        if not isinstance(row, list | tuple) or len(row) != 2:
            raise DataError(f"a corner is x and y, not {str(row)[:40]}")
        corners.append((parse_number(row[0]), parse_number(row[1])))
    return np.array(corners, np.float64).reshape(-1, 2)


def parse_size(width: object, height: object) -> tuple[int, int] | None:
    """(width, height), or None where the file says nothing of it.

    Raises:
        DataError: it says something that is no size.
    """
    if width is None and height is None:
        return None
    return round(parse_number(width)), round(parse_number(height))


def decode_counts(packed: str) -> list[int]:
    """Run lengths that COCO packs into a text: five bits a letter, from the fourth on their rise since two before.

    Raises:
        DataError: the text holds another letter, or ends too early.

    Examples:
        >>> decode_counts("4231")
        [4, 2, 3, 3]
    """
    counts: list[int] = []
    value = shift = 0
    for letter in packed:
        bits = ord(letter) - 48
        if not 0 <= bits < 64 or shift > 60:
            raise DataError("its run lengths hold a letter that COCO does not use")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            value -= (1 << shift) if bits & 16 else 0
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    if shift:
        raise DataError("its run lengths end too early")
    return counts


def check_mask_size(size: tuple[int, int]) -> None:
    """Refuse a mask that is empty or too large to be unpacked.

    Raises:
        DataError: it is.
    """
    width, height = size
    if not 0 < width * height <= _LARGEST or width < 1:
        raise DataError(f"a mask of {width}x{height} pixels cannot be")


def decode_run_lengths(counts: Sequence[object], size: tuple[int, int], *, by_columns: bool) -> Mask:
    """(H, W) bool from run lengths that begin with what is not covered.

    Read here and not by pycocotools, which ends the process where the size is absurd and gives back whatever is in
    memory where the lengths do not fill it.

    Args:
        counts: How long each run is.
        size: (width, height).
        by_columns: Whether they run down the columns (COCO) or along the rows (CVAT).

    Raises:
        DataError: they are no run lengths, or do not fill the size.

    Examples:
        >>> decode_run_lengths([1, 2, 1], (2, 2), by_columns=True).astype(int).tolist()
        [[0, 1], [1, 0]]
    """
    check_mask_size(size)
    width, height = size
    lengths = [count for count in counts if is_whole(count) and 0 <= count <= width * height]
    if len(lengths) != len(counts) or sum(lengths) != width * height:
        raise DataError(f"its run lengths do not fill {width}x{height} pixels")
    flat = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    return flat.reshape(width, height).T if by_columns else flat.reshape(height, width)


def exact_polygons(mask: Mask, *, left: float = 0, top: float = 0) -> tuple[Polygon, ...]:
    """Polygons that cover exactly the pixels of a mask, moved by `left` and `top`.

    Raises:
        DataError: it covers none.
    """
    polygons = mask_polygons(mask, exact=True)
    if not polygons:
        raise DataError("it covers no pixel")
    return tuple(polygon + np.array([left, top]) for polygon in polygons)

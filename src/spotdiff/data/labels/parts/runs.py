"""Masks as run lengths, read into polygons that follow the pixels' edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spotdiff.data.labels.parts.polygons import polygons_of
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotdiff.data.labels.parts.marks import Ring
    from spotdiff.types import Mask

_LARGEST = 200_000_000  # pixels of a mask


def counts_of(packed: str) -> list[int]:
    """Run lengths that COCO packs into a text: five bits a letter, from the fourth on their rise since two before.

    Raises:
        DataError: the text holds another letter, or ends too early.

    Examples:
        >>> counts_of("4231")
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


def mask_of(counts: Sequence[object], size: tuple[int, int], *, by_columns: bool) -> Mask:
    """(H, W) bool from run lengths that begin with what is not covered.

    Args:
        counts: How long each run is.
        size: (width, height).
        by_columns: Whether they run down the columns (COCO) or along the rows (CVAT).

    Raises:
        DataError: they are no run lengths, or do not fill the size.

    Examples:
        >>> mask_of([1, 2, 1], (2, 2), by_columns=True).astype(int).tolist()
        [[0, 1], [1, 0]]
    """
    width, height = size
    if not 0 < width * height <= _LARGEST or width < 1:
        raise DataError(f"a mask of {width}x{height} pixels cannot be")
    lengths = [count for count in counts if isinstance(count, int) and 0 <= count <= width * height]
    if len(lengths) != len(counts) or sum(lengths) != width * height:
        raise DataError(f"its run lengths do not fill {width}x{height} pixels")
    flat = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
    return flat.reshape(width, height).T if by_columns else flat.reshape(height, width)


def rings_of(mask: Mask, *, left: float = 0, top: float = 0) -> tuple[Ring, ...]:
    """Polygons that cover exactly the pixels of a mask, moved by `left` and `top`.

    Raises:
        DataError: it covers none.
    """
    rings = polygons_of(mask, exact=True)
    if not rings:
        raise DataError("it covers no pixel")
    return tuple(ring + np.array([left, top]) for ring in rings)

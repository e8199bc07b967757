"""Kind, size and place of a region in plain words, from its box alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.types import Box, Pair, Region

_ROWS, _COLUMNS = ("upper", "", "lower"), ("left", "", "right")


@dataclass(frozen=True, slots=True)
class Words:
    """Says such things as "something small added, upper left"."""

    def describe(self, pair: Pair, regions: Sequence[Region]) -> tuple[Region, ...]:
        """The same regions, each with its text."""
        return tuple(replace(region, text=_text(region, pair.before.size)) for region in regions)


def _text(region: Region, size: tuple[int, int]) -> str:
    before, after = region.box_before, region.box_after
    box = after or before
    if box is None:
        return f"something {region.kind}"
    if region.kind == "moved" and before is not None and after is not None:
        return f"something {_extent(box, size)} moved, from {_place(before, size)} to {_place(after, size)}"
    return f"something {_extent(box, size)} {region.kind}, {_place(box, size)}"


def _extent(box: Box, size: tuple[int, int]) -> str:
    share = (box[2] - box[0]) * (box[3] - box[1]) / (size[0] * size[1])
    return "tiny" if share < 0.001 else "small" if share < 0.01 else "of medium size" if share < 0.1 else "large"


def _place(box: Box, size: tuple[int, int]) -> str:
    """Where the middle of a box lies, in thirds of the picture.

    Examples:
        >>> _place((0, 0, 10, 10), (90, 90)), _place((40, 40, 50, 50), (90, 90))
        ('upper left', 'centre')
    """
    across, down = (box[0] + box[2]) / 2 / size[0], (box[1] + box[3]) / 2 / size[1]
    words = [_ROWS[min(int(down * 3), 2)], _COLUMNS[min(int(across * 3), 2)]]
    return " ".join(word for word in words if word) or "centre"

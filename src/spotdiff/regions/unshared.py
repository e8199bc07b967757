"""What only one of two pictures has that are laid flush or row on row: rows inserted, columns that were cut off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.align.row_rounding import is_rounding
from spotdiff.regions.outline import outlines_of
from spotdiff.types import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Box, Evidence, Kind, Map, Pair, Rows

    Labels = NDArray[np.int32]


def with_unshared(
    pair: Pair,
    aligned: Pair,
    rows: Rows | None,
    evidence: Evidence,
    regions: tuple[Region, ...],
    labels: Labels,
) -> tuple[Evidence, tuple[Region, ...], Labels]:
    """Evidence, regions and labels of the common frame, in which what only one picture has is gone or new for certain.

    Args:
        pair: The pictures as they were given.
        aligned: The same laid flush at the top left, or row on row.
        rows: Which rows lie on each other; None where they are laid flush.
        evidence: Of what both show.
        regions: Of what both show, the surest first.
        labels: Their labels.
    """
    gone = evidence.gone.copy()
    new = evidence.new.copy() if evidence.directed else gone
    before, after = pair.before.size, pair.after.size
    of_before, of_after = _strips(before, after), _strips(after, before)
    if rows is not None:
        of_before, of_after = _runs(rows[0], rows[1], before[0]), _runs(rows[1], rows[0], after[0])
        of_before, of_after = _without_rounding(pair, rows, of_before, of_after)
    removed: list[tuple[Kind, Map, Box]] = [("removed", gone, box) for box in of_before]
    added: list[tuple[Kind, Map, Box]] = [("added", new, box) for box in of_after]
    unshared: list[Region] = []
    marked = np.zeros_like(labels)
    for kind, change, (left, top, right, bottom) in (*removed, *added):
        window = slice(top, bottom), slice(left, right)
        counts = np.ones((bottom - top, right - left), bool) if aligned.valid is None else aligned.valid[window]
        if not counts.any():
            continue
        number = len(unshared) + 1
        change[window][counts] = 1.0
        marked[window][counts] = number
        outline = outlines_of(counts.astype(np.uint8), left=left, top=top)
        box = left, top, right, bottom
        unshared.append(Region(kind, 1.0, int(counts.sum()), box, box, outline, outline, number))
    shifted = tuple(replace(region, label=region.label + len(unshared)) for region in regions)
    labels = np.where(marked > 0, marked, np.where(labels > 0, labels + len(unshared), 0)).astype(np.int32)
    return replace(evidence, gone=gone, new=new), (*unshared, *shifted), labels


def _runs(own: NDArray[np.int64], other: NDArray[np.int64], width: int) -> list[Box]:
    """Boxes of the rows of the common frame that one picture, of a width, has and the other has not."""
    alone = np.concatenate([[0], (own >= 0) & (other < 0), [0]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(alone)).reshape(-1, 2)
    return [(0, int(top), width, int(bottom)) for top, bottom in edges]


def _without_rounding(pair: Pair, rows: Rows, removed: list[Box], added: list[Box]) -> tuple[list[Box], list[Box]]:
    """Both lists without rows that rounding gives to one part of a page and takes from another.

    Where no such row was taken away, one more is a wider gap; where nothing else shifts the page, a part of it moved by
    so little. Both are told.
    """
    slight = [
        [box for box in boxes if is_rounding(own, other, rows[side], rows[1 - side], box[1], box[3])]
        for side, (own, other, boxes) in enumerate(
            ((pair.before.opaque, pair.after.opaque, removed), (pair.after.opaque, pair.before.opaque, added))
        )
    ]
    if not all(slight) or len(slight[0]) + len(slight[1]) == len(removed) + len(added):
        return removed, added
    return [box for box in removed if box not in slight[0]], [box for box in added if box not in slight[1]]


def _strips(own: tuple[int, int], other: tuple[int, int]) -> list[Box]:
    """The one or two boxes of a picture of size `own` that one of size `other`, laid flush, does not reach."""
    (width, height), (reach, depth) = own, other
    beside, below = (reach, 0, width, height), (0, depth, min(width, reach), height)
    return [box for box in (beside, below) if box[0] < box[2] and box[1] < box[3]]

"""What was put into panes whose rows shifted, taken out of them, or written anew in rows that shifted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align.panes import alone
from spotdiff.regions.outline import outlines_of
from spotdiff.types import Region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spotdiff.types import Box, Bytes, Evidence, Kind, Mask, Pair, Pane

    Labels = NDArray[np.int32]
    Change = tuple[Kind, Box | None, Box | None]

_GAP = 12  # pixels between letters of one word


def with_panes(
    pair: Pair,
    valid: Mask | None,
    panes: tuple[Pane, ...],
    evidence: Evidence,
    regions: tuple[Region, ...],
    labels: Labels,
) -> tuple[Evidence, tuple[Region, ...], Labels]:
    """Evidence, regions and labels of flush pictures, with what changed in panes whose rows shifted told for certain.

    Args:
        pair: The pictures as they were given.
        valid: (H, W) where the answer counts; None for everywhere.
        panes: Whose rows shifted.
        evidence: Of all else.
        regions: Of all else, the surest first.
        labels: Their labels.
    """
    gone, new, labels = evidence.gone.copy(), evidence.new.copy(), labels.copy()
    told: list[Region] = []
    first = len(regions)
    for kind, before, after in _changes(pair, panes):
        number = first + len(told) + 1
        area = 0
        for box, side in ((before, gone), (after, new)):
            if box is not None:
                counts = _counting(box, valid)
                side[_window(box)][counts] = 1.0
                labels[_window(box)][counts] = number
                area = max(area, int(counts.sum()))
        if area:
            told.append(Region(kind, 1.0, area, before, after, _outline(before), _outline(after), number))
    return replace(evidence, gone=gone, new=new), (*told, *regions), labels


def _changes(pair: Pair, panes: tuple[Pane, ...]) -> Iterator[Change]:
    before, after = pair.before.opaque, pair.after.opaque
    for pane in panes:
        left, _, right, _ = pane.box
        yield from (("removed", (left, top, right, bottom), None) for top, bottom in alone(pane, 0, (before, after)))
        yield from (("added", None, (left, top, right, bottom)) for top, bottom in alone(pane, 1, (before, after)))
        yield from _rewritten(before, after, pane)


def _rewritten(before: Bytes, after: Bytes, pane: Pane) -> Iterator[Change]:
    """Places of rows that shifted and are not the same for all that."""
    left, _, right, _ = pane.box
    own, other = (rows[pane.shifted] for rows in pane.rows)
    differs = (before[own, left:right] != after[other, left:right]).any(-1).astype(np.uint8)
    joined = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((_GAP, _GAP), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for x, y, wide, high, _ in stats[1:].tolist():
        last = y + high - 1
        yield (
            "replaced",
            (left + x, int(own[y]), left + x + wide, int(own[last]) + 1),
            (left + x, int(other[y]), left + x + wide, int(other[last]) + 1),
        )


def _counting(box: Box, valid: Mask | None) -> Mask:
    """Which of a box's pixels count."""
    return np.ones((box[3] - box[1], box[2] - box[0]), bool) if valid is None else valid[_window(box)]


def _outline(box: Box | None) -> tuple[tuple[tuple[int, int], ...], ...]:
    if box is None:
        return ()
    left, top, right, bottom = box
    return outlines_of(np.ones((bottom - top, right - left), np.uint8), left=left, top=top)


def _window(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)

"""Panes of a page whose own rows shifted, beside columns that stayed: a table with a row less, a list with one more.

Rows that reach over the whole page cannot follow such a pane, since what stands beside it did not move. Both pictures
stay flush; rows are matched within the columns of the pane alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spotdiff.align.rows import match_rows
from spotdiff.types import Pane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spotdiff.types import Box, Bytes, Mask

_LEAST_SHIFT = 6  # rows; the halves of one letter shift by less
_FEWEST = 8  # rows with something in them that shifted, so that they are known again
_EXPLAINED = 0.5  # share of the rows that differ, of those that a shift makes the same at least
_GUTTER = 8  # columns without a difference, that part two panes
_SLACK = 1.5  # times as many rows left over as in one column: letters are of several heights
_MOST_STRIPS = 24  # runs of columns that are tried: a page has fewer


def find_panes(before: Bytes, after: Bytes) -> tuple[Pane, ...]:
    """The panes whose rows shifted, of two pages (H, W, 3) uint8 that lie flush; what both have is looked at."""
    height, width = (min(one, other) for one, other in zip(before.shape[:2], after.shape[:2], strict=True))
    before, after = before[:height, :width], after[:height, :width]
    differs = (before != after).any(-1)
    strips = _runs(np.asarray(differs.any(0)), gap=_GUTTER)[:_MOST_STRIPS]
    alone_panes = [_pane(_box(*strip, differs), before, after) for strip in strips]
    found: list[Pane] = []
    start = 0
    while start < len(strips):
        pane, end = alone_panes[start], start + 1
        while pane is not None and end < len(strips):
            wider = _pane(_box(strips[start][0], strips[end][1], differs), before, after)
            other = alone_panes[end]
            if wider is None or other is None or not _is_one(wider, pane, other, (before, after)):
                break
            pane, end = wider, end + 1
        found += [pane] if pane is not None else []
        start = end
    return tuple(found)


def _is_one(pane: Pane, left: Pane, right: Pane, pictures: tuple[Bytes, Bytes]) -> bool:
    """Whether columns shift as one, as those of a table do: no more rows are left over than in either by itself."""
    together, *apart = (_left_over(one, pictures) for one in (pane, left, right))
    return together <= _SLACK * max(apart)


def _left_over(pane: Pane, pictures: tuple[Bytes, Bytes]) -> int:
    """How many rows of a pane one picture has alone, or both in two ways."""
    left, _, right, _ = pane.box
    lonely = sum(bottom - top for side in (0, 1) for top, bottom in alone(pane, side, pictures))
    own, other = (rows[pane.shared] for rows in pane.rows)
    differ = (pictures[0][own, left:right] != pictures[1][other, left:right]).any((1, 2))
    return lonely + int(np.count_nonzero(differ))


def without_shift(panes: tuple[Pane, ...], before: Bytes, after: Bytes) -> Bytes:
    """`after` with what `before` shows where rows of a pane shifted: what changed there is told apart."""
    still = after.copy()
    for pane in panes:
        left, top, right, bottom = pane.box
        stays = np.zeros(bottom - top, bool)
        stays[pane.rows[0][pane.shared & ~pane.shifted] - top] = True
        moved = np.flatnonzero(~stays) + top
        still[moved, left:right] = before[moved, left:right]
    return still


def _pane(box: Box, before: Bytes, after: Bytes) -> Pane | None:
    """The box as a pane, where something was put in or taken out and the shift explains most of what differs besides.

    What shifted differs at both of its places, so that half of the rows that differ are explained by the other half.
    """
    left, top, right, bottom = box
    if bottom - top < 2 * _FEWEST:
        return None
    own, other = before[top:bottom, left:right], after[top:bottom, left:right]
    matched = match_rows(own, other)
    pane = Pane(box, (_of_page(matched[0], top), _of_page(matched[1], top)))
    places = matched[0][pane.shifted], matched[1][pane.shifted]
    if not places[0].size or np.abs(places[0] - places[1]).max() < _LEAST_SHIFT:
        return None
    if not any(bottom - top >= _LEAST_SHIFT for side in (0, 1) for top, bottom in alone(pane, side, (before, after))):
        return None
    apart = (own != other).any((1, 2))
    known = (own[places[0]] == other[places[1]]).all((1, 2)) & _structured(own)[places[0]] & apart[places[0]]
    return pane if np.count_nonzero(known) >= max(_FEWEST, _EXPLAINED * np.count_nonzero(apart) / 2) else None


def alone(pane: Pane, side: int, pictures: tuple[Bytes, Bytes]) -> Iterator[tuple[int, int]]:
    """First and end of the rows of a pane that one picture has alone, but for blank ones, which only make room.

    Args:
        pane: Of both pictures.
        side: 0 for those of before, 1 for those of after.
        pictures: Both, (H, W, 3) uint8.
    """
    left, _, right, _ = pane.box
    own, other = pane.rows[side], pane.rows[1 - side]
    edges = np.diff(np.concatenate([[0], (own >= 0) & (other < 0), [0]]).astype(np.int8))
    for start, end in np.flatnonzero(edges).reshape(-1, 2).tolist():
        top, bottom = int(own[start]), int(own[end - 1]) + 1
        strip = pictures[side][top:bottom, left:right]
        if (strip != strip[:1]).any():
            yield top, bottom


def _of_page(rows: NDArray[np.int64], top: int) -> NDArray[np.int64]:
    return np.where(rows >= 0, rows + top, -1)


def _structured(rows: Bytes) -> Mask:
    """Which rows (N, W, 3) are not as the one above them."""
    structured = np.zeros(len(rows), bool)
    structured[1:] = (rows[1:] != rows[:-1]).any((1, 2))
    return structured


def _box(left: int, right: int, differs: Mask) -> Box:
    """The columns from one to another, over the rows in which they differ."""
    rows = np.flatnonzero(differs[:, left:right].any(1))
    return left, int(rows[0]), right, int(rows[-1]) + 1


def _runs(taken: Mask, *, gap: int) -> list[tuple[int, int]]:
    """First and end of what is taken, with nothing between two for so many places at least."""
    places = np.flatnonzero(taken)
    if not places.size:
        return []
    cuts = np.flatnonzero(np.diff(places) > gap)
    firsts, lasts = np.r_[places[0], places[cuts + 1]], np.r_[places[cuts], places[-1]]
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]

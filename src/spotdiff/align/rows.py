"""Pages whose rows shifted: which rows of two screens are one, and what was inserted or taken out between them."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Box, Bytes, Outline, Rows

    Span = tuple[int, int, int, int]  # rows from and to of before, from and to of after


T = TypeVar("T", bound=np.generic)
_PIECE = 16  # pixels of a row that are looked at together
_MOST = 0.5  # of the width, which what shifted must reach over for the rows to have shifted


def match_rows(before: Bytes, after: Bytes) -> Rows:
    """Each picture's own row for every row of the common frame, -1 where it has none: (N,) int64 of both.

    Rows that are equal to the last level are one. Where only a narrow thing moved on blank ground, such as a button,
    and nothing was put in, the rows did not shift and stay; nor where less differs then. Between equal rows as many as
    both have are laid on each other from the top, or from the end where less differs then, and the rest of the longer
    one has no counterpart. Exchanged pictures give the exchanged answer.

    Args:
        before: (H, W, ...) uint8.
        after: (H, W, ...) uint8, of any height; what both are wide is compared.

    References:
        Cohen (2008), Patience diff: rows that occur once in both are the anchors.

    Examples:
        >>> page = np.arange(12, dtype=np.uint8).reshape(4, 3)
        >>> banner = np.insert(page, 1, 99, axis=0)
        >>> [rows.tolist() for rows in match_rows(page, banner)]
        [[0, -1, 1, 2, 3], [0, 1, 2, 3, 4]]
    """
    width = min(before.shape[1], after.shape[1])
    words = [_digests(picture[:, :width]) for picture in (before, after)]
    rows: tuple[list[int], list[int]] = ([], [])
    spans = _without_moved_things([*_spans(words[0], words[1])], before[:, :width], after[:, :width])
    for top, bottom, over, under in spans:
        more, other = max(under - over - (bottom - top), 0), max(bottom - top - (under - over), 0)
        if (more or other) and _is_laid_from_the_end(before[top:bottom, :width], after[over:under, :width]):
            rows[0].extend([*[-1] * more, *range(top, bottom)])
            rows[1].extend([*range(over, over + more), *[-1] * other, *range(over + more, under)])
            continue
        rows[0].extend([*range(top, bottom), *[-1] * more])
        rows[1].extend([*range(over, under - more), *[-1] * other, *range(under - more, under)])
    return np.array(rows[0], np.int64), np.array(rows[1], np.int64)


def _digests(picture: Bytes) -> list[bytes]:
    return [hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in picture]


def _spans(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[Span]:
    """Spans of rows that belong together, from the top: equal ones, and what lies between those."""
    waiting: list[Span] = [(0, len(before), 0, len(after))]
    while waiting:
        top, bottom, over, under = waiting.pop()
        first = _common_start(before[top:bottom], after[over:under])
        if first:
            yield top, top + first, over, over + first
        top, over = top + first, over + first
        last = _common_start(before[top:bottom][::-1], after[over:under][::-1])
        if last:
            waiting.append((bottom - last, bottom, under - last, under))
        bottom, under = bottom - last, under - last
        anchors = _anchors(before[top:bottom], after[over:under])
        if anchors:
            edges = [(top, over), *((top + one, over + other) for one, other in anchors), (bottom, under)]
            waiting += [(one, end, other, stop) for (one, other), (end, stop) in reversed([*pairwise(edges)])]
        elif bottom > top or under > over:
            yield top, bottom, over, under


def _without_moved_things(spans: Sequence[Span], before: Bytes, after: Bytes) -> Iterator[Span]:
    """The spans, those put into one in which a narrow thing moved up or down on blank ground and the rows stayed."""
    start = 0
    while start < len(spans):
        end = _end_of_shift(spans, start)
        moved = (spans[start][0], spans[end][1], spans[start][2], spans[end][3])
        shifted = spans[start : end + 1]
        if end > start and not (_rows_shifted(shifted, before, after) and _is_cheaper(shifted, moved, before, after)):
            yield moved
            start = end + 1
        else:
            yield spans[start]
            start += 1


def _end_of_shift(spans: Sequence[Span], start: int) -> int:
    """The span after which rows lie as they did ahead of a span that shifts them; that span where none follows."""
    shift = 0
    for number in range(start, len(spans)):
        top, bottom, over, under = spans[number]
        shift += (under - over) - (bottom - top)
        if not shift:
            return number
    return start


def _rows_shifted(spans: Sequence[Span], before: Bytes, after: Bytes) -> bool:
    """Whether something was put in or taken out, or what shifted takes most of the width."""
    for top, bottom, over, under in spans:
        if bottom - top != under - over and (_content(before[top:bottom]) | _content(after[over:under])).any():
            return True
    own = before[spans[0][0] : spans[-1][1]], after[spans[0][2] : spans[-1][3]]
    columns = np.flatnonzero(_content(own[0]) | _content(own[1]))
    return columns.size > 0 and int(columns[-1] - columns[0]) + 1 > _MOST * before.shape[1]


def _is_cheaper(spans: Sequence[Span], whole: Span, before: Bytes, after: Bytes) -> bool:
    """Whether less differs where rows are laid by spans than where all stay, as beside a pane that scrolled they do."""
    laid = 0
    for top, bottom, over, under in spans:
        one, other = before[top:bottom], after[over:under]
        laid += min(_cost(one, other), _cost(one[::-1], other[::-1])) if len(one) != len(other) else _cost(one, other)
    return laid <= _cost(before[whole[0] : whole[1]], after[whole[2] : whole[3]])


def _is_laid_from_the_end(before: Bytes, after: Bytes) -> bool:
    return _cost(before[::-1], after[::-1]) < _cost(before, after)


def _cost(before: Bytes, after: Bytes) -> int:
    """How many short pieces of rows differ, laid from the top, or stand in one picture alone and are not plain."""
    shared = min(len(before), len(after))
    alone = before[shared:] if len(before) > shared else after[shared:]
    return _pieces(before[:shared] != after[:shared]) + _pieces(alone[:, 1:] != alone[:, :-1])


def _pieces(cells: NDArray[np.bool_]) -> int:
    """How many short pieces of rows (N, W, ...) hold a cell that is true."""
    flat = cells.any(axis=tuple(range(2, cells.ndim)))
    if not flat.size:
        return 0
    return int(np.logical_or.reduceat(flat, np.arange(0, flat.shape[1], _PIECE), axis=1).sum())


def _content(rows: Bytes) -> NDArray[np.bool_]:
    """The columns (W,) in which rows differ from the first of them."""
    differs = rows != rows[:1]
    return np.asarray(differs.any(axis=tuple(n for n in range(rows.ndim) if n != 1)))


def _common_start(before: Sequence[bytes], after: Sequence[bytes]) -> int:
    """How many rows are equal from the first on."""
    return next(
        (n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )


def _anchors(before: Sequence[bytes], after: Sequence[bytes]) -> list[tuple[int, int]]:
    """Places of rows that occur once in both and in one order: the longest such series."""
    once = [{row for row, count in Counter(rows).items() if count == 1} for rows in (before, after)]
    places = {row: place for place, row in enumerate(after) if row in once[1]}
    pairs = [(place, places[row]) for place, row in enumerate(before) if row in once[0] and row in places]
    tails: list[int] = []  # the smallest end in after of a series of each length
    ends: list[int] = []
    previous: list[int] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(tails, place)
        previous.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [place]
        ends[length : length + 1] = [number]
    series: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        series.append(pairs[number])
        number = previous[number]
    return series[::-1]


def spread(values: NDArray[T], own: NDArray[np.int64], width: int, *, fill: float) -> NDArray[T]:
    """A picture, mask or map of its own rows as it lies in the common frame of a width, `fill` where it has nothing."""
    common = np.full((len(own), width, *values.shape[2:]), fill, values.dtype)
    has = own >= 0
    common[has, : values.shape[1]] = values[own[has]]
    return common


def gathered(values: NDArray[T], own: NDArray[np.int64], width: int) -> NDArray[T]:
    """Values of the common frame as they lie in a picture's own rows."""
    return values[own >= 0][:, :width]


def own_box(box: Box, own: NDArray[np.int64], width: int) -> Box | None:
    """A box of the common frame in a picture's own rows; None where it has none of it."""
    left, top, right, bottom = box
    rows = own[max(top, 0) : bottom]
    rows = rows[rows >= 0]
    left, right = max(left, 0), min(right, width)
    return (left, int(rows[0]), right, int(rows[-1]) + 1) if len(rows) and left < right else None


def common_box(box: Box, own: NDArray[np.int64]) -> Box:
    """A box of a picture's own rows in the common frame."""
    places = np.flatnonzero(own >= 0)
    return box[0], int(places[box[1]]), box[2], int(places[box[3] - 1]) + 1


def own_outlines(outlines: Sequence[Outline], own: NDArray[np.int64], width: int) -> tuple[Outline, ...]:
    """Outlines of the common frame in a picture's own rows, each corner moved to the nearest row that it has above."""
    above = np.maximum(np.maximum.accumulate(own), 0)
    return tuple(
        tuple((min(x, width - 1), int(above[min(max(y, 0), len(own) - 1)])) for x, y in outline) for outline in outlines
    )


def common_outlines(outlines: Sequence[Outline], own: NDArray[np.int64]) -> tuple[Outline, ...]:
    """Outlines of a picture's own rows in the common frame."""
    places = np.flatnonzero(own >= 0)
    return tuple(tuple((x, int(places[min(y, len(places) - 1)])) for x, y in outline) for outline in outlines)

"""Regions of overlapping windows as regions of the whole: what two windows see of one thing is one region."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.regions.outline import outlines_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.regions.tiled_labels import TiledLabels
    from spotdiff.types import Box, Region

    Labels = NDArray[np.int32]
    Key = tuple[int, int]  # of a region: its window by number, and its label there

_NEXT = ((0, 1), (1, -1), (1, 0), (1, 1))  # rows and columns to the windows that come later and overlap with one
_COVERED = 0.5  # share of a region that lies in one of the overview, to be a part of it
_DRAWN = 4096  # pixels a side up to which an outline is drawn at full size


@dataclass(frozen=True, slots=True, eq=False)
class WindowRegions:
    """What was found in one window.

    Attributes:
        row, column: Of the window.
        window: What it shows, in the frame's pixels.
        core: The part of it that it decides.
        regions: With boxes and outlines in the frame's pixels; at least one.
        coded: Their labels in the window, compressed; see `labels`.
    """

    row: int
    column: int
    window: Box
    core: Box
    regions: tuple[Region, ...]
    coded: bytes

    @classmethod
    def of(
        cls, row: int, column: int, window: Box, core: Box, regions: Sequence[Region], labels: Labels
    ) -> WindowRegions:
        """What was found, of regions in the window's own pixels and labels (h, w) int32."""
        moved = tuple(_moved(region, window[0], window[1]) for region in regions)
        coded = zlib.compress(np.ascontiguousarray(labels, np.int32).tobytes(), 1)
        return cls(row, column, window, core, moved, coded)

    def labels(self, box: Box) -> Labels:
        """The labels of a part of the window, in the frame's pixels."""
        left, top, right, bottom = self.window
        whole = np.frombuffer(zlib.decompress(self.coded), np.int32).reshape(bottom - top, right - left)
        return whole[box[1] - top : box[3] - top, box[0] - left : box[2] - left]

    def reaches(self, box: Box) -> bool:
        """Whether some region may have pixels in a box of the frame."""
        boxes = (b for region in self.regions for b in (region.box_before, region.box_after) if b is not None)
        return any(_common(one, box) is not None for one in boxes)


@dataclass(frozen=True, slots=True, eq=False)
class OverviewRegions:
    """What the overview found that is larger than a window.

    Attributes:
        regions: With boxes and outlines in the frame's pixels.
        labels: (h, w) int32 of the overview, 0 where none of them is.
        factor: How many pixels of the frame are one of the overview.
    """

    regions: tuple[Region, ...]
    labels: Labels
    factor: int

    def in_box(self, box: Box) -> Labels:
        """Their labels in a box of the frame, (h, w) int32."""
        rows, columns = (
            np.minimum(np.arange(box[axis], box[axis + 2]) // self.factor, self.labels.shape[1 - axis] - 1)
            for axis in (1, 0)
        )
        return self.labels[np.ix_(rows, columns)]


def join_windows(found: Sequence[WindowRegions], afar: OverviewRegions, labels: TiledLabels) -> tuple[Region, ...]:
    """The regions of the whole, the surest first, in the frame's pixels; their labels are written.

    Args:
        found: What was found in windows.
        afar: What the overview found; of what windows found, that which lies in it is a part of it.
        labels: Of the frame, in tiles that are the cores of the windows. They may be -1 where nothing was compared.
    """
    groups = _groups(found)
    pixels, covered = _counted(found, afar)
    merged: list[tuple[Region, list[Key]]] = []
    for group in groups:
        decided = sum(pixels[key] for key in group)
        if decided and sum(covered[key] for key in group) < _COVERED * decided:
            merged.append((_surest(found, group, pixels), group))
    ordered = sorted(
        [(region, [], -region.label) for region in afar.regions] + [(region, group, 0) for region, group in merged],
        key=lambda entry: -entry[0].score,
    )
    numbers: dict[Key, int] = {}
    numbers_afar = {0: 0}
    for number, (_, group, label) in enumerate(ordered, 1):
        numbers |= dict.fromkeys(group, number)
        if label:
            numbers_afar[-label] = number
    _write(found, numbers, replace(afar, labels=_renumbered(afar.labels, numbers_afar)), labels)
    return tuple(
        _whole(replace(region, label=number), found, group, pixels, labels)
        for number, (region, group, _) in enumerate(ordered, 1)
    )


def _moved(region: Region, right: int, down: int) -> Region:
    def box(own: Box | None) -> Box | None:
        return None if own is None else (own[0] + right, own[1] + down, own[2] + right, own[3] + down)

    def outlines(own: Sequence[Sequence[tuple[int, int]]]) -> tuple[tuple[tuple[int, int], ...], ...]:
        return tuple(tuple((x + right, y + down) for x, y in outline) for outline in own)

    return replace(
        region,
        box_before=box(region.box_before),
        box_after=box(region.box_after),
        outline_before=outlines(region.outline_before),
        outline_after=outlines(region.outline_after),
    )


def _groups(found: Sequence[WindowRegions]) -> list[list[Key]]:
    """Regions that share a pixel in two windows are one, and so on from window to window."""
    parent: dict[Key, Key] = {
        (n, region.label): (n, region.label) for n, one in enumerate(found) for region in one.regions
    }

    def root(key: Key) -> Key:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    numbers = {(one.row, one.column): n for n, one in enumerate(found)}
    for n, one in enumerate(found):
        for down, right in _NEXT:
            other = numbers.get((one.row + down, one.column + right))
            if other is not None:
                for mine, others in _shared(one, found[other]):
                    parent[root((n, mine))] = root((other, others))
    groups: dict[Key, list[Key]] = defaultdict(list)
    for key in parent:
        groups[root(key)].append(key)
    return list(groups.values())


def _shared(one: WindowRegions, other: WindowRegions) -> Iterator[tuple[int, int]]:
    """Labels of regions of both windows that have a pixel in common."""
    common = _common(one.window, other.window)
    if common is None or not (one.reaches(common) and other.reaches(common)):
        return
    here, there = one.labels(common), other.labels(common)
    both = (here > 0) & (there > 0)
    pairs = here[both].astype(np.int64) << 32 | there[both]
    for pair in np.unique(pairs).tolist():
        yield pair >> 32, pair & 0xFFFFFFFF


def _common(one: Box, other: Box) -> Box | None:
    left, top, right, bottom = (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )
    return (left, top, right, bottom) if left < right and top < bottom else None


def _counted(found: Sequence[WindowRegions], afar: OverviewRegions) -> tuple[Mapping[Key, int], Mapping[Key, int]]:
    """Pixels of each region in the core of its window, and those of them that lie in a region of the overview."""
    pixels: dict[Key, int] = defaultdict(int)
    covered: dict[Key, int] = defaultdict(int)
    for n, one in enumerate(found):
        labels = one.labels(one.core)
        for counts, mask in ((pixels, slice(None)), (covered, afar.in_box(one.core) > 0 if afar.regions else None)):
            if mask is not None:
                numbers, totals = np.unique(labels[mask], return_counts=True)
                counts |= {(n, label): total for label, total in zip(numbers.tolist(), totals.tolist(), strict=True)}
    return pixels, covered


def _surest(found: Sequence[WindowRegions], group: Sequence[Key], pixels: Mapping[Key, int]) -> Region:
    """The region that most of a group lies in, with the score of the surest and the pixels of all."""
    pieces = {key: region for key in group for region in found[key[0]].regions if region.label == key[1]}
    largest = pieces[max(group, key=lambda key: (pixels[key], -key[0]))]
    return replace(largest, score=max(piece.score for piece in pieces.values()), area=sum(pixels[key] for key in group))


def _renumbered(labels: Labels, numbers: Mapping[int, int]) -> Labels:
    table = np.zeros(max(int(labels.max(initial=0)), *numbers) + 1, np.int32)
    for label, number in numbers.items():
        table[label] = number
    return table[labels]


def _write(
    found: Sequence[WindowRegions], numbers: Mapping[Key, int], afar: OverviewRegions, labels: TiledLabels
) -> None:
    """Write the labels of the whole: of what was found in windows, and under it of what the overview found."""
    at = {(one.row, one.column): (n, one) for n, one in enumerate(found)}
    for row, column, box in labels.tiles:
        n, one = at.get((row, column), (0, None))
        if one is None and not afar.regions:
            continue
        written = labels.read(box)
        if afar.regions:
            from_afar = afar.in_box(box)
            written = np.where((from_afar > 0) & (written >= 0), from_afar, written)
        if one is not None:
            own = _renumbered(
                one.labels(box), {region.label: numbers.get((n, region.label), 0) for region in one.regions}
            )
            written = np.where((own > 0) & (written >= 0), own, written)
        labels.write(row, column, written)


def _whole(
    region: Region,
    found: Sequence[WindowRegions],
    group: Sequence[Key],
    pixels: Mapping[Key, int],
    labels: TiledLabels,
) -> Region:
    """The region with box and outline of all that its group decided; of one that moved they are known."""
    if not group or region.kind == "moved":
        return region
    if len(group) == 1 and _inside(region.box_before, found[group[0][0]].core):
        return region
    boxes = [
        common
        for n, label in group
        if pixels[n, label]
        for piece in found[n].regions
        if piece.label == label and piece.box_before is not None
        if (common := _common(piece.box_before, found[n].core)) is not None
    ]
    box = min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
    mask, step = _mask(labels, box, region.label)
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(ys):
        return region
    tight = (
        box[0] + int(xs[0]) * step,
        box[1] + int(ys[0]) * step,
        min(box[0] + (int(xs[-1]) + 1) * step, box[2]),
        min(box[1] + (int(ys[-1]) + 1) * step, box[3]),
    )
    outlines = tuple(tuple((box[0] + x * step, box[1] + y * step) for x, y in outline) for outline in outlines_of(mask))
    return replace(region, box_before=tight, box_after=tight, outline_before=outlines, outline_after=outlines)


def _inside(box: Box | None, core: Box) -> bool:
    return box is not None and _common(box, core) == box


def _mask(labels: TiledLabels, box: Box, number: int) -> tuple[NDArray[np.uint8], int]:
    """(h, w) uint8 of a label in a box, and how many pixels of the frame one of it is across and down."""
    left, top, right, bottom = box
    step = max(-(-max(right - left, bottom - top) // _DRAWN), 1)
    parts = []
    rows = step * max(labels.tile // step, 1)
    for start in range(top, bottom, rows):
        part = (labels.read((left, start, right, min(start + rows, bottom))) == number).astype(np.uint8)
        if step > 1:
            size = -(-part.shape[1] // step), -(-part.shape[0] // step)
            padded = cv2.copyMakeBorder(
                part,
                0,
                size[1] * step - part.shape[0],
                0,
                size[0] * step - part.shape[1],
                cv2.BORDER_CONSTANT,
                value=(0,),
            )
            part = padded.reshape(size[1], step, size[0], step).max((1, 3))
        parts.append(part)
    return np.concatenate(parts), step

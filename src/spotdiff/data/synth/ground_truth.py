"""The truth of a pair, read back from who owns which pixel of its canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.dataset import CHANGED, UNCHANGED, UNCOUNTED
from spotdiff.data.example import Place
from spotdiff.data.synth.camera import Camera
from spotdiff.data.synth.canvas import AFTER, BEFORE, BOTH, PairCanvas
from spotdiff.data.synth.changes import Change
from spotdiff.regions.outline import outlines_of

if TYPE_CHECKING:
    from spotdiff.types import Box, Bytes, Mask

_FEWEST = 8  # pixels that must be seen of a change for it to be one


@dataclass(frozen=True, slots=True, eq=False)
class PairTruth:
    """What is true of a pair; see `spotdiff.data.example.Example`.

    Attributes:
        mask: (H, W) uint8 in before's pixels: 255 where either picture has what the other has not, 170 where nobody can
            say, else 0.
    """

    mask: Bytes
    gone: Mask
    new: Mask
    counted_before: Mask
    counted_after: Mask
    places: tuple[Place, ...]
    things_gone: Bytes
    things_new: Bytes


def pair_truth(
    canvas: PairCanvas,
    changes: Sequence[Change],
    shared: Sequence[int],
    seen_by: Camera,
    cover: Bytes | None = None,
    restless: Bytes | None = None,
) -> PairTruth:
    """Both masks, what counts, and the changes that are seen, each in the pixels of its picture.

    What differs between the pictures of the canvas but is owned by no change is not counted: soft edges, what painting
    over left, what things in front cover or bare as the camera moves. Shadows that things throw on the scene count, as
    unchanged. Nor is what only one of the pictures looks at, and changes of which too little is seen. Above 0 in
    `cover`, (H, W) uint8 of both pictures, nothing is. Where `restless`, (H, W) uint8 of the canvas, is above 0, the
    scene itself changed: only things that were put there count.
    """
    owned = [_chosen(canvas.instances[side], [_number(change, side) for change in changes]) for side in BOTH]
    differing = canvas.differing() if restless is None else cv2.bitwise_or(canvas.differing(), restless)
    loose = cv2.bitwise_and(differing, cv2.bitwise_not(cv2.bitwise_or(*owned)))
    maps = [*canvas.instances]
    for side in BOTH:
        uncounted = loose
        if any(seen_by.parallax):
            uncounted = cv2.bitwise_and(loose, cv2.bitwise_not(_chosen(canvas.instances[side], shared)))
        elsewhere = seen_by.views[1 - side]
        if elsewhere.matrix is not None or seen_by.views[side].matrix is not None:
            uncounted = cv2.bitwise_or(uncounted, cv2.bitwise_not(elsewhere.footprint(uncounted.shape)))
        maps.append(uncounted)
    stacked = cv2.merge(maps)
    seen = [cv2.split(seen_by.views[side].numbers(stacked, beyond=(0, 0, 255, 255))) for side in BOTH]
    return _sorted_out(seen, changes, cover)


def _number(change: Change, side: int) -> int:
    return change.old if side == BEFORE else change.new


def _chosen(instances: Bytes, numbers: Sequence[int]) -> Bytes:
    """255 where one of the numbers stands."""
    table = np.zeros(256, np.uint8)
    table[[number for number in numbers if number]] = 255
    return np.asarray(cv2.LUT(instances, table))


def _sorted_out(seen: Sequence[Sequence[Bytes]], changes: Sequence[Change], cover: Bytes | None) -> PairTruth:
    """From the four maps as each picture shows them: owners in before, in after, not counted in before, in after."""
    counted = [cv2.bitwise_not(seen[side][2 + side]) for side in BOTH]
    if cover is not None:
        counted = [cv2.subtract(mask, cover) for mask in counted]
    known = [change for change in changes if _is_seen(change, seen, counted)]
    lost = [change for change in changes if change not in known]
    places = tuple(_place(change, seen, counted) for change in known)
    masks = [_chosen(seen[side][side], [_number(change, side) for change in known]) > 0 for side in BOTH]
    left_out = [_chosen(seen[side][side], [_number(change, side) for change in lost]) > 0 for side in BOTH]
    counts = [(counted[side] > 0) & ~left_out[side] for side in BOTH]
    either = masks[BEFORE] | (_chosen(seen[BEFORE][AFTER], [change.new for change in known]) > 0)
    open_ = ~counts[BEFORE] | (_chosen(seen[BEFORE][AFTER], [change.new for change in lost]) > 0)
    mask = np.where(open_, UNCOUNTED[0], np.where(either, CHANGED, UNCHANGED)).astype(np.uint8)
    cutouts = [np.where(masks[side], seen[side][side], 0).astype(np.uint8) for side in BOTH]
    return PairTruth(mask, masks[BEFORE], masks[AFTER], counts[BEFORE], counts[AFTER], places, *cutouts)


def _is_seen(change: Change, seen: Sequence[Sequence[Bytes]], counted: Sequence[Bytes]) -> bool:
    """Whether enough is seen, where it counts, of each of the things of a change."""
    return all(
        cv2.countNonZero(_part(seen[side][side], _number(change, side), counted[side])) >= _FEWEST
        for side in BOTH
        if _number(change, side)
    )


def _part(instances: Bytes, number: int, counted: Bytes) -> Bytes:
    """255 where a thing is seen and counts."""
    return np.asarray(cv2.bitwise_and(cv2.compare(instances, number, cv2.CMP_EQ), counted))


def _place(change: Change, seen: Sequence[Sequence[Bytes]], counted: Sequence[Bytes]) -> Place:
    """The place of a change; what is only in one picture has its box where it stands, or will, in the other."""
    boxes: list[Box | None] = []
    outlines = []
    for side in BOTH:
        number, other = _number(change, side), _number(change, 1 - side)
        part = _part(seen[side][side if number else 1 - side], number or other, counted[side])
        boxes.append(_box(part))
        outlines.append(outlines_of(part) if number else ())
    return Place(change.kind, boxes[BEFORE], boxes[AFTER], outlines[BEFORE], outlines[AFTER], change.facts)


def _box(mask: Bytes) -> Box | None:
    left, top, width, height = cv2.boundingRect(mask)
    return (left, top, left + width, top + height) if width and height else None

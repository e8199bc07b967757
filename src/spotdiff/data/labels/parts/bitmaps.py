"""What is drawn on a pair, as masks and boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.data.dataset import CHANGED as YES
from spotdiff.data.dataset import EITHER, UNCOUNTED
from spotdiff.data.labels.parts.marks import SIDES, Side
from spotdiff.data.labels.parts.polygons import cover, tight_box
from spotdiff.data.labels.parts.words import ADDED, CHANGED, IGNORE, MOVED, REMOVED
from spotdiff.regions.boxes import iou

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spotdiff.data.labels.parts.gather import Labelled
    from spotdiff.types import Box, Bytes, Mask

FOLDERS = (ADDED, REMOVED, CHANGED, "unchanged", "gone", "new", "mask")
_SAME_PLACE = 0.5  # IoU from which what is drawn on both pictures is one changed thing


@dataclass(frozen=True, slots=True, eq=False)
class Bitmaps:
    """Masks (H, W) bool of a pair that lies pixel on pixel; nothing is gone or new where it is ignored."""

    gone: Mask
    new: Mask
    ignored: Mask

    def by_folder(self) -> Mapping[str, Bytes]:
        """The picture that each folder of a dataset gets: 255 for yes, 0 for no.

        In added, removed, changed and unchanged nothing is yes where it is ignored; gone, new and mask have 170 there.
        """
        gone, new, either = self.gone, self.new, self.gone | self.new
        plain = {ADDED: new & ~gone, REMOVED: gone & ~new, CHANGED: gone & new, "unchanged": ~either & ~self.ignored}
        told = {"gone": gone, "new": new, "mask": either}
        ignored = np.where(self.ignored, UNCOUNTED[0], 0).astype(np.uint8)
        found = {name: np.where(yes, YES, 0).astype(np.uint8) for name, yes in plain.items()}
        return found | {name: np.where(yes, YES, ignored).astype(np.uint8) for name, yes in told.items()}


def bitmaps_of(pair: Labelled) -> Bitmaps:
    """What is gone, new and ignored: changed is both, moved is gone where it was and new where it is."""
    width, height = pair.size
    gone, new, ignored = (np.zeros((height, width), bool) for _ in range(3))
    for kind, side, box, covered in _covered(pair):
        here = slice(box[1], box[3]), slice(box[0], box[2])
        for mask, wanted in (
            (gone, kind in (REMOVED, CHANGED) or (kind == MOVED and side == "before")),
            (new, kind in (ADDED, CHANGED) or (kind == MOVED and side == "after")),
            (ignored, kind == IGNORE),
        ):
            if wanted:
                mask[here] |= covered
    return Bitmaps(gone & ~ignored, new & ~ignored, ignored)


def _covered(pair: Labelled) -> Iterator[tuple[str, Side, Box, Mask]]:
    for side in SIDES:
        for mark in pair.marks.get(side, ()):
            yield mark.label, side, *cover(mark.rings, pair.size)


def boxes_of(pair: Labelled, *, form: str) -> dict[str, Any]:
    """The boxes as `read_truth` reads them.

    Args:
        pair: Whose.
        form: `places`: a box in each picture for whatever changed there; what is drawn as changed on both pictures at
            one place is one. `objects`: what is gone or new where it is seen; what is ignored may be reported or not.
    """
    drawn = [
        (kind, side, box)
        for kind, side, window, covered in _covered(pair)
        if (box := tight_box(window, covered)) is not None
    ]
    changed = any(kind != IGNORE for kind, _, _ in drawn)
    rows = _objects(drawn) if form == "objects" else _places(drawn)
    boxes: dict[str, Any] = {"form": form, "changed": changed, "boxes": [[*before, kind] for kind, before, _ in rows]}
    return boxes | ({} if form == "objects" else {"boxes_after": [list(after) for _, _, after in rows]})


def _objects(drawn: list[tuple[str, Side, Box]]) -> list[tuple[str, Box, Box]]:
    rows = []
    for kind, side, box in drawn:
        if kind == IGNORE:
            rows.append((EITHER, box, box))
        if kind in (REMOVED, CHANGED) or (kind == MOVED and side == "before"):
            rows.append((REMOVED, box, box))
        if kind in (ADDED, CHANGED) or (kind == MOVED and side == "after"):
            rows.append((ADDED, box, box))
    return rows


def _places(drawn: list[tuple[str, Side, Box]]) -> list[tuple[str, Box, Box]]:
    """Each place once, with its box in both pictures; the pictures lie pixel on pixel."""
    late = [box for kind, side, box in drawn if (kind, side) == (CHANGED, "after")]
    rows = []
    for kind, side, box in drawn:
        if kind == IGNORE or (kind, side) == (CHANGED, "after"):
            continue
        same = [other for other in late if iou(box, other) >= _SAME_PLACE] if kind == CHANGED else []
        after = max(same, key=lambda other: iou(box, other)) if same else box
        if same:
            late.remove(after)
        rows.append((kind, box, after))
    return rows + [(CHANGED, box, box) for box in late]

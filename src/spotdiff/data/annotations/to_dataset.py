"""Annotations in: annotated pairs become a dataset with masks and boxes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.atomic_write import write_whole
from spotdiff.data.annotations.annotation import ADDED, CHANGED, IGNORE, MOVED, REMOVED, SIDES, Side
from spotdiff.data.dataset import CHANGED as CHANGED_LEVEL
from spotdiff.data.dataset import EITHER, UNCOUNTED
from spotdiff.errors import OptionError
from spotdiff.image.png import encode_grey
from spotdiff.regions.boxes import iou
from spotdiff.regions.polygons import covered_window, tight_box

if TYPE_CHECKING:
    from spotdiff.data.annotations.pairs import AnnotatedPair
    from spotdiff.types import Box, Bytes, Mask

_SAME_PLACE = 0.5  # IoU from which what is drawn on both pictures is one changed thing


def write_dataset(pairs: Sequence[AnnotatedPair], out: Path, *, boxes: str = "places") -> Iterator[AnnotatedPair]:
    """Write a dataset, pair by pair as it is asked for; it stands in `out` when the last has been given.

    Each pair gets before/, after/, added/, removed/, changed/, unchanged/, gone/, new/, mask/ and boxes/ of its name.

    Args:
        pairs: Usable pairs of names that differ.
        out: A folder that is not there yet, or is empty.
        boxes: `places` or `objects`, see `spotdiff.data.dataset.Truth`.

    Raises:
        OptionError: `out` holds something.
    """
    with new_folder(out) as folder:
        for pair in pairs:
            if len(pair.images) == 1:
                coded = [(".png", half) for half in pair.images[0].halves()]
            else:
                coded = [(image.suffix, image.data) for image in pair.images]
            for side, (suffix, data) in zip(SIDES, coded, strict=True):
                write_whole(folder / side / f"{pair.name}{suffix}", data)
            for name, pixels in change_masks(pair).by_folder().items():
                write_whole(folder / name / f"{pair.name}.png", encode_grey(pixels))
            text = json.dumps(boxes_of(pair, form=boxes)) + "\n"
            write_whole(folder / "boxes" / f"{pair.name}.json", text.encode("ascii"))
            yield pair


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder beside `out` to fill, which takes its place when all went well and vanishes when not.

    Raises:
        OptionError: `out` is a file, or a folder that holds something.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OptionError(f"{out} is there already: choose a new or an empty folder")
    part = out.absolute().with_name(f".{out.absolute().name}.part")
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(parents=True)
    try:
        yield part
        if out.exists():
            out.rmdir()
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@dataclass(frozen=True, slots=True, eq=False)
class ChangeMasks:
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
        truth = {"gone": gone, "new": new, "mask": either}
        ignored = np.where(self.ignored, UNCOUNTED[0], 0).astype(np.uint8)
        pictures = {name: np.where(mask, CHANGED_LEVEL, 0).astype(np.uint8) for name, mask in plain.items()}
        return pictures | {
            name: np.where(mask, CHANGED_LEVEL, ignored).astype(np.uint8) for name, mask in truth.items()
        }


def change_masks(pair: AnnotatedPair) -> ChangeMasks:
    """What is gone, new and ignored: changed is both, moved is gone where it was and new where it is."""
    width, height = pair.size
    gone, new, ignored = (np.zeros((height, width), bool) for _ in range(3))
    for category, side, box, covered in _covered(pair):
        window = slice(box[1], box[3]), slice(box[0], box[2])
        if _is_gone(category, side):
            gone[window] |= covered
        if _is_new(category, side):
            new[window] |= covered
        if category == IGNORE:
            ignored[window] |= covered
    return ChangeMasks(gone & ~ignored, new & ~ignored, ignored)


def _is_gone(category: str, side: Side) -> bool:
    return category in (REMOVED, CHANGED) or (category == MOVED and side == "before")


def _is_new(category: str, side: Side) -> bool:
    return category in (ADDED, CHANGED) or (category == MOVED and side == "after")


def _covered(pair: AnnotatedPair) -> Iterator[tuple[str, Side, Box, Mask]]:
    for side in SIDES:
        for annotation in pair.annotations.get(side, ()):
            yield annotation.category, side, *covered_window(annotation.polygons, pair.size)


def boxes_of(pair: AnnotatedPair, *, form: str) -> dict[str, Any]:
    """The boxes as `read_truth` reads them.

    Args:
        pair: Whose.
        form: `places`: a box in each picture for whatever changed there; what is drawn as changed on both pictures at
            one place is one. `objects`: what is gone or new where it is seen; what is ignored may be reported or not.
    """
    drawn = [
        (category, side, box)
        for category, side, window, covered in _covered(pair)
        if (box := tight_box(window, covered)) is not None
    ]
    changed = any(category != IGNORE for category, _, _ in drawn)
    rows = _objects(drawn) if form == "objects" else _places(drawn)
    boxes: dict[str, Any] = {
        "form": form,
        "changed": changed,
        "boxes": [[*before, category] for category, before, _ in rows],
    }
    return boxes | ({} if form == "objects" else {"boxes_after": [list(after) for _, _, after in rows]})


def _objects(drawn: list[tuple[str, Side, Box]]) -> list[tuple[str, Box, Box]]:
    rows = []
    for category, side, box in drawn:
        if category == IGNORE:
            rows.append((EITHER, box, box))
        if _is_gone(category, side):
            rows.append((REMOVED, box, box))
        if _is_new(category, side):
            rows.append((ADDED, box, box))
    return rows


def _places(drawn: list[tuple[str, Side, Box]]) -> list[tuple[str, Box, Box]]:
    """Each place once, with its box in both pictures; the pictures lie pixel on pixel."""
    changed_in_after = [box for category, side, box in drawn if (category, side) == (CHANGED, "after")]
    rows = []
    for category, side, box in drawn:
        if category == IGNORE or (category, side) == (CHANGED, "after"):
            continue
        same = [other for other in changed_in_after if iou(box, other) >= _SAME_PLACE] if category == CHANGED else []
        after = max(same, key=lambda other: iou(box, other)) if same else box
        if same:
            changed_in_after.remove(after)
        rows.append((category, box, after))
    return rows + [(CHANGED, box, box) for box in changed_in_after]

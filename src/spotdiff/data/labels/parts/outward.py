"""Labels out: a dataset's masks become polygons that a labelling tool opens, beside copies of the pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.data.dataset import CHANGED as YES
from spotdiff.data.dataset import EITHER, UNCOUNTED, Truth, read_truth
from spotdiff.data.labels.parts.inward import new_folder
from spotdiff.data.labels.parts.marks import SIDES, Mark, Sheet, Side
from spotdiff.data.labels.parts.pictures import to_png
from spotdiff.data.labels.parts.polygons import polygons_of, rectangle
from spotdiff.data.labels.parts.words import ADDED, CHANGED, IGNORE, REMOVED
from spotdiff.errors import DataError, SpotdiffError
from spotdiff.files import write_whole
from spotdiff.image import load_picture

if TYPE_CHECKING:
    from spotdiff.data.dataset import Dataset, Sample
    from spotdiff.data.labels.parts.marks import Format
    from spotdiff.types import Bytes, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A sample and what is to be drawn on its pictures: one sheet for each, or one for both side by side."""

    sample: Sample
    sheets: tuple[Sheet, ...]


def draw(dataset: Dataset, *, side_by_side: bool = False) -> tuple[tuple[Drawn, ...], tuple[str, ...]]:
    """What is to be drawn on every pair whose truth is known, and every trouble with them, one line each."""
    every: list[Drawn] = []
    troubles: list[str] = []
    for sample in dataset:
        try:
            every.append(_drawn(sample, side_by_side=side_by_side))
        except SpotdiffError as error:
            said = str(error)
            troubles.append(said if sample.name in said else f"{sample.name}: {said}")
    return tuple(every), tuple(troubles)


def write_labels(form: Format, drawn: Sequence[Drawn], out: Path) -> Iterator[Drawn]:
    """Write pictures and label files, pair by pair as it is asked for; they stand in `out` after the last.

    Args:
        form: How the labels are to be written.
        drawn: What is to be drawn on each pair.
        out: A folder that is not there yet, or is empty.

    Raises:
        OptionError: `out` holds something.
    """
    with new_folder(out) as folder:
        sheets: list[Sheet] = []
        for one in drawn:
            for sheet, data in zip(one.sheets, _pictures(one), strict=True):
                write_whole(folder / sheet.name, data)
                sheets.append(replace(sheet, weight=len(data)))
            yield one
        for name, data in form.write(sheets).items():
            write_whole(folder / name, data)


def _pictures(one: Drawn) -> Iterator[bytes]:
    files = one.sample.before, one.sample.after
    if len(one.sheets) == 2:
        yield from (file.read_bytes() for file in files)
    else:
        yield to_png(np.hstack([load_picture(file).pixels for file in files]))


def _drawn(sample: Sample, *, side_by_side: bool) -> Drawn:
    truth = read_truth(sample)
    files = {"before": sample.before, "after": sample.after}
    sizes = {side: load_picture(file).size for side, file in files.items()}
    marks = {side: tuple(_marks(truth, side)) for side in SIDES}
    for side, mask in (("before", truth.mask), ("before", truth.gone), ("after", truth.new)):
        if mask is not None and mask.shape[::-1] != sizes[side]:
            raise DataError(f"{sample.name}: a mask is {mask.shape[1]}x{mask.shape[0]}, {side} is of another size")
    if side_by_side:
        return Drawn(sample, (_joined(sample, marks, sizes),))
    sheets = [
        Sheet(f"{side}/{sample.name}{files[side].suffix}", marks[side], files[side], sizes[side]) for side in SIDES
    ]
    return Drawn(sample, tuple(sheets))


def _joined(sample: Sample, marks: dict[Side, tuple[Mark, ...]], sizes: dict[str, tuple[int, int]]) -> Sheet:
    (width, height), after = sizes["before"], sizes["after"]
    if after != (width, height):
        raise DataError(f"{sample.name}: its pictures differ in size and cannot stand side by side")
    to_the_right = np.array([width, 0.0])
    moved = [replace(mark, rings=tuple(ring + to_the_right for ring in mark.rings)) for mark in marks["after"]]
    return Sheet(f"{sample.name}.png", (*marks["before"], *moved), sample.before, (2 * width, height))


def _marks(truth: Truth, side: Side) -> Iterator[Mark]:
    """What is to be drawn on one picture: the masks if there are any, else the boxes."""
    if truth.mask is None and truth.gone is None:
        return _from_boxes(truth, side)
    return (Mark("", kind, (ring,)) for kind, mask in _areas(truth, side) for ring in polygons_of(mask))


def _areas(truth: Truth, side: Side) -> Iterable[tuple[str, Mask]]:
    """What one picture shows of each kind; what both show is drawn once, in before where nothing else is known."""
    gone, new = truth.gone, truth.new
    if gone is None or new is None:
        if truth.mask is None or side == "after":
            return []
        return [(CHANGED, np.asarray(truth.mask == YES)), *_ignored(truth.mask, None)]
    if gone.shape != new.shape:  # nobody knows what lies where, so nothing is known to be on one place
        own = gone if side == "before" else new
        return [(REMOVED if side == "before" else ADDED, own == YES), *_ignored(own, None)]
    both = (gone == YES) & (new == YES)
    if side == "before":
        return [(REMOVED, (gone == YES) & ~both), *_ignored(gone, None)]
    return [(ADDED, (new == YES) & ~both), (CHANGED, both), *_ignored(new, gone)]


def _ignored(mask: Bytes, told: Bytes | None) -> list[tuple[str, Mask]]:
    uncounted = np.isin(mask, UNCOUNTED)
    return [(IGNORE, uncounted if told is None else uncounted & ~np.isin(told, UNCOUNTED))]


def _from_boxes(truth: Truth, side: Side) -> Iterator[Mark]:
    if truth.form not in ("objects", "places") and truth.boxes:
        raise DataError(f"{truth.form} are too vague to be drawn: only masks, objects and places can be")
    if truth.changed is not False and not truth.boxes:
        raise DataError("nothing tells where it changed")
    boxes = truth.boxes_after if truth.form == "places" and side == "after" else truth.boxes
    home = {REMOVED: "before", ADDED: "after", IGNORE: "before"}  # what is changed is drawn on both
    for box, kind in zip(boxes, truth.kinds, strict=True):
        known = IGNORE if kind == EITHER else kind if kind in home else CHANGED
        if home.get(known, side) == side:
            yield Mark("", known, (rectangle(*box),))

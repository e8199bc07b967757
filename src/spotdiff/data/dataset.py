"""Datasets: samples as files, and what is known of a sample, read from its files and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from spotdiff.data.decode_array import decode_array
from spotdiff.data.read_json import read_json_object
from spotdiff.errors import DataError
from spotdiff.input_files import read_bytes

if TYPE_CHECKING:
    from spotdiff.types import Bytes

_PHOTOGRAPHS = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".webp",
    ".tif",
    ".tiff",
    ".bmp",
    ".avif",
    ".heic",
    ".heif",
    ".jp2",
    ".j2k",
)
PICTURE_SUFFIXES = frozenset((*_PHOTOGRAPHS, ".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".dcm"))
CHANGED, UNCHANGED = 255, 0
UNCOUNTED = (170, 85)  # unknown or unlabelled, outside the region of interest
_FARTHEST = 1e9  # pixels
EITHER = "either"  # kind of an object that may be reported or not

Form = Literal["areas", "points", "objects", "places"]
TrueBox = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Sample:
    """A pair with its truth, as files; nothing is read yet.

    Attributes:
        name: Its name in the dataset: the path below the folder of pictures, without the ending.
        before: The earlier picture.
        after: The later picture.
        mask: Picture of `before`'s size that says which pixels changed; None for none.
        boxes: JSON file that says what changed as boxes, or whether anything did; None for none.
        gone, new: Pictures of before's and of after's size that say which pixels have no counterpart; None for none.
        reader: What reads the truth of a sample laid out in a way of its own; None for the way told above.
    """

    name: str
    before: Path
    after: Path
    mask: Path | None = None
    boxes: Path | None = None
    gone: Path | None = None
    new: Path | None = None
    reader: Callable[[Sample], Truth] | None = None

    @property
    def has_truth(self) -> bool:
        """Whether anything says what changed."""
        return any((self.mask, self.boxes, self.gone, self.reader))

    @property
    def files(self) -> tuple[Path, ...]:
        """Its files."""
        return tuple(filter(None, (self.before, self.after, self.mask, self.boxes, self.gone, self.new)))


@dataclass(frozen=True, slots=True)
class Dataset:
    """A set of samples.

    Attributes:
        name: The folder's name; with a split, `NAME/SPLIT`.
        samples: Sorted by name.
        odd: What could not be paired, one line a file; these files are in no sample.
    """

    name: str
    samples: tuple[Sample, ...]
    odd: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is known of a pair.

    Attributes:
        changed: Whether anything changed; None where nobody knows.
        mask: (H, W) uint8 in before's pixels: 255 changed, 0 not, 170 and 85 not counted; None for none.
        form: How boxes are meant. Areas: wide boxes around a change, hit by a region whose centre lies inside.
            Points: places to hit, as boxes around them. Objects: tight boxes, to be matched; `removed` ones in before's
            pixels, `added` ones in after's, `either` ones not counted. Places: for every changed place, whatever
            happened there, a tight box in before's pixels and one in after's. None without boxes.
        boxes: Half-open [left, top, right, bottom].
        kinds: One a box; empty words where nobody knows.
        boxes_after: Of places, the same places in after's pixels; else ().
        gone: (H, W) uint8 in before's pixels, the values of `mask`: what has no counterpart in after; None for unknown.
        new: The same in after's pixels: what has no counterpart in before.
    """

    changed: bool | None
    mask: Bytes | None = None
    form: Form | None = None
    boxes: tuple[TrueBox, ...] = ()
    kinds: tuple[str, ...] = ()
    boxes_after: tuple[TrueBox, ...] = ()
    gone: Bytes | None = None
    new: Bytes | None = None


@dataclass(frozen=True, slots=True)
class KnownTruth:
    """A reader that knows the truth already, as where one file holds that of many pairs.

    It travels with the sample; the attributes are those of `Truth`.
    """

    changed: bool | None
    form: Form | None = None
    boxes: tuple[TrueBox, ...] = ()
    kinds: tuple[str, ...] = ()
    boxes_after: tuple[TrueBox, ...] = ()

    def __call__(self, sample: Sample) -> Truth:
        """The truth; nothing is read."""
        return Truth(self.changed, None, self.form, self.boxes, self.kinds, self.boxes_after)


def read_truth(sample: Sample) -> Truth:
    """What the sample's files say; a mask says more than boxes, of which only `places` then count beside it.

    Raises:
        DataError: there is no truth, or a file of it cannot be read or says what it cannot mean.
    """
    if sample.reader is not None:
        return sample.reader(sample)
    if sample.mask is not None or (sample.gone is not None and sample.new is not None):
        truth = _read_masks(sample)
        boxes = None if sample.boxes is None else read_boxes(sample.boxes)
        if boxes is None or boxes.form != "places":  # other boxes are too wide or too few to add to masks
            return truth
        return replace(truth, form=boxes.form, boxes=boxes.boxes, kinds=boxes.kinds, boxes_after=boxes.boxes_after)
    if sample.boxes is None:
        raise DataError(f"{sample.name} has no truth: it needs mask/{sample.name}.png or boxes/{sample.name}.json")
    return read_boxes(sample.boxes)


def _read_masks(sample: Sample) -> Truth:
    """The truth in masks; where there is none for both pictures together, it is what either of the two says."""
    mask, gone, new = (None if path is None else read_mask(path) for path in (sample.mask, sample.gone, sample.new))
    if (gone is None) != (new is None):
        raise DataError(f"{sample.name} has only one of gone/{sample.name}.png and new/{sample.name}.png")
    if mask is None and gone is not None and new is not None:
        if gone.shape != new.shape:
            raise DataError(f"{sample.name} needs mask/{sample.name}.png, as its pictures differ in size")
        mask = np.maximum(gone, new)
    changed = mask is not None and bool(np.any(mask == CHANGED))
    return Truth(changed, mask, gone=gone, new=new)


def read_mask(path: Path) -> Bytes:
    """(H, W) uint8: 255 changed, 0 not, 170 and 85 not counted.

    Raises:
        DataError: it is no picture, or holds another value.
    """
    mask = decode_array(read_bytes(path), cv2.IMREAD_GRAYSCALE, name=str(path))
    if mask is None:
        raise DataError(f"{path} cannot be read as a mask")
    values = np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
    wrong = [int(value) for value in values if value not in (CHANGED, UNCHANGED, *UNCOUNTED)]
    if wrong:
        some = ", ".join(map(str, wrong[:5])) + (" and others" if len(wrong) > 5 else "")
        raise DataError(f"{path} holds {some}: a mask holds 255 changed, 0 not changed, 170 or 85 not counted")
    return np.asarray(mask, np.uint8)


def read_boxes(path: Path) -> Truth:
    """The truth in a file `{"boxes": [[left, top, right, bottom, kind?], ...], "form": ..., "changed": ...}`.

    Every key may be missing or null, but not both `boxes` and `changed`. `form` is "areas" when missing, "objects",
    "places", or a word that starts with "point" or "click". Places also need `"boxes_after"`, one box for each of
    `boxes` and in their order.

    Raises:
        DataError: it is no such file.
    """
    document = read_json_object(path)
    changed, rows = document.get("changed"), document.get("boxes")
    known = isinstance(changed, bool) or isinstance(rows, list)
    if not known or not isinstance(changed, bool | None) or not isinstance(rows, list | None):
        raise DataError(f'{path} needs "boxes" (a list) or "changed" (true or false)')
    if rows is None:
        return Truth(changed=changed)
    form = _parse_form(document.get("form") or "areas", path)
    boxes = [_parse_box(row, form, path) for row in rows]
    boxes_after: tuple[TrueBox, ...] = ()
    if form == "places":
        rows_after = document.get("boxes_after")
        if not isinstance(rows_after, list) or len(rows_after) != len(rows):
            given = f"{len(rows_after)} of them" if isinstance(rows_after, list) else "no list"
            raise DataError(
                f'{path}: places need a box in "boxes_after" for each of the {len(rows)} boxes, not {given}'
            )
        boxes_after = tuple(_parse_box(row, "places", path)[0] for row in rows_after)
    kinds = tuple(kind for _, kind in boxes)
    if changed is None:  # objects that may be reported or not leave open whether anything changed
        changed = any(kind != EITHER for kind in kinds) or (None if kinds else False)
    return Truth(changed, None, form, tuple(box for box, _ in boxes), kinds, boxes_after)


def _parse_form(word: object, path: Path) -> Form:
    if word == "areas" or word == "objects" or word == "places":
        return word
    if isinstance(word, str) and word.startswith(("point", "click")):
        return "points"
    raise DataError(f'{path}: "form" is areas, objects, places or points, not {word!r}')


def _parse_box(row: object, form: Form, path: Path) -> tuple[TrueBox, str]:
    if not isinstance(row, list) or len(row) not in (4, 5) or not all(map(_is_coordinate, row[:4])):
        raise DataError(f"{path}: a box is [left, top, right, bottom, kind?], not {row!r}")
    left, top, right, bottom = map(float, row[:4])
    kind = str(row[4]) if len(row) == 5 else ""
    if not (left < right and top < bottom):
        raise DataError(f"{path}: box {row!r} is empty: right must exceed left, bottom must exceed top")
    if form == "objects" and kind not in ("removed", "added", EITHER):
        raise DataError(f"{path}: an object is removed, added or either, not {kind!r}")
    return (left, top, right, bottom), kind


def _is_coordinate(value: object) -> bool:
    return isinstance(value, int | float) and not abs(value) > _FARTHEST  # NaN is told apart as an empty box

"""What is known of a sample, read from its files and checked."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np

from spotdiff.errors import DataError

if TYPE_CHECKING:
    from spotdiff.data.folders import Sample
    from spotdiff.types import Bytes

CHANGED, UNCHANGED = 255, 0
UNCOUNTED = (170, 85)  # unknown or unlabelled, outside the region of interest
_FARTHEST = 1e9  # pixels
EITHER = "either"  # kind of an object that may be reported or not

Form = Literal["areas", "points", "objects", "places"]
TrueBox = tuple[float, float, float, float]


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


def read_truth(sample: Sample) -> Truth:
    """What the sample's files say; a mask says more than boxes, of which only `places` then count beside it.

    Raises:
        DataError: there is no truth, or a file of it cannot be read or says what it cannot mean.
    """
    if sample.reader is not None:
        return sample.reader(sample)
    if sample.mask is not None or (sample.gone is not None and sample.new is not None):
        masks = _read_masks(sample)
        return masks if sample.boxes is None else _with_places(masks, read_boxes(sample.boxes))
    if sample.boxes is None:
        raise DataError(f"{sample.name} has no truth: it needs mask/{sample.name}.png or boxes/{sample.name}.json")
    return read_boxes(sample.boxes)


def _with_places(masks: Truth, said: Truth) -> Truth:
    """The truth in masks, and the places where boxes are meant so; other boxes are too wide or too few to add to it."""
    if said.form != "places":
        return masks
    return replace(masks, form=said.form, boxes=said.boxes, kinds=said.kinds, boxes_after=said.boxes_after)


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
    coded = np.frombuffer(_read(path), np.uint8)
    mask = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE) if coded.size else None
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
    said = _json(path)
    changed, rows = said.get("changed"), said.get("boxes")
    known = isinstance(changed, bool) or isinstance(rows, list)
    if not known or not isinstance(changed, bool | None) or not isinstance(rows, list | None):
        raise DataError(f'{path} needs "boxes" (a list) or "changed" (true or false)')
    if rows is None:
        return Truth(changed=changed)
    form = _form(said.get("form") or "areas", path)
    checked = [_box(row, form, path) for row in rows]
    after = _boxes_after(said.get("boxes_after"), len(rows), path) if form == "places" else ()
    kinds = tuple(kind for _, kind in checked)
    known_changed = _anything(kinds) if changed is None else changed
    return Truth(known_changed, None, form, tuple(box for box, _ in checked), kinds, after)


def _boxes_after(rows: object, wanted: int, path: Path) -> tuple[TrueBox, ...]:
    if not isinstance(rows, list) or len(rows) != wanted:
        given = f"{len(rows)} of them" if isinstance(rows, list) else "no list"
        raise DataError(f'{path}: places need a box in "boxes_after" for each of the {wanted} boxes, not {given}')
    return tuple(_box(row, "places", path)[0] for row in rows)


def _anything(kinds: tuple[str, ...]) -> bool | None:
    """Whether boxes of these kinds say that anything changed; None when all of them are left open."""
    if not kinds:
        return False
    return True if any(kind != EITHER for kind in kinds) else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def _json(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(_read(path))
    except (ValueError, RecursionError) as error:  # wrong JSON and wrong UTF-8 are both of the first kind
        raise DataError(f"{path} is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise DataError(f"{path} holds a {type(said).__name__}, not an object")
    return said


def _form(word: object, path: Path) -> Form:
    if word == "areas" or word == "objects" or word == "places":
        return word
    if isinstance(word, str) and word.startswith(("point", "click")):
        return "points"
    raise DataError(f'{path}: "form" is areas, objects, places or points, not {word!r}')


def _box(row: object, form: Form, path: Path) -> tuple[TrueBox, str]:
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

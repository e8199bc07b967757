"""A sample read whole: its pictures and its truth, as one example in the pictures' own shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.dataset import CHANGED, EITHER, UNCOUNTED, Truth, read_truth
from spotdiff.data.example import Example, Place
from spotdiff.data.transforms import resized, resized_mask
from spotdiff.errors import DataError
from spotdiff.types import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotdiff.data.dataset import Sample, TrueBox
    from spotdiff.types import Box, Bytes, Kind

Size = tuple[int, int]  # width, height
_NOISE = 24  # levels that two pictures of the same may differ by


def load_example(sample: Sample, *, most: int | None = None) -> Example:
    """The sample's pictures and truth; `after` is stretched to before's size.

    Args:
        sample: A pair with truth.
        most: Pictures whose shorter side is longer are shrunk to it; None shrinks nothing.

    Returns:
        An example of before's shape. Of tight boxes without a mask the filled boxes are the masks. Areas and points say
        where, not how far: in their boxes the pixels that differ most are the masks, and the others do not count.

    Raises:
        LoadError: a picture cannot be read.
        DataError: the truth cannot be read, is not of its picture's size, or only says that something changed.
    """
    from spotdiff.image import load_picture

    before, after = load_picture(sample.before).pixels, load_picture(sample.after).pixels
    sizes = (before.shape[1], before.shape[0]), (after.shape[1], after.shape[0])
    truth = read_truth(sample)
    _check_sizes(truth, sizes, sample)
    gone, new, directed = _level_masks(truth, sizes, sample)
    if truth.mask is None and truth.form in ("areas", "points"):
        gone, new = (
            _within_wide_boxes(gone, before, resized(after, sizes[0])),
            _within_wide_boxes(new, resized(before, sizes[1]), after),
        )
    size = sizes[0]
    if most is not None and min(size) > most:
        factor = most / min(size)
        size = max(round(size[0] * factor), 1), max(round(size[1] * factor), 1)
    return Example(
        before=resized(before, size),
        after=resized(after, size),
        gone=resized_mask(gone == CHANGED, size),
        new=resized_mask(new == CHANGED, size),
        counted_before=~resized_mask(np.isin(gone, UNCOUNTED), size),
        counted_after=~resized_mask(np.isin(new, UNCOUNTED), size),
        directed=directed,
        places=tuple(_places(truth, sizes, size)),
        facts={"name": sample.name},
    )


def _check_sizes(truth: Truth, sizes: tuple[Size, Size], sample: Sample) -> None:
    for mask, size, side in ((truth.mask, sizes[0], 0), (truth.gone, sizes[0], 0), (truth.new, sizes[1], 1)):
        if mask is not None and mask.shape[::-1] != size:
            path = sample.mask or (sample.gone, sample.new)[side] or sample.name
            (width, height), name = mask.shape[::-1], ("before", "after")[side]
            raise DataError(f"{path} is {width}x{height}, {name} is {size[0]}x{size[1]}")


def _level_masks(truth: Truth, sizes: tuple[Size, Size], sample: Sample) -> tuple[Bytes, Bytes, bool]:
    """What is gone and what is new, in the values of a mask, and whether they are told apart."""
    if truth.gone is not None and truth.new is not None:
        return truth.gone, truth.new, True
    if truth.mask is not None:
        return truth.mask, truth.mask, False
    if truth.form is not None:
        return _filled_boxes(truth, sizes)
    if truth.changed is False:
        gone, new = (np.zeros(size[::-1], np.uint8) for size in sizes)
        return gone, new, True
    raise DataError(f"{sample.name} says only whether something changed: masks or boxes are needed to learn from")


def _filled_boxes(truth: Truth, sizes: tuple[Size, Size]) -> tuple[Bytes, Bytes, bool]:
    """Filled boxes. An object is in one picture; what else is of a known kind is in those that the kind says."""
    gone, new = (np.zeros(size[::-1], np.uint8) for size in sizes)
    directed = all((kind in KINDS and kind != "changed") or kind == EITHER for kind in truth.kinds)
    for box_before, box_after, kind in _boxes(truth, sizes):
        level = UNCOUNTED[0] if kind == EITHER else CHANGED
        if not directed or kind != "added":
            _fill(gone, box_before, level)
        if not directed or kind != "removed":
            _fill(new, box_after, level)
    return gone, new, directed


def _within_wide_boxes(mask: Bytes, before: Bytes, after: Bytes) -> Bytes:
    """A mask of filled boxes in which only the pixels that differ are left as changed, and the others do not count.

    A net that learned wide boxes as they are would join what lies near each other. A pixel differs that does so by at
    least half of the most in its box. Where none does by more than noise, nobody can say which pixels changed.
    """
    cut = np.where(mask == CHANGED, np.uint8(UNCOUNTED[0]), mask)
    apart = cv2.GaussianBlur(cv2.absdiff(before, after).max(axis=2), (0, 0), 1.0)
    count, labels = cv2.connectedComponents((mask == CHANGED).astype(np.uint8), connectivity=4)
    for number in range(1, count):
        inside = labels == number
        most = int(apart[inside].max())
        if most >= _NOISE:
            cut[inside & (apart >= max(most / 2, _NOISE))] = CHANGED
    return cut


def _fill(mask: Bytes, box: TrueBox, level: int) -> None:
    whole = _whole_pixels(box, (mask.shape[1], mask.shape[0]))
    if whole is not None:
        left, top, right, bottom = whole
        window = mask[top:bottom, left:right]
        np.maximum(window, level, out=window)


def _places(truth: Truth, sizes: tuple[Size, Size], size: Size) -> Iterable[Place]:
    """The boxes as places, in pixels of a picture of `size`."""
    if truth.form in (None, "points"):
        return
    factors = [(size[0] / width, size[1] / height) for width, height in sizes]
    for box_before, box_after, word in _boxes(truth, sizes):
        if word != EITHER:
            boxes = [_scaled(box, *factor) for box, factor in zip((box_before, box_after), factors, strict=True)]
            kind: Kind = next((known for known in KINDS if known == word), "changed")
            yield Place(kind, _whole_pixels(boxes[0], size), _whole_pixels(boxes[1], size))


def _boxes(truth: Truth, sizes: tuple[Size, Size]) -> Iterable[tuple[TrueBox, TrueBox, str]]:
    """Each box in before's and in after's pixels, and its kind."""
    (width, height), (width_after, height_after) = sizes
    x, y = width_after / width, height_after / height
    kinds = truth.kinds or ("",) * len(truth.boxes)
    for index, (box, kind) in enumerate(zip(truth.boxes, kinds, strict=True)):
        if truth.boxes_after:
            yield box, truth.boxes_after[index], kind
        elif truth.form == "objects" and kind == "added":
            yield _scaled(box, 1 / x, 1 / y), box, kind
        else:
            yield box, _scaled(box, x, y), kind


def _scaled(box: TrueBox, x: float, y: float) -> TrueBox:
    return box[0] * x, box[1] * y, box[2] * x, box[3] * y


def _whole_pixels(box: TrueBox, size: Size) -> Box | None:
    """The pixels that a box touches, inside of the picture; None when it touches none."""
    left, top = max(int(np.floor(box[0])), 0), max(int(np.floor(box[1])), 0)
    right, bottom = min(int(np.ceil(box[2])), size[0]), min(int(np.ceil(box[3])), size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None

"""Annotations out: a dataset's masks become polygons that an annotation tool opens, beside copies of the pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.atomic_write import write_whole
from spotdiff.data.annotations.annotation import (
    ADDED,
    CHANGED,
    IGNORE,
    REMOVED,
    SIDES,
    Annotation,
    ImageAnnotations,
    Side,
)
from spotdiff.data.annotations.images import encode_colour
from spotdiff.data.annotations.to_dataset import new_folder
from spotdiff.data.dataset import CHANGED as CHANGED_LEVEL
from spotdiff.data.dataset import EITHER, UNCOUNTED, Truth, read_truth
from spotdiff.errors import DataError, SpotdiffError
from spotdiff.image import load_picture
from spotdiff.input_files import read_bytes
from spotdiff.regions.polygons import mask_polygons, rectangle

if TYPE_CHECKING:
    from spotdiff.data.annotations.annotation import AnnotationFormat
    from spotdiff.data.dataset import Dataset, Sample
    from spotdiff.types import Bytes, Mask


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedSample:
    """A sample and what is to be drawn on its pictures: annotations of each, or of both side by side."""

    sample: Sample
    images: tuple[ImageAnnotations, ...]


def annotate(dataset: Dataset, *, side_by_side: bool = False) -> tuple[tuple[AnnotatedSample, ...], tuple[str, ...]]:
    """What is to be drawn on every pair whose truth is known, and every trouble with them, one line each."""
    annotated: list[AnnotatedSample] = []
    troubles: list[str] = []
    for sample in dataset:
        try:
            annotated.append(_annotate_sample(sample, side_by_side=side_by_side))
        except SpotdiffError as error:
            message = str(error)
            troubles.append(message if sample.name in message else f"{sample.name}: {message}")
    return tuple(annotated), tuple(troubles)


def write_annotations(
    form: AnnotationFormat, annotated: Sequence[AnnotatedSample], out: Path
) -> Iterator[AnnotatedSample]:
    """Write pictures and annotation files, pair by pair as it is asked for; they stand in `out` after the last.

    Args:
        form: How the annotations are to be written.
        annotated: What is to be drawn on each pair.
        out: A folder that is not there yet, or is empty.

    Raises:
        OptionError: `out` holds something.
    """
    with new_folder(out) as folder:
        images: list[ImageAnnotations] = []
        for pair in annotated:
            files = pair.sample.before, pair.sample.after
            if len(pair.images) == 2:
                coded = [read_bytes(file) for file in files]
            else:
                coded = [encode_colour(np.hstack([load_picture(file).pixels for file in files]))]
            for image, data in zip(pair.images, coded, strict=True):
                write_whole(folder / image.name, data)
                images.append(replace(image, file_size=len(data)))
            yield pair
        for name, data in form.write(images).items():
            write_whole(folder / name, data)


def _annotate_sample(sample: Sample, *, side_by_side: bool) -> AnnotatedSample:
    truth = read_truth(sample)
    files = {"before": sample.before, "after": sample.after}
    sizes = {side: load_picture(file).size for side, file in files.items()}
    annotations = {side: tuple(_annotations(truth, side)) for side in SIDES}
    for side, mask in (("before", truth.mask), ("before", truth.gone), ("after", truth.new)):
        if mask is not None and mask.shape[::-1] != sizes[side]:
            raise DataError(f"{sample.name}: a mask is {mask.shape[1]}x{mask.shape[0]}, {side} is of another size")
    if side_by_side:
        return AnnotatedSample(sample, (_joined(sample, annotations, sizes),))
    images = [
        ImageAnnotations(f"{side}/{sample.name}{files[side].suffix}", annotations[side], files[side], sizes[side])
        for side in SIDES
    ]
    return AnnotatedSample(sample, tuple(images))


def _joined(
    sample: Sample, annotations: dict[Side, tuple[Annotation, ...]], sizes: dict[str, tuple[int, int]]
) -> ImageAnnotations:
    (width, height), size_after = sizes["before"], sizes["after"]
    if size_after != (width, height):
        raise DataError(f"{sample.name}: its pictures differ in size and cannot stand side by side")
    offset = np.array([width, 0.0])
    moved = [
        replace(annotation, polygons=tuple(polygon + offset for polygon in annotation.polygons))
        for annotation in annotations["after"]
    ]
    return ImageAnnotations(f"{sample.name}.png", (*annotations["before"], *moved), sample.before, (2 * width, height))


def _annotations(truth: Truth, side: Side) -> Iterator[Annotation]:
    """What is to be drawn on one picture: the masks if there are any, else the boxes."""
    if truth.mask is None and truth.gone is None:
        return _from_boxes(truth, side)
    masks = _category_masks(truth, side)
    return (Annotation("", category, (polygon,)) for category, mask in masks for polygon in mask_polygons(mask))


def _category_masks(truth: Truth, side: Side) -> Iterable[tuple[str, Mask]]:
    """What one picture shows of each category; what both show is drawn once, in before where nothing else is known."""
    gone, new = truth.gone, truth.new
    if gone is None or new is None:
        if truth.mask is None or side == "after":
            return []
        return [(CHANGED, np.asarray(truth.mask == CHANGED_LEVEL)), _ignored(truth.mask)]
    if gone.shape != new.shape:  # nobody knows what lies where, so nothing is known to be on one place
        own = gone if side == "before" else new
        return [(REMOVED if side == "before" else ADDED, own == CHANGED_LEVEL), _ignored(own)]
    is_gone, is_new = gone == CHANGED_LEVEL, new == CHANGED_LEVEL
    if side == "before":
        return [(REMOVED, is_gone & ~is_new), _ignored(gone)]
    return [(ADDED, is_new & ~is_gone), (CHANGED, is_gone & is_new), _ignored(new, besides=gone)]


def _ignored(mask: Bytes, *, besides: Bytes | None = None) -> tuple[str, Mask]:
    uncounted = np.isin(mask, UNCOUNTED)
    return IGNORE, uncounted if besides is None else uncounted & ~np.isin(besides, UNCOUNTED)


def _from_boxes(truth: Truth, side: Side) -> Iterator[Annotation]:
    if truth.form not in ("objects", "places") and truth.boxes:
        raise DataError(f"{truth.form} are too vague to be drawn: only masks, objects and places can be")
    if truth.changed is not False and not truth.boxes:
        raise DataError("nothing tells where it changed")
    boxes = truth.boxes_after if truth.form == "places" and side == "after" else truth.boxes
    side_of = {REMOVED: "before", ADDED: "after", IGNORE: "before"}  # what is changed is drawn on both
    for box, kind in zip(boxes, truth.kinds, strict=True):
        category = IGNORE if kind == EITHER else kind if kind in side_of else CHANGED
        if side_of.get(category, side) == side:
            yield Annotation("", category, (rectangle(*box),))

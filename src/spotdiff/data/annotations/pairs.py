"""From annotation files to annotated pairs that are known to be usable; every trouble is told, file by file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.data.annotations.annotation import (
    ADDED,
    MOVED,
    REMOVED,
    SIDES,
    Annotation,
    Side,
    category_map,
    category_of,
)
from spotdiff.data.annotations.images import ImageFile, ImageFolder, ImageKey, image_key, open_image
from spotdiff.errors import DataError, SpotdiffError
from spotdiff.regions.polygons import covered_window, polygon_mask

if TYPE_CHECKING:
    from spotdiff.data.annotations.annotation import AnnotationFormat, ImageAnnotations

_SLACK = 1.0  # pixels by which a corner may lie beyond an edge, as rounding in the tools puts it there


@dataclass(frozen=True, slots=True, eq=False)
class AnnotatedPair:
    """A pair and what is drawn on it.

    Attributes:
        name: The pair's name.
        size: (width, height) of each of its pictures.
        images: Its two pictures, or the one that shows them side by side.
        annotations: What is drawn on each picture, in its own pixels.
    """

    name: str
    size: tuple[int, int]
    images: tuple[ImageFile, ...]
    annotations: Mapping[Side, tuple[Annotation, ...]]


def read_pairs(
    form: AnnotationFormat,
    source: Path,
    *,
    pictures: Path | None = None,
    side_by_side: bool = False,
    labels: Iterable[str] = (),
    unmarked: bool = False,
) -> tuple[tuple[AnnotatedPair, ...], tuple[str, ...]]:
    """The pairs that annotation files speak of, sorted by name, and every trouble with them, one line each.

    Args:
        form: How the files are written.
        source: An annotation file, or a folder of them.
        pictures: Folder of the pictures; None for that of `source`.
        side_by_side: Whether one picture shows both, before on the left and after on the right.
        labels: `theirs=ours` for words that annotations use as categories.
        unmarked: Whether the pairs among the pictures that no annotation file speaks of are unchanged ones.

    Raises:
        DataError: `source` is not there or holds no annotation file, or `pictures` is no folder.
        OptionError: one of `labels` cannot be.
    """
    root = source if source.is_dir() else source.parent
    reader = _PairReader(category_map(labels), ImageFolder.scan(pictures or root), root, side_by_side=side_by_side)
    files = [source]
    if source.is_dir():
        files = sorted(path for path in source.rglob(f"*{form.suffix}") if path.is_file() and path.name[0] != ".")
        if not files:
            raise DataError(f"{source} holds no {form.suffix} file")
    for path in files:
        reader.read_file(form, path)
    names = {key.pair for key in reader.images}
    if unmarked:
        names |= set(reader.folder.files if side_by_side else reader.folder.pair_names())
    read = reader.side_by_side_pair if side_by_side else reader.two_image_pair
    pairs = [read(name) for name in sorted(names)]
    return tuple(pair for pair in pairs if pair is not None), tuple(reader.troubles)


class _PairReader:
    """Collects what annotation files say by image, and every trouble on the way."""

    def __init__(self, categories: Mapping[str, str], folder: ImageFolder, root: Path, *, side_by_side: bool) -> None:
        self.categories, self.folder, self.root, self.side_by_side = categories, folder, root, side_by_side
        self.images: dict[ImageKey, ImageAnnotations] = {}
        self.troubles: list[str] = []

    def read_file(self, form: AnnotationFormat, path: Path) -> None:
        try:
            images = form.read(path)
        except DataError as error:
            self.troubles.append(str(error))
            return
        for image in images:
            try:
                key = image_key(image, self.root, side_by_side=self.side_by_side)
                known = self.images.setdefault(key, image)
                if known is not image:
                    raise DataError(f"{_called(known)} is of the same picture {key.pair!r}: keep one of them")
            except DataError as error:
                self.troubles.append(f"{_called(image)}: {error}")

    def two_image_pair(self, name: str) -> AnnotatedPair | None:
        before, after = (self._open(ImageKey(name, side)) for side in SIDES)
        if before is None or after is None:
            return None
        if before.size != after.size:
            sizes = " and ".join("x".join(map(str, file.size)) for file in (before, after))
            self.troubles.append(
                f"{self.folder.folder}: {name}: its pictures are {sizes}: bring them to one size first"
            )
            return None
        images = {side: image for side in SIDES if (image := self.images.get(ImageKey(name, side)))}
        annotations = {
            side: self._usable(image, image.annotations, side, before.size) for side, image in images.items()
        }
        first = next(iter(images.values()), None)
        return self._complete(AnnotatedPair(name, before.size, (before, after), annotations), first)

    def side_by_side_pair(self, name: str) -> AnnotatedPair | None:
        key = ImageKey(name, None)
        file, image = self._open(key), self.images.get(key)
        if file is None:
            return None
        width, height = file.size
        if width % 2:
            where = _called(image) if image else f"{self.folder.folder}: {name}"
            self.troubles.append(f"{where}: the picture is {width} wide: two pictures side by side have an even width")
            return None
        size = width // 2, height
        annotations: dict[Side, tuple[Annotation, ...]] = {}
        if image:
            split = [_split(annotation, file.size) for annotation in image.annotations]
            for side in SIDES:
                own = tuple(annotation for annotation, own_side in split if own_side == side)
                annotations[side] = self._usable(image, own, side, size)
        return self._complete(AnnotatedPair(name, size, (file,), annotations), image)

    def _open(self, key: ImageKey) -> ImageFile | None:
        """The image of a key, of the size that its annotation file says."""
        image = self.images.get(key)
        where = _called(image) if image else f"{self.folder.folder}: {key.side}/{key.pair}"
        try:
            file = open_image(self.folder.find(key, image), image)
            if image and image.size not in (None, file.size):
                declared, true = ("x".join(map(str, size)) for size in (image.size or (), file.size))
                raise DataError(f"it says that the picture is {declared}, but it is {true}")
        except SpotdiffError as error:
            self.troubles.append(f"{where}: {error}")
            return None
        return file

    def _usable(
        self, image: ImageAnnotations, annotations: Sequence[Annotation], side: Side, size: tuple[int, int]
    ) -> tuple[Annotation, ...]:
        """The annotations with our categories; those with trouble are told and left out."""
        usable = []
        for annotation in annotations:
            try:
                usable.append(_checked(annotation, side, size, self.categories))
            except DataError as error:
                word = f" ({annotation.category})" if annotation.category else ""
                self.troubles.append(f"{_called(image)}: {annotation.where}{word}: {error}")
        return tuple(usable)

    def _complete(self, pair: AnnotatedPair, image: ImageAnnotations | None) -> AnnotatedPair:
        """The pair, once a thing that moved is known to be drawn where it was and where it is."""
        sides = [
            side
            for side, annotations in pair.annotations.items()
            if any(annotation.category == MOVED for annotation in annotations)
        ]
        if len(sides) == 1 and image:
            other = "after" if sides[0] == "before" else "before"
            trouble = f"what moved is drawn in {sides[0]} only: draw it in {other} too, or call it added or removed"
            self.troubles.append(f"{_called(image)}: {pair.name}: {trouble}")
        return pair


def _called(image: ImageAnnotations) -> str:
    return f"{image.file}: {image.name}" if image.name else str(image.file)


def _split(annotation: Annotation, size: tuple[int, int]) -> tuple[Annotation, Side]:
    """An annotation in the pixels of the half that holds its centroid, and which half that is."""
    if annotation.trouble or not all(len(polygon) for polygon in annotation.polygons):
        return annotation, "before"
    (left, _, _, _), covered = covered_window(annotation.polygons, size)
    corners, middle = np.concatenate(annotation.polygons), size[0] / 2
    columns = np.flatnonzero(covered.any(axis=0))
    weights = covered.sum(axis=0)[columns]
    mean = float(corners[:, 0].mean())
    centroid = left + float(np.average(columns + 0.5, weights=weights)) if columns.size else mean
    side: Side = "before" if centroid < middle else "after"
    low, high = corners[:, 0].min(), corners[:, 0].max()
    crosses = low < middle - _SLACK and high > middle + _SLACK
    trouble = "it crosses the middle, from one picture into the other" if crosses else ""
    shift = (0.0 if side == "before" else middle, 0.0)
    polygons = tuple(polygon - shift for polygon in annotation.polygons)
    return replace(annotation, polygons=polygons, trouble=trouble), side


def _checked(annotation: Annotation, side: Side, size: tuple[int, int], categories: Mapping[str, str]) -> Annotation:
    if annotation.trouble:
        raise DataError(annotation.trouble)
    category = category_of(annotation.category, categories)
    if (category, side) in ((ADDED, "before"), (REMOVED, "after")):
        right_side = "after" if category == ADDED else "before"
        raise DataError(f"what is {category} is drawn in {right_side}, not in {side}")
    for polygon in annotation.polygons:
        count = len(np.unique(polygon, axis=0))
        if count < 3:
            raise DataError(f"a polygon has three corners or more, not {count}")
        low, high = polygon.min(axis=0), polygon.max(axis=0)
        if (low < -_SLACK).any() or (high > np.array(size) + _SLACK).any():
            corners = ",".join(f"{value:g}" for value in (*low, *high))
            raise DataError(f"it lies outside: {corners} is not within 0,0,{size[0]},{size[1]}")
        if not polygon_mask(polygon, size).any():
            raise DataError("it covers no pixel")
    return replace(annotation, category=category)

"""From annotation files to annotated pairs that are known to be usable; every trouble is told, file by file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
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
    Words,
    category_map,
)
from spotdiff.data.annotations.images import ImageFile, ImageFolders, ImageKey, Located, image_key, open_image
from spotdiff.errors import DataError, SpotdiffError
from spotdiff.regions.polygons import covered_window, polygon_mask

if TYPE_CHECKING:
    from spotdiff.data.annotations.annotation import AnnotationFormat, ImageAnnotations

_SLACK = 1.0  # pixels by which a corner may lie beyond the middle, as rounding in the tools puts it there


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
    attribute: str = "",
    unmarked: bool = False,
) -> tuple[tuple[AnnotatedPair, ...], tuple[str, ...]]:
    """The pairs that annotation files speak of, sorted by name, and every trouble with them, one line each.

    A pair's name is that of its pictures, after the folders of its site as far as the sites differ.

    Args:
        form: How the files are written.
        source: An annotation file, or a folder of them.
        pictures: Folder of the pictures; None for that of `source`.
        side_by_side: Whether one picture shows both, before on the left and after on the right.
        labels: `theirs=ours` for words that annotations use as categories.
        attribute: Which of an annotation's attributes bears its category, for formats that have several; "" for
            whichever holds a known word.
        unmarked: Whether the pairs among the pictures that no annotation file speaks of are unchanged ones.

    Raises:
        DataError: `source` is not there or holds no annotation file, or `pictures` is no folder.
        OptionError: one of `labels` cannot be.
    """
    root = source if source.is_dir() else source.parent
    words = Words(category_map(labels), attribute)
    reader = _PairReader(words, ImageFolders.scan(pictures, root), root, side_by_side=side_by_side)
    files = [source]
    if source.is_dir():
        files = sorted(path for path in source.rglob(f"*{form.suffix}") if path.is_file() and path.name[0] != ".")
        if not files:
            raise DataError(f"{source} holds no {form.suffix} file")
    for path in files:
        reader.read_file(form, path)
    reader.read_pairs(sorted({replace(key, side=None) for key in reader.images}, key=str))
    if unmarked:
        reader.read_pairs(reader.unmarked())
    return reader.named_pairs(), tuple(reader.troubles)


class _PairReader:
    """Collects what annotation files say by image, then the pairs, and every trouble on the way."""

    def __init__(self, words: Words, folders: ImageFolders, root: Path, *, side_by_side: bool) -> None:
        self.words, self.folders, self.root, self.side_by_side = words, folders, root, side_by_side
        self.images: dict[ImageKey, tuple[ImageAnnotations, Located]] = {}
        self.pairs: dict[ImageKey, AnnotatedPair] = {}
        self.troubles: list[str] = []
        self.claims: dict[str, str] = {}  # what each file of an image is taken for

    def read_file(self, form: AnnotationFormat, path: Path) -> None:
        try:
            images = form.read(path)
        except DataError as error:
            self.troubles.append(str(error))
            return
        for image in images:
            try:
                self._add(image)
            except DataError as error:
                self.troubles.append(f"{_called(image)}: {error}")

    def _add(self, image: ImageAnnotations) -> None:
        """Register an image under the key of its file; labelme's own files are called like their images."""
        key = image_key(image, self.root, side_by_side=self.side_by_side)
        located = self.folders.find(key, image)
        if image.name:
            key = replace(key, site=located.site)
        self._claim(located.path, _called(image), key)
        known, _ = self.images.setdefault(key, (image, located))
        if known is not image:
            raise DataError(f"{_called(known)} is of the same picture {key.pair!r}: keep one of them")

    def _claim(self, path: Path | None, called: str, key: ImageKey) -> None:
        """Take a file for an image.

        Raises:
            DataError: it is taken for another one.
        """
        if path is not None:
            first = self.claims.setdefault(os.path.normpath(path.absolute()), called)
            if first != called:
                raise DataError(f"{first} is of the same picture {key.pair!r}: keep one of them")

    def unmarked(self) -> list[ImageKey]:
        """Pairs among the pictures, of the sites that annotations speak of, that no annotation speaks of; sorted."""
        pictures = self.folders.folders[0]
        if self.side_by_side:
            keys = {ImageKey((), name, None) for name in pictures.files}
        else:
            sites = {(), *(located.site for _, located in self.images.values())}
            keys = {key for key in pictures.keys() if key.site in sites}  # noqa: SIM118 (no mapping)
        free = {key for key in keys if not any(map(self._is_claimed, self.folders.files_of(key)))}
        return sorted({replace(key, side=None) for key in free} - self.pairs.keys(), key=str)

    def _is_claimed(self, path: Path) -> bool:
        return os.path.normpath(path.absolute()) in self.claims

    def read_pairs(self, keys: Iterable[ImageKey]) -> None:
        """Read the pairs of some keys without a side."""
        read = self.side_by_side_pair if self.side_by_side else self.two_image_pair
        for key in keys:
            pair = read(key)
            if pair is not None:
                self.pairs[key] = pair

    def named_pairs(self) -> tuple[AnnotatedPair, ...]:
        """The pairs that could be read, sorted by name, without the folders that all of them share."""
        shared = _shared([key.site for key in self.pairs])
        named: dict[str, AnnotatedPair] = {}
        for key, pair in self.pairs.items():
            name = "/".join((*key.site[shared:], key.pair))
            if name in named:
                self.troubles.append(f"{self.root}: two pairs would be called {name}: rename the folders of one")
            named[name] = replace(pair, name=name)
        return tuple(named[name] for name in sorted(named))

    def two_image_pair(self, key: ImageKey) -> AnnotatedPair | None:
        keys = {side: replace(key, side=side) for side in SIDES}
        before, after = (self._open(keys[side]) for side in SIDES)
        if before is None or after is None:
            return None
        if before.size != after.size:
            sizes = " and ".join("x".join(map(str, file.size)) for file in (before, after))
            self.troubles.append(f"{self._folder}: {key}: its pictures are {sizes}: bring them to one size first")
            return None
        images = {side: self.images[keys[side]][0] for side in SIDES if keys[side] in self.images}
        annotations = {
            side: self._usable(image, _fitted(image, before.size), side, before.size) for side, image in images.items()
        }
        first = next(iter(images.values()), None)
        return self._complete(AnnotatedPair(str(key), before.size, (before, after), annotations), first)

    def side_by_side_pair(self, key: ImageKey) -> AnnotatedPair | None:
        file, image = self._open(key), self.images[key][0] if key in self.images else None
        if file is None:
            return None
        width, height = file.size
        if width % 2:
            where = _called(image) if image else f"{self._folder}: {key}"
            self.troubles.append(f"{where}: the picture is {width} wide: two pictures side by side have an even width")
            return None
        size = width // 2, height
        annotations: dict[Side, tuple[Annotation, ...]] = {}
        if image:
            split = [_split(annotation, file.size) for annotation in _fitted(image, file.size)]
            for side in SIDES:
                own = tuple(annotation for annotation, own_side in split if own_side == side)
                annotations[side] = self._usable(image, own, side, size)
        return self._complete(AnnotatedPair(str(key), size, (file,), annotations), image)

    @property
    def _folder(self) -> Path:
        return self.folders.folders[0].folder

    def _open(self, key: ImageKey) -> ImageFile | None:
        """The image of a key, of the size that its annotation file says."""
        image, located = self.images.get(key, (None, None))
        where = _called(image) if image else f"{self._folder}: {key}"
        try:
            path = located.path if located else self._counterpart(key)
            if not located:
                self._claim(path, where, key)
            file = open_image(path, image)
            if image and image.size not in (None, file.size):
                declared, true = ("x".join(map(str, size)) for size in (image.size or (), file.size))
                raise DataError(f"it says that the picture is {declared}, but it is {true}")
        except SpotdiffError as error:
            self.troubles.append(f"{where}: {error}")
            return None
        return file

    def _counterpart(self, key: ImageKey) -> Path | None:
        """The image of a key that no annotation file speaks of, beside the pair's other one."""
        _, other = self.images.get(key.other, (None, None)) if key.side else (None, None)
        return self.folders.named_once(other.counterpart) if other and other.counterpart else self.folders.at(key)

    def _usable(
        self, image: ImageAnnotations, annotations: Sequence[Annotation], side: Side, size: tuple[int, int]
    ) -> tuple[Annotation, ...]:
        """The annotations with our categories; those with trouble are told and left out."""
        usable = []
        for annotation in annotations:
            try:
                usable.append(_checked(annotation, side, size, self.words))
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


def _shared(sites: Sequence[tuple[str, ...]]) -> int:
    """How many folders all sites begin with."""
    levels = zip(*sites, strict=False)  # as far as the shortest goes
    return len(list(takewhile(lambda names: len(set(names)) == 1, levels)))


def _called(image: ImageAnnotations) -> str:
    return f"{image.file}: {image.name}" if image.name else str(image.file)


def _fitted(image: ImageAnnotations, size: tuple[int, int]) -> list[Annotation]:
    """What is drawn on an image of that size; a mask of another size has trouble: where it lies is unknown."""
    pixels = "{}x{}".format
    return [
        replace(each, trouble=f"run lengths of {pixels(*each.mask_size)} on a picture of {pixels(*size)}")
        if each.mask_size and each.mask_size != size and not each.trouble
        else each
        for each in image.annotations
    ]


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


def _checked(annotation: Annotation, side: Side, size: tuple[int, int], words: Words) -> Annotation:
    """The annotation with its category, once it is known to cover something; beyond an edge it is cut off."""
    if annotation.trouble:
        raise DataError(annotation.trouble)
    category = words.category(annotation)
    if (category, side) in ((ADDED, "before"), (REMOVED, "after")):
        right_side = "after" if category == ADDED else "before"
        raise DataError(f"what is {category} is drawn in {right_side}, not in {side}")
    inside = []
    for polygon in annotation.polygons:
        count = len(np.unique(polygon, axis=0))
        if count < 3:
            raise DataError(f"a polygon has three corners or more, not {count}")
        if (polygon.max(axis=0) > 0).all() and (polygon.min(axis=0) < np.array(size)).all():
            inside.append(polygon)
            if not polygon_mask(polygon, size).any():
                raise DataError("it covers no pixel")
    if not inside:
        corners = np.concatenate(annotation.polygons)
        box = ",".join(f"{value:g}" for value in (*corners.min(axis=0), *corners.max(axis=0)))
        raise DataError(f"it lies outside: {box} is not within 0,0,{size[0]},{size[1]}")
    return replace(annotation, category=category, polygons=tuple(inside))

"""COCO-Inpainted: photographs out of which objects were painted."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from spotdiff.data.dataset import Dataset, Sample, TrueBox, Truth
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.data.published._restricted_pickle import read_npy, read_pickle
from spotdiff.errors import DataError

_NAME = re.compile(r"(\d+)_mask(\d*)\.png")
_SIZES = ("small", "medium", "large")


class CocoInpainted:
    """Layout after the README and `data/inpainted_coco_dataset.py` of ragavsachdeva/The-Change-You-Want-to-See.

    `before` is the photograph, `after` one of its inpainted versions: every version is a pair. Which objects are gone
    stands in the name, `INDEX_maskBITS.png`: BITS as a binary number has one digit an annotation, the first first;
    no BITS means all. The truth is their boxes; the two pictures are stretched onto each other. The metadata are
    pickles, of which only plain values and arrays are read. Published figures are measured on pairs warped by stored
    transformations, which this reader leaves out.
    """

    card: ClassVar[Card] = Card(
        title="COCO-Inpainted",
        shows="photographs of COCO and the same with objects removed by LaMa",
        size="about 60 000 photographs for training, 4 408 pairs for testing in three sizes of objects",
        licence="unstated; photographs by the terms of Flickr, as COCO tells",
        citation="Sachdeva and Zisserman, The change you want to see, WACV 2023, arXiv:2209.14341",
        homepage="https://www.robots.ox.ac.uk/~vgg/research/cyws/",
        splits=("train", "val", "test", *(f"test-{size}" for size in _SIZES)),
        folders=(
            (
                "train and test/small, test/medium, test/large, each with images_and_masks/INDEX.png, "
                "inpainted/INDEX_maskBITS.png, metadata/INDEX.npy and data_split.pkl"
            ),
        ),
        values={"metadata/INDEX.npy": "a list of COCO annotations with bbox [left, top, width, height]"},
        known_from="its README and a public reader; the box of an annotation is read as COCO writes it; size from "
        "memory",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`; the lists of splits are read.

        Raises:
            DataError: it is not laid out so, or has no such split, or a list cannot be read.
        """
        check_split(self.card, split)
        folders = {name: folder for name, folder in _folders(root, split).items() if (folder / "inpainted").is_dir()}
        if not folders:
            raise layout_error(self.card, root)
        samples = [sample for name, folder in folders.items() for sample in _pairs(folder, name, root)]
        if not samples:
            raise DataError(f"{root} holds no inpainted picture of {split or 'any split'}")
        return Dataset(split_title("coco-inpainted", split), tuple(sorted(samples, key=lambda sample: sample.name)))


def _folders(root: Path, split: str) -> dict[str, Path]:
    """The folders of a split by the name it has in its `data_split.pkl`, or all of them."""
    tests = {f"test-{size}": root / "test" / size for size in _SIZES}
    if split.startswith("test-"):
        return {split: tests[split]}
    training = {name: root / "train" for name in ("train", "val") if split in ("", name)}
    return training | (tests if split in ("", "test") else {})


def _pairs(folder: Path, split: str, root: Path) -> Iterator[Sample]:
    wanted = _indices(folder / "data_split.pkl", split.partition("-")[0])
    for path in sorted((folder / "inpainted").iterdir()):
        match = _NAME.fullmatch(path.name)
        if match and int(match[1]) in wanted:
            before = folder / "images_and_masks" / f"{match[1]}.png"
            reader = _Removed(folder / "metadata" / f"{match[1]}.npy", match[2])
            yield Sample((folder.relative_to(root) / path.stem).as_posix(), before, path, reader=reader)


def _indices(path: Path, split: str) -> set[int]:
    lists = read_pickle(path)
    if not isinstance(lists, Mapping) or split not in lists:
        raise DataError(f"{path} has no list of {split}")
    indices = lists[split]
    if not isinstance(indices, list | tuple | np.ndarray):
        raise DataError(f"{path}: {split} is a {type(indices).__name__}, not a list of numbers")
    try:
        return {int(index) for index in indices}
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"{path}: {split} is no list of numbers") from None


@dataclass(frozen=True, slots=True)
class _Removed:
    """Reads the boxes of the objects that were painted out; those of `after` are stretched to its size."""

    metadata: Path
    bits: str

    def __call__(self, sample: Sample) -> Truth:
        annotations = read_npy(self.metadata)
        if not isinstance(annotations, list):
            raise DataError(f"{self.metadata} holds a {type(annotations).__name__}, not a list of annotations")
        boxes = [_parse_box(annotation, self.metadata) for annotation in annotations]
        digits = f"{int(self.bits):b}".zfill(len(boxes)) if self.bits else "1" * len(boxes)
        if len(digits) > len(boxes):
            raise DataError(f"{sample.after} names object {len(digits)}, but {self.metadata} has {len(boxes)}")
        gone = tuple(box for box, digit in zip(boxes, digits, strict=True) if digit == "1")
        return Truth(bool(gone), None, "places", gone, ("removed",) * len(gone), _stretched(gone, sample))


def _parse_box(annotation: object, path: Path) -> TrueBox:
    try:
        left, top, width, height = map(float, annotation["bbox"])  # type: ignore[index]
        if not all(map(math.isfinite, (left, top, width, height))):
            raise ValueError
    except (KeyError, TypeError, ValueError, OverflowError, IndexError):
        raise DataError(f"{path}: an annotation has a bbox of four numbers, not {reprlib.repr(annotation)}") from None
    return left, top, left + max(width, 1.0), top + max(height, 1.0)


def _stretched(boxes: tuple[TrueBox, ...], sample: Sample) -> tuple[TrueBox, ...]:
    from spotdiff.data.picture_size import picture_size

    (width, height), (wide, high) = picture_size(sample.before), picture_size(sample.after)
    x, y = wide / width, high / height
    return tuple((left * x, top * y, right * x, bottom * y) for left, top, right, bottom in boxes)

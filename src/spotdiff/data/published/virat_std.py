"""VIRAT-STD: a thousand pairs of Spot-the-diff with a box around every change."""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import ClassVar

import numpy as np

from spotdiff.data.dataset import Dataset, KnownTruth, Sample, TrueBox
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.data.published._restricted_pickle import read_npy
from spotdiff.errors import DataError

_FILES = ("annotations.npy", "virat-annotations.npy")


class ViratStd:
    """Layout after `data/std.py` of ragavsachdeva/The-Change-You-Want-to-See.

    The boxes count for both pictures, for the camera stands still. The annotations are a pickle, of which only plain
    values and arrays are read.
    """

    card: ClassVar[Card] = Card(
        title="VIRAT-STD",
        shows="frames of surveillance films (VIRAT) seconds to minutes apart: people and vehicles",
        size="1000 pairs, of the original size of Spot-the-diff",
        licence="unstated; the pictures are those of Spot-the-diff",
        citation="Sachdeva and Zisserman, The change you want to see, WACV 2023, arXiv:2209.14341",
        homepage="https://www.robots.ox.ac.uk/~vgg/research/cyws/",
        splits=("test",),
        folders=("annotations.npy (or virat-annotations.npy) beside ID.png and ID_2.png",),
        values={"annotations.npy": "by ID a list of boxes: left, top, right, bottom"},
        known_from="a public reader; published figures are also measured on warped pairs, which this reader leaves out",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`; its annotations are read.

        Raises:
            DataError: it is not laid out so, or its annotations hold something else.
        """
        check_split(self.card, split)
        path = next((root / file for file in _FILES if (root / file).is_file()), None)
        if path is None:
            raise layout_error(self.card, root)
        annotations = read_npy(path)
        if not isinstance(annotations, dict):
            raise DataError(f"{path} holds a {type(annotations).__name__}, not boxes by the id of their pair")
        samples = []
        for key, rows in annotations.items():
            name, boxes = str(key), _parse_boxes(rows, path)
            truth = KnownTruth(bool(boxes), "places", boxes, ("",) * len(boxes), boxes)
            samples.append(Sample(name, root / f"{name}.png", root / f"{name}_2.png", reader=truth))
        return Dataset(split_title("virat-std", split), tuple(sorted(samples, key=lambda sample: sample.name)))


def _parse_boxes(rows: object, path: Path) -> tuple[TrueBox, ...]:
    """Rows of left, top, right, bottom as boxes.

    Raises:
        DataError: they are something else, or a box is empty.
    """
    try:
        if not isinstance(rows, list | tuple | np.ndarray):
            raise TypeError
        # row by row: lists that hold one list many times over would grow without end as an array
        boxes = np.array([[float(value) for value in row] for row in rows], np.float64).reshape(-1, 4)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"{path}: boxes are rows of left, top, right, bottom, not {reprlib.repr(rows)}") from None
    if not (np.isfinite(boxes).all() and (boxes[:, 2:] > boxes[:, :2]).all()):
        raise DataError(f"{path}: a box is empty: right must exceed left, bottom must exceed top")
    return tuple((left, top, right, bottom) for left, top, right, bottom in boxes.tolist())

"""CDnet 2014: films of fixed cameras with what moves marked, as pairs of an empty frame and a labelled one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from spotdiff.data.dataset import CHANGED, UNCOUNTED, Dataset, Sample, Truth
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.data.published._label_images import LabelReader, colour_code, read_colours
from spotdiff.errors import DataError
from spotdiff.input_files import read_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LABELS = LabelReader(((0, "unchanged"), (50, "unchanged"), (85, "outside"), (170, "unknown"), (255, "changed")))
_MOVING, _UNSURE = colour_code(255), colour_code(170)
_UNKNOWN, _OUTSIDE = UNCOUNTED
_FRAME = re.compile(r"gt(\d+)\.(?:png|bmp)")
_TRIED = 20  # frames looked at for an empty one, those with the smallest label files first: flat pictures pack best


@dataclass(frozen=True, slots=True)
class Cdnet2014:
    """Layout as the set's homepage and its README tell it.

    `before` is the emptiest labelled frame of the sequence (of the 20 with the smallest label files the one with the
    fewest moving and unknown pixels); what moves in it is not counted in the pair. `after` is every `every`-th labelled
    frame inside the range of `temporalROI.txt`; what lies outside `ROI.bmp` is not counted. Things that stood in the
    empty frame and later left (parked cars in `intermittentObjectMotion`) are not marked in the labels, and so count
    as false alarms.

    Attributes:
        every: Take one labelled frame out of so many; neighbours are almost the same.
    """

    every: int = 25
    card: ClassVar[Card] = Card(
        title="CDnet 2014 (changedetection.net)",
        shows="people, vehicles and boats in front of cameras: calm, shaken, at night, in bad weather, in heat haze",
        size="53 films in 11 categories, about 160 000 frames of 320x240 to 720x576",
        licence="free for research; its homepage asks to be acknowledged",
        citation="Wang, Jodoin, Porikli, Konrad, Benezeth and Ishwar, CDnet 2014: an expanded change detection "
        "benchmark dataset, CVPR Workshops 2014, doi:10.1109/CVPRW.2014.126",
        homepage="http://changedetection.net",
        splits=(
            *("PTZ", "badWeather", "baseline", "cameraJitter", "dynamicBackground", "intermittentObjectMotion"),
            *("lowFramerate", "nightVideos", "shadow", "thermal", "turbulence"),
        ),
        folders=(
            (
                "CATEGORY/FILM (below dataset or not), each with input/inNNNNNN.jpg, groundtruth/gtNNNNNN.png, ROI.bmp "
                "and temporalROI.txt"
            ),
        ),
        values={
            "0": "unchanged",
            "50": "hard shadow, which counts as unchanged",
            "85": "outside the region of interest",
            "170": "unknown, around what moves",
            "255": "changed",
        },
        known_from="the homepage, and one film (highway) opened as it was given out",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The films of a category below `root`, or of all; label files of up to 20 frames a film are read.

        Raises:
            DataError: it is not laid out so, or has no such split, or a label file cannot be read.
        """
        check_split(self.card, split)
        top = root / "dataset" if (root / "dataset").is_dir() else root
        films = sorted(path.parent for path in top.glob(f"{split or '*'}/*/groundtruth"))
        if not films:
            raise layout_error(self.card, root)
        samples = tuple(sample for film in films for sample in self._pairs(film, top))
        if not samples:
            raise DataError(f"{root} has no labelled frame in the range of a temporalROI.txt")
        return Dataset(split_title("cdnet2014", split), samples)

    def _pairs(self, film: Path, top: Path) -> Iterator[Sample]:
        frames = _labelled(film)
        if not frames:
            return
        smallest = sorted(frames.values(), key=lambda path: path.stat().st_size)[:_TRIED]
        empty = min(smallest, key=lambda path: int(_moving(path).sum()))
        before = _frame_of(empty, film)
        for label in [path for path in frames.values() if path != empty][:: self.every]:
            name = f"{film.relative_to(top).as_posix()}/{label.stem}"
            yield Sample(name, before, _frame_of(label, film), mask=label, reader=_Film(empty, film / "ROI.bmp"))


@dataclass(frozen=True, slots=True)
class _Film:
    """Reads the labels of `after`; what moves in the empty frame or lies outside the region does not count."""

    empty: Path
    region: Path

    def __call__(self, sample: Sample) -> Truth:
        labels = _LABELS(sample)
        mask = np.asarray(labels.mask, np.uint8).copy()
        for path, level in ((self.empty, _UNKNOWN), (self.region, _OUTSIDE)):
            marked = _moving(path) if path == self.empty else read_colours(path) == 0
            if marked.shape != mask.shape:
                raise DataError(f"{path} is not of the size of {sample.mask}")
            mask[marked] = level
        return Truth(bool((mask == CHANGED).any()), mask)


def _moving(path: Path) -> NDArray[np.bool_]:
    codes = read_colours(path)
    return np.asarray((codes == _MOVING) | (codes == _UNSURE))


def _frame_of(label: Path, film: Path) -> Path:
    return film / "input" / f"in{label.stem[2:]}.jpg"


def _labelled(film: Path) -> dict[int, Path]:
    """Label files by the number of their frame, those inside the range that counts."""
    first, last = _range(film / "temporalROI.txt")
    files = {path: _FRAME.fullmatch(path.name) for path in sorted((film / "groundtruth").iterdir())}
    numbered = {int(match[1]): path for path, match in files.items() if match}
    return {number: path for number, path in numbered.items() if first <= number <= last}


def _range(path: Path) -> tuple[int, int]:
    try:
        first, last = map(int, read_text(path).split()[:2])
    except (DataError, ValueError):
        raise DataError(f"{path} needs two frame numbers: the range that counts") from None
    return first, last

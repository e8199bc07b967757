"""Background models on film with a truth for each frame, scored the way of CDnet 2014."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.decode_array import decode_array
from spotdiff.errors import DataError
from spotdiff.evaluate.tables import Table, shown
from spotdiff.image.background_models import Knn, Median, Mog2, Vibe, shadow
from spotdiff.input_files import read_bytes
from spotdiff.metrics.ratios import share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from spotdiff.image.background_models import Model
    from spotdiff.types import Bytes, Mask

MODELS: Mapping[str, Callable[[], Model]] = {
    "median": lambda: Median(capacity=25, noise=4.0, threshold=5.0),
    "mog2": lambda: Mog2(capacity=200, noise=4.0, threshold=4.0),
    "knn": lambda: Knn(capacity=25, min_matches=2, radius=20.0),
    "vibe": lambda: Vibe(samples=20, min_matches=2, radius=20.0, subsampling=16, seed=0),
}
_EVERY = {"median": 8, "knn": 8}  # these remember whole frames, so they learn one in so many
_FOREGROUND = 255
_UNCOUNTED = (85, 170)  # outside of the region, unknown; 50, a hard shadow, counts as background
_BLUR = 1.0


@dataclass(frozen=True, slots=True)
class FrameMetrics:
    """The seven figures of CDnet 2014, over all counted pixels of all frames with a truth.

    Attributes:
        frames: How many had a truth.
        recall, specificity, precision, f1: Shares.
        false_positive_rate, false_negative_rate: Shares.
        wrong: Percentage of wrong classifications.

    References:
        Wang, Jodoin, Porikli, Konrad, Benezeth, Ishwar (2014), CDnet 2014: an expanded change detection benchmark
        dataset, CVPR workshops, section 4.
    """

    frames: int
    recall: float
    specificity: float
    false_positive_rate: float
    false_negative_rate: float
    wrong: float
    precision: float
    f1: float


def find_films(folder: str | Path) -> list[Path]:
    """Folders at or below this one that hold `input` and `groundtruth`, by name.

    Raises:
        DataError: there is none.
    """
    there = Path(folder)
    folders = sorted(path.parent for path in there.rglob("groundtruth") if (path.parent / "input").is_dir())
    if not folders:
        raise DataError(f"{folder}: no folder in it holds input/ and groundtruth/")
    return folders


def score_film(folder: Path, model: str) -> FrameMetrics:
    """Let a background model watch one film from its first frame, judging each before it learns it.

    Args:
        folder: Holds `input/inNNNNNN.jpg` and `groundtruth/gtNNNNNN.png`.
        model: A name of `MODELS`.

    Raises:
        DataError: a frame cannot be read or has another size than the others, or no frame has a truth.
    """
    background, every = MODELS[model](), _EVERY.get(model, 1)
    counts = np.zeros(4)  # true and false positives, true and false negatives
    scored = 0
    for number, (frame, truth) in enumerate(_frames(folder)):
        smooth = np.asarray(cv2.GaussianBlur(frame, (0, 0), _BLUR), np.uint8)
        if number and truth is not None:
            counts += _counted(_foreground(background, smooth), truth)
            scored += 1
        if number % every == 0 or number < every:
            background.learn(smooth)
    if not scored:
        raise DataError(f"{folder}: no frame of it has a truth")
    return _figures(scored, *counts.tolist())


def frame_table(rows: Mapping[tuple[str, str], FrameMetrics]) -> Table:
    """Figures by film and model."""
    heads = ("film", "model", "frames", "recall", "precision", "F1", "specificity", "wrong %")
    lines = [
        (
            film,
            model,
            str(f.frames),
            *map(shown, (f.recall, f.precision, f.f1, f.specificity, f.wrong)),
        )
        for (film, model), f in rows.items()
    ]
    return Table("frames", heads, tuple(lines))


def _frames(folder: Path) -> Iterator[tuple[Bytes, Bytes | None]]:
    truths = {_number(path): path for path in (folder / "groundtruth").iterdir() if _number(path) is not None}
    inputs = sorted(
        (path for path in (folder / "input").iterdir() if _number(path) is not None),
        key=lambda path: _number(path) or 0,
    )
    size: tuple[int, ...] = ()
    for path in inputs:
        frame = _read(path, cv2.IMREAD_COLOR)
        size = size or frame.shape[:2]
        place = truths.get(_number(path))
        truth = None if place is None else _read(place, cv2.IMREAD_GRAYSCALE)
        for other, pixels in ((path, frame), (place, truth)):
            if pixels is not None and pixels.shape[:2] != size:
                raise DataError(f"{other} is not {size[1]} x {size[0]} pixels large, as the first frame of its film is")
        yield frame, truth


def _read(path: Path, flags: int) -> Bytes:
    pixels = decode_array(read_bytes(path), flags, name=str(path))
    if pixels is None:
        raise DataError(f"{path} is no picture")
    return np.asarray(pixels, np.uint8)


def _number(path: Path) -> int | None:
    digits = re.search(r"(\d+)\.\w+$", path.name)
    return int(digits[1]) if digits else None


def _foreground(background: Model, frame: Bytes) -> Mask:
    """What is far from the usual look and no shadow, without specks."""
    mask = (background.judge(frame) >= 0.5) & ~shadow(frame, background.usual())
    return np.asarray(cv2.medianBlur(mask.astype(np.uint8), 5) > 0)


def _counted(mask: Mask, truth: Bytes) -> Sequence[int]:
    counted, there = ~np.isin(truth, _UNCOUNTED), truth == _FOREGROUND
    return [int((part & counted).sum()) for part in (mask & there, mask & ~there, ~mask & ~there, ~mask & there)]


def _figures(frames: int, tp: float, fp: float, tn: float, fn: float) -> FrameMetrics:
    recall, precision = share(tp, tp + fn), share(tp, tp + fp)
    return FrameMetrics(
        frames=frames,
        recall=recall,
        specificity=share(tn, tn + fp),
        false_positive_rate=share(fp, fp + tn),
        false_negative_rate=share(fn, tp + fn),
        wrong=100 * share(fn + fp, tp + fp + tn + fn),
        precision=precision,
        f1=share(2 * tp, 2 * tp + fp + fn),
    )

"""Bad data, told file by file before work on it starts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from spotdiff.data.dataset import CHANGED, PICTURE_SUFFIXES, UNCOUNTED, Truth, read_truth
from spotdiff.data.picture_size import picture_size
from spotdiff.errors import DataError, LoadError

if TYPE_CHECKING:
    from spotdiff.data.dataset import Dataset, Sample, TrueBox

Severity = Literal["error", "remark"]
Size = tuple[int, int]
_SHOWN = 5  # problems in a message
_UNPAIRED = " belongs to no pair"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file.

    Attributes:
        severity: An error spoils the pair; a remark is worth a look.
        path: The file, or a sample's name where no file is at fault.
        text: What is wrong, without the path.
    """

    severity: Severity
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path} {self.text}"


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What came of inspecting one sample.

    Attributes:
        name: The sample's.
        changed: Whether anything did; None where nobody knows or the truth cannot be read.
        problems: What is wrong with its files.
    """

    name: str
    changed: bool | None
    problems: tuple[Problem, ...] = ()


def inspect(dataset: Dataset, *, decode: bool = True, workers: int = 0, to_learn: bool = False) -> tuple[Problem, ...]:
    """Everything that is wrong with a dataset, in its order, files without a pair first.

    Told are: files without a counterpart, missing, empty, unreadable and truncated pictures, masks of another size than
    their picture or with values they cannot have, boxes outside of their picture, samples without truth among others
    that have some (errors); masks without any changed pixel or nothing that counts, and files that are no pictures
    (remarks). Two files of one key are refused when a dataset is opened.

    Args:
        dataset: From `open_dataset`, `open_patterns` or a published set.
        decode: Decode the pictures whole; without, only their headers are read and truncated ones go unseen.
        workers: Threads that look; 0 looks in this one.
        to_learn: Truth that only says that something changed, and not where, is an error.
    """
    reports = inspect_samples(dataset, decode=decode, workers=workers, to_learn=to_learn)
    return (*unpaired_files(dataset), *(problem for report in reports for problem in report.problems))


def checked(dataset: Dataset, *, decode: bool = True, workers: int = 0, to_learn: bool = False) -> Dataset:
    """The dataset, when nothing in it is an error; see `inspect`.

    Raises:
        DataError: something is; the message names the first few files and how many there are.
    """
    problems = inspect(dataset, decode=decode, workers=workers, to_learn=to_learn)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        more = f"; and {len(errors) - _SHOWN} more" if len(errors) > _SHOWN else ""
        some = "; ".join(str(problem) for problem in errors[:_SHOWN])
        raise DataError(f"{dataset.name} has {len(errors)} bad file{'s' * (len(errors) > 1)}: {some}{more}")
    return dataset


def unpaired_files(dataset: Dataset) -> tuple[Problem, ...]:
    """The files that could not be paired; a picture or label among them is an error."""
    split = [line.rpartition(_UNPAIRED) for line in dataset.odd]
    known = PICTURE_SUFFIXES | {".json"}
    return tuple(
        Problem("error" if Path(path).suffix.lower() in known else "remark", path, (unpaired + why).strip())
        for path, unpaired, why in split
    )


def inspect_samples(
    dataset: Dataset, *, decode: bool = True, workers: int = 0, to_learn: bool = False
) -> Iterator[SampleReport]:
    """What is wrong with each sample, in their order; see `inspect`."""
    some_truth = any(sample.has_truth for sample in dataset)
    job = partial(inspect_sample, decode=decode, truth_wanted=some_truth or to_learn, to_learn=to_learn)
    if not workers:
        yield from map(job, dataset.samples)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(job, dataset.samples)


def inspect_sample(
    sample: Sample, *, decode: bool = True, truth_wanted: bool = True, to_learn: bool = False
) -> SampleReport:
    """What is wrong with one sample.

    Args:
        sample: Its files.
        decode: Decode its pictures whole.
        truth_wanted: A sample without truth is an error.
        to_learn: So is truth that does not say where it changed.
    """
    problems: list[Problem] = []
    sizes = {path: _read_size(path, problems) for path in (sample.before, sample.after)}
    if decode:
        problems += [problem for path, size in sizes.items() if size for problem in _decoding_errors(path)]
    if not sample.has_truth:
        if truth_wanted:
            others = "" if to_learn else ", though others have"
            problems.append(Problem("error", sample.name, f"has no truth{others}"))
        return SampleReport(sample.name, None, tuple(problems))
    try:
        truth = read_truth(sample)
    except DataError as error:
        files = (sample.mask, sample.gone, sample.new, sample.boxes)
        at_fault = next((path for path in files if path is not None and str(error).startswith(str(path))), None)
        path = at_fault or Path(sample.name)
        problems.append(Problem("error", str(path), _without_path(path, error)))
        return SampleReport(sample.name, None, tuple(problems))
    if to_learn and truth.changed is not False and truth.mask is None and truth.gone is None and truth.form is None:
        problems.append(Problem("error", sample.name, "does not say where it changed: masks or boxes are needed"))
    problems += _mask_problems(sample, truth, sizes[sample.before], sizes[sample.after])
    problems += _box_problems(sample, truth, sizes[sample.before], sizes[sample.after])
    return SampleReport(sample.name, truth.changed, tuple(problems))


def _read_size(path: Path, problems: list[Problem]) -> Size | None:
    try:
        return picture_size(path)
    except DataError as error:
        problems.append(Problem("error", str(path), _without_path(path, error)))
        return None


def _decoding_errors(path: Path) -> Iterator[Problem]:
    from spotdiff.image import load_picture

    try:
        load_picture(path)
    except LoadError as error:
        yield Problem("error", str(path), _without_path(path, error).removeprefix(": "))


def _without_path(path: Path, error: Exception) -> str:
    return str(error).removeprefix(str(path)).removeprefix(":").strip()


def _mask_problems(sample: Sample, truth: Truth, before: Size | None, after: Size | None) -> Iterator[Problem]:
    by_side = (
        (truth.mask, sample.mask, before, "before"),
        (truth.gone, sample.gone or sample.mask, before, "before"),
        (truth.new, sample.new or sample.mask, after, "after"),
    )
    for mask, path, size, side in by_side:
        if mask is not None and size is not None and mask.shape[::-1] != size:
            width, height = mask.shape[::-1]
            yield Problem("error", str(path or sample.name), f"is {width}x{height}, {side} is {size[0]}x{size[1]}")
            return
    masks = [mask for mask in (truth.mask, truth.gone, truth.new) if mask is not None]
    path_of_all = str(sample.mask or sample.gone or sample.name)
    if masks and all(np.isin(mask, UNCOUNTED).all() for mask in masks):
        yield Problem("remark", path_of_all, "counts nowhere: every pixel is unknown or outside")
    elif masks and not any((mask == CHANGED).any() for mask in masks):
        yield Problem("remark", path_of_all, "is an empty mask: no pixel is changed")


def _box_problems(sample: Sample, truth: Truth, before: Size | None, after: Size | None) -> Iterator[Problem]:
    path = str(sample.boxes or sample.name)
    sides = [
        "after" if truth.form == "objects" and truth.kinds[index] == "added" else "before"
        for index in range(len(truth.boxes))
    ]
    boxes = [*zip(truth.boxes, sides, strict=True), *((box, "after") for box in truth.boxes_after)]
    for box, side in boxes:
        size = before if side == "before" else after
        if size is not None and _is_outside(box, size):
            corners = "[" + ", ".join(f"{value:g}" for value in box) + "]"
            yield Problem("error", path, f"has box {corners} outside of {side}, which is {size[0]}x{size[1]}")


def _is_outside(box: TrueBox, size: Size) -> bool:
    """Whether a box leaves its picture by more than a pixel, which rounding may cost."""
    left, top, right, bottom = box
    return left < -1 or top < -1 or right > size[0] + 1 or bottom > size[1] + 1

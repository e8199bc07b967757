"""DeepPCB: circuit boards against their template, with the places of six kinds of defects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from spotdiff.data.dataset import Dataset, Sample, TrueBox, Truth
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.errors import DataError
from spotdiff.input_files import read_text

_KINDS = {"1": "open", "2": "short", "3": "mousebite", "4": "spur", "5": "copper", "6": "pin-hole"}
_FARTHEST = 1e9  # pixels
_FILES = {"train": ("trainval.txt",), "test": ("test.txt",), "": ("trainval.txt", "test.txt")}


class DeepPcb:
    """Layout after the README of tangsanli5201/DeepPCB and a public converter of it.

    The boxes stand about 11 px off the defect on every side, so a region counts when its centre lies in one.
    """

    card: ClassVar[Card] = Card(
        title="DeepPCB",
        shows="binarised scans of printed circuit boards, template and tested board; some defects were drawn by hand",
        size="1500 pairs of 640x640, 3 to 12 defects each: 1000 train, 500 test",
        licence="for research only (its README)",
        citation="Tang, He, Huang and Yang, Online PCB defect detector on a new PCB defect dataset, "
        "arXiv:1902.06197, 2019",
        homepage="https://github.com/tangsanli5201/DeepPCB",
        splits=("train", "test"),
        folders=(
            (
                "PCBData with trainval.txt, test.txt and groupN/N/NAME_temp.jpg, groupN/N/NAME_test.jpg, "
                "groupN/N_not/NAME.txt"
            ),
        ),
        values={"a line of NAME.txt": "left top right bottom kind; kind 1 to 6: " + ", ".join(_KINDS.values())},
        known_from="its README and a public converter; 120 pairs were measured",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`, its lists of pairs read.

        Raises:
            DataError: it is not laid out so, or has no such split, or a list cannot be read.
        """
        check_split(self.card, split)
        top = root / "PCBData" if (root / "PCBData").is_dir() else root
        lists = [top / file for file in _FILES[split]]
        if not all(path.is_file() for path in lists):
            raise layout_error(self.card, root)
        samples = sorted((sample for path in lists for sample in _read_list(path, top)), key=lambda sample: sample.name)
        return Dataset(split_title("deep-pcb", split), tuple(samples))


def _read_list(path: Path, top: Path) -> Iterator[Sample]:
    """The pairs of a list; its lines name a picture NAME.jpg that is not there, and the file of its boxes."""
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 2:
            raise DataError(f"{path}, line {number}: it names a picture and a file of boxes, not {line!r}")
        stem = parts[0].removesuffix(".jpg")
        before, after = top / f"{stem}_temp.jpg", top / f"{stem}_test.jpg"
        yield Sample(stem, before, after, boxes=top / parts[1], reader=_Defects())


@dataclass(frozen=True, slots=True)
class _Defects:
    """Reads lines of left, top, right, bottom and the number of a kind."""

    def __call__(self, sample: Sample) -> Truth:
        if sample.boxes is None:
            raise DataError(f"{sample.name} has no file of boxes")
        lines = read_text(sample.boxes).splitlines()
        rows = [_parse_defect(line, sample.boxes) for line in lines if line.strip()]
        return Truth(bool(rows), None, "areas", tuple(box for box, _ in rows), tuple(kind for _, kind in rows))


def _parse_defect(line: str, path: Path) -> tuple[TrueBox, str]:
    parts = line.replace(",", " ").split()
    if len(parts) != 5 or parts[4] not in _KINDS:
        raise DataError(f"{path}: a defect is left, top, right, bottom and a kind from 1 to 6, not {line!r}")
    try:
        left, top, right, bottom = map(float, parts[:4])
    except ValueError:
        raise DataError(f"{path}: {line!r} holds something else than numbers") from None
    if not (-_FARTHEST < left < right < _FARTHEST and -_FARTHEST < top < bottom < _FARTHEST):
        raise DataError(f"{path}: box {line!r} is empty: right must exceed left, bottom must exceed top")
    return (left, top, right, bottom), _KINDS[parts[4]]

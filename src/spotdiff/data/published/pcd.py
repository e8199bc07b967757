"""PCD: street panoramas before and after a tsunami (TSUNAMI) and of Google Street View (GSV), in five folds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from spotdiff.data.dataset import Dataset, Sample
from spotdiff.data.open import open_patterns
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.data.published._label_images import LabelReader
from spotdiff.errors import DataError

_PARTS = {"tsunami": "TSUNAMI", "gsv": "GSV"}
_SPLIT = re.compile(r"(tsunami|gsv)?-?(?:(train|test)-([0-4]))?")
_PANORAMAS = LabelReader(((0, "changed"), (255, "unchanged")))
_CROPS = LabelReader(((0, "unchanged"), (255, "changed")))
_FOLDS = tuple(f"{side}-{fold}" for fold in range(5) for side in ("train", "test"))
_PLACES = {"before": "t0/{}.*", "after": "t1/{}.*", "mask": "mask/{}.*"}


class Pcd:
    """Layouts after kensakurada/sscdnet and `src/dataset/pcd.py` of DoctorKey/C-3PO.

    Fold K tests the pictures whose number, modulo ten, is 2K or 2K + 1, and trains on the others; so it is in the
    reader of C-3PO, and so the crops of set K were made.
    """

    card: ClassVar[Card] = Card(
        title="PCD (Panoramic Change Detection: TSUNAMI and GSV)",
        shows="panoramas of streets; buildings, cars and rubble that came or went; sky and ground are never changes",
        size="100 pairs of TSUNAMI and 100 of GSV, 1024x224; crops of 256x256 for five folds",
        licence="for research, sent by its authors on request by e-mail",
        citation="Sakurada and Okatani, Change detection from a street image pair using CNN features and superpixel "
        "segmentation, BMVC 2015, doi:10.5244/C.29.61",
        homepage="https://kensakurada.github.io/pcd_dataset.html",
        splits=("tsunami", "gsv", *_FOLDS, *(f"{part}-{fold}" for part in _PARTS for fold in _FOLDS)),
        folders=(
            "TSUNAMI and GSV, each with t0, t1 and mask (panoramas)",
            "set0 to set4, each with train and test, each with t0, t1 and mask (crops; splits train-K and test-K)",
        ),
        values={"panoramas": "0 changed, 255 unchanged", "crops": "0 unchanged, 255 changed"},
        known_from="two public readers, which also invert the masks of the panoramas; that masks hold 0 and 255 only "
        "is their word",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`: panoramas of one part or both, or the crops of a fold.

        Raises:
            DataError: it is not laid out so, or has no such split.
        """
        check_split(self.card, split)
        match = _SPLIT.fullmatch(split)
        part, side, fold = match.groups() if match else (None, None, None)
        crops = root / f"set{fold}" / str(side)
        if part is None and crops.is_dir():
            return open_patterns(crops, reader=_CROPS, name=split_title("pcd", split), **_PLACES)
        if not any((root / folder / "t0").is_dir() for folder in _PARTS.values()):
            raise layout_error(self.card, root)
        patterns = {role: f"*/{place}" for role, place in _PLACES.items()}
        dataset = open_patterns(root, reader=_PANORAMAS, name=split_title("pcd", split), **patterns)
        chosen = tuple(sample for sample in dataset if _in_split(sample, root, part, side, fold))
        if not chosen:
            raise DataError(f"{root} holds no pair of {split}")
        return replace(dataset, samples=chosen)


def _in_split(sample: Sample, root: Path, part: str | None, side: str | None, fold: str | None) -> bool:
    folder, _, name = sample.name.partition("/")
    if part and folder != _PARTS[part]:
        return False
    if side is None or fold is None:
        return True
    if not name.isdecimal():
        raise DataError(f"{sample.before.relative_to(root)} has no number for a name: it is in no fold")
    return (int(name) % 10 // 2 == int(fold)) == (side == "test")

"""VL-CMU-CD: street scenes in Pittsburgh, a year and its seasons apart, registered through their depth."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from spotdiff.data.dataset import Dataset
from spotdiff.data.open import open_patterns
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.data.published._label_images import LabelReader, Meaning

_PLACES = {"before": "t0/{}.*", "after": "t1/{}.*", "mask": "mask/{}.*"}
_RAW_PLACES = {"before": "RGB/1_{}.*", "after": "RGB/2_{}.*", "mask": "GT/gt{}.*"}
_BINARY = LabelReader(((0, "unchanged"), (255, "changed")))
_CLASSES: tuple[tuple[int, Meaning], ...] = tuple((value, "changed") for value in range(1, 255))
_RAW = LabelReader(((0, "unchanged"), *_CLASSES, (255, "unchanged")))


class VlCmuCd:
    """Both layouts after `src/dataset/vl_cmu_cd.py` of DoctorKey/C-3PO."""

    card: ClassVar[Card] = Card(
        title="VL-CMU-CD",
        shows="streets seen from a car; bins, signs, barriers, vehicles and building work that came or went",
        size="151 sequences, 1362 pairs of 1024x768; the binary copy has 512x512, also turned by right angles",
        licence="unstated; for research",
        citation="Alcantarilla, Stent, Ros, Arroyo and Gherardi, Street-view change detection with deconvolutional "
        "networks, Autonomous Robots 42, 2018, doi:10.1007/s10514-018-9734-5",
        homepage="https://ghsi.github.io/proj/RSS2016.html",
        splits=("train", "test"),
        folders=(
            "SPLIT/t0, SPLIT/t1 and SPLIT/mask (binary copy)",
            "SPLIT/SEQUENCE/RGB/1_NN.png, RGB/2_NN.png and GT/gtNN.png (as given out)",
        ),
        values={
            "binary copy": "0 unchanged, 255 changed",
            "as given out": "0 unchanged, 1 to 254 a class of change, 255 sky, which is unchanged",
        },
        known_from="a public reader of both layouts, which takes any class from 1 to 254; homepage from memory",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`: the binary copy, or the folders as they were given out.

        Raises:
            DataError: it is not laid out so, or has no such split.
        """
        check_split(self.card, split)
        name, folder = split_title("vl-cmu-cd", split), root / (split or "raw")
        if not split and not folder.is_dir():
            folder = root
        for above in ("", "*/"):
            if any(folder.glob(f"{above}t0")):
                return open_patterns(folder, reader=_BINARY, name=name, **_below(above, _PLACES))
            if any(folder.glob(f"{above}*/RGB")):
                return open_patterns(folder, reader=_RAW, name=name, **_below(f"{above}*/", _RAW_PLACES))
        raise layout_error(self.card, root)


def _below(above: str, places: dict[str, str]) -> dict[str, str]:
    return {role: above + place for role, place in places.items()}

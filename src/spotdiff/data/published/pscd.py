"""PSCD: street panoramas with what changed marked in each of the two pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from spotdiff.data.dataset import CHANGED, UNCHANGED, Dataset, Sample, Truth
from spotdiff.data.open import open_patterns, select_split
from spotdiff.data.published import Card, check_split, layout_error
from spotdiff.data.published._label_images import read_colours
from spotdiff.errors import DataError


class Pscd:
    """Layout after `datasets/pscd.py` of ChadLin9596/Robust-Scene-Change-Detection.

    That reader takes every value but 0 as changed and so does this one, for which values stand for which class is not
    known from it. The authors of the set give out no list of train and test; put one into `train.txt` or `test.txt`
    below the root, a name a line, to open such a split.
    """

    card: ClassVar[Card] = Card(
        title="PSCD (Panoramic Semantic Change Detection)",
        shows="panoramas of streets, cut to the road; what is in one of the two pictures only, with its class",
        size="500 pairs of 1024x224",
        licence="terms of use on its homepage, for research",
        citation="Sakurada, Shibuya and Wang, Weakly supervised silhouette-based semantic scene change detection, "
        "ICRA 2020, doi:10.1109/ICRA40945.2020.9196985",
        homepage="https://kensakurada.github.io/pscd/",
        splits=("train", "val", "test"),
        folders=("t0, t1, mask_t0 and mask_t1, with the same names; SPLIT.txt for a split",),
        values={"0": "unchanged", "1 to 255": "changed: gone in mask_t0, new in mask_t1"},
        known_from="one public reader; the classes behind the values are unverified",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`.

        Raises:
            DataError: it is not laid out so, or has no such split.
        """
        check_split(self.card, split)
        if not (root / "mask_t0").is_dir():
            raise layout_error(self.card, root)
        places = {"before": "t0", "after": "t1", "gone": "mask_t0", "new": "mask_t1"}
        patterns = {role: f"{folder}/{{}}.*" for role, folder in places.items()}
        dataset = open_patterns(root, reader=_BothMasks(), name="pscd", **patterns)
        if not split:
            return dataset
        list_file = root / f"{split}.txt"
        if not list_file.is_file():
            raise DataError(f"{list_file} is not there: it would list the names of the split, one a line")
        return select_split(dataset, list_file)


@dataclass(frozen=True, slots=True)
class _BothMasks:
    """Reads one mask a picture, in which everything but 0 is a class of what changed."""

    def __call__(self, sample: Sample) -> Truth:
        if sample.gone is None or sample.new is None:
            raise DataError(f"{sample.name} has only one of mask_t0 and mask_t1")
        gone, new = (
            np.where(read_colours(path) > 0, CHANGED, UNCHANGED).astype(np.uint8) for path in (sample.gone, sample.new)
        )
        if gone.shape != new.shape:
            raise DataError(f"{sample.gone} and {sample.new} differ in size")
        mask = np.maximum(gone, new)
        return Truth(bool(mask.any()), mask, gone=gone, new=new)

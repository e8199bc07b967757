"""LEVIR-CD: buildings that came and went in pairs of aerial pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from spotdiff.data.dataset import Dataset
from spotdiff.data.open import open_patterns
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.data.published._label_images import LabelReader

_LABELS = LabelReader(((0, "unchanged"), (255, "changed")))
_PLACES = {"before": "A/{}.*", "after": "B/{}.*", "mask": "label/{}.*"}


class LevirCd:
    """Layout after `torchgeo/datasets/levircd.py` of microsoft/torchgeo and the configurations of likyoo/open-cd."""

    card: ClassVar[Card] = Card(
        title="LEVIR-CD",
        shows="buildings from above, 0.5 m a pixel, 5 to 14 years apart, 20 places in Texas",
        size="637 pairs of 1024x1024: 445 train, 64 val, 128 test",
        licence="for academic use, as its homepage says; none is stated in the files",
        citation="Chen and Shi, A spatial-temporal attention-based method and a new dataset for remote sensing image "
        "change detection, Remote Sensing 12(10), 2020, doi:10.3390/rs12101662",
        homepage="https://justchenhao.github.io/LEVIR/",
        splits=("train", "val", "test"),
        folders=("SPLIT/A, SPLIT/B and SPLIT/label", "A, B and label with names that start with SPLIT_"),
        values={"0": "unchanged", "255": "changed"},
        known_from="public readers of both layouts; licence from memory",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`, with a folder for every split or with all pictures together.

        Raises:
            DataError: it is not laid out so, or has no such split.
        """
        check_split(self.card, split)
        name = split_title("levir-cd", split)
        if split and (root / split / "A").is_dir():
            return open_patterns(root / split, reader=_LABELS, name=name, **_PLACES)
        if (root / "A").is_dir():
            dataset = open_patterns(root, reader=_LABELS, name=name, **_PLACES)
            return replace(
                dataset,
                samples=tuple(sample for sample in dataset if sample.name.startswith(f"{split}_" * bool(split))),
            )
        if not split and any((root / name / "A").is_dir() for name in self.card.splits):
            patterns = {role: f"*/{place}" for role, place in _PLACES.items()}
            return open_patterns(root, reader=_LABELS, name=name, **patterns)
        raise layout_error(self.card, root)

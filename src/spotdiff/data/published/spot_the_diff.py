"""Spot-the-diff: pairs of frames of car parks and squares, with people's sentences on what differs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from spotdiff.data.dataset import Dataset, KnownTruth, Sample
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.data.read_json import read_json
from spotdiff.errors import DataError

_NOTHING = re.compile(
    r"\bno(t any)? (\w+ )?(differences?|changes?)\b|\bnothing (has |is )?(changed|different|changes)\b"
    r"|\b(identical|the (exact )?same (picture|image|photo)s?)\b|\b(are|look|looks) (exactly )?the same$"
)


class SpotTheDiff:
    """Layout after the README of harsh19/spot-the-diff.

    There are sentences and no places, so the truth is only whether anything changed: unchanged where every sentence
    says so, unknown where there is none.
    """

    card: ClassVar[Card] = Card(
        title="Spot-the-diff",
        shows="frames of surveillance films (VIRAT) seconds to minutes apart: people and vehicles",
        size="13 192 entries: 9 524 train, 1 634 val, 1 404 test as published; 11 329 different pairs, 224x224 in the "
        "small copy",
        licence="unstated; for evaluation, not to be passed on",
        citation="Jhamtani and Berg-Kirkpatrick, Learning to describe differences between pairs of similar images, "
        "EMNLP 2018, doi:10.18653/v1/D18-1436",
        homepage="https://github.com/harsh19/spot-the-diff",
        splits=("train", "val", "test"),
        folders=("annotations/SPLIT.json (below data or not) and resized_images or images with ID.png and ID_2.png",),
        values={"SPLIT.json": 'a list of {"img_id": ID, "sentences": [...]}'},
        known_from="its README and its annotation files",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`; the pictures of original size where a folder `images` holds them.

        Raises:
            DataError: it is not laid out so, or has no such split, or its annotations cannot be read.
        """
        check_split(self.card, split)
        top = root / "data" if (root / "data" / "annotations").is_dir() else root
        pictures = next((top / name for name in ("images", "resized_images") if (top / name).is_dir()), None)
        if pictures is None or not (top / "annotations").is_dir():
            raise layout_error(self.card, root)
        sentences: dict[str, tuple[str, ...]] = {}
        for split_name in [split] if split else self.card.splits:
            for name, texts in read_sentences(top / "annotations" / f"{split_name}.json").items():
                sentences[name] = sentences.get(name, ()) + texts
        samples = []
        for name, texts in sorted(sentences.items()):
            changed = any(_NOTHING.search(text.lower()) is None for text in texts) if texts else None
            before, after = pictures / f"{name}.png", pictures / f"{name}_2.png"
            samples.append(Sample(name, before, after, reader=KnownTruth(changed)))
        return Dataset(split_title("spot-the-diff", split), tuple(samples))


def read_sentences(path: Path) -> dict[str, tuple[str, ...]]:
    """What people said of every pair by its id, empty sentences left out; entries of one id are put together.

    Raises:
        DataError: it is no such file.
    """
    entries = read_json(path)
    sentences: dict[str, tuple[str, ...]] = {}
    try:
        for entry in entries:
            name, texts = str(entry["img_id"]), (str(text).strip() for text in entry["sentences"])
            sentences[name] = sentences.get(name, ()) + tuple(text for text in texts if text)
    except (KeyError, TypeError):
        raise DataError(f'{path} is not a list of {{"img_id": ..., "sentences": [...]}}') from None
    return sentences

"""Image-Editing-Request: photographs before and after an edit, and what somebody asked for."""

from __future__ import annotations

from pathlib import Path

from spotdiff.data.captioned import CaptionedPair, clean_sentences
from spotdiff.data.read_json import read_json
from spotdiff.errors import DataError

_SPLITS = ("train", "valid", "test")


class ImageEditingRequest:
    """Layout after its authors: `SPLIT.json` with {"uid", "img0", "img1", "sents"}, pictures in `images/`.

    References:
        Tan, Dernoncourt, Lin, Bui, Bansal (2019), Expressing visual relationships via language, ACL.
        https://arxiv.org/abs/1906.07689
    """

    def open(self, root: Path, split: str = "") -> tuple[CaptionedPair, ...]:
        """Its pairs; `val` is its `valid`.

        Raises:
            DataError: it is not laid out so, or has no such split.
        """
        split = "valid" if split == "val" else split
        if split and split not in _SPLITS:
            raise DataError(f"image-editing-request has no split {split!r}; it has {', '.join(_SPLITS)}")
        pairs = [pair for name in ([split] if split else _SPLITS) for pair in _read_split(root, name)]
        return tuple(sorted(pairs, key=lambda pair: pair.name))


def _read_split(root: Path, split: str) -> list[CaptionedPair]:
    path, images = root / f"{split}.json", root / "images"
    try:
        return [
            CaptionedPair(
                str(entry["uid"]), images / entry["img0"], images / entry["img1"], clean_sentences(entry["sents"])
            )
            for entry in read_json(path)
        ]
    except (KeyError, TypeError):
        raise DataError(f'{path} is not a list of {{"uid", "img0", "img1", "sents"}}') from None

"""Image-Editing-Request: photographs before and after an edit, and what somebody asked for."""

from __future__ import annotations

from pathlib import Path

from spotdiff.data.captioned._told import Told, read_json, sentences_in
from spotdiff.errors import DataError

_SPLITS = ("train", "valid", "test")


class ImageEditingRequest:
    """Layout after its authors: `SPLIT.json` with {"uid", "img0", "img1", "sents"}, pictures in `images/`.

    References:
        Tan, Dernoncourt, Lin, Bui, Bansal (2019), Expressing visual relationships via language, ACL.
        https://arxiv.org/abs/1906.07689
    """

    def open(self, root: Path, split: str = "") -> tuple[Told, ...]:
        """Its pairs; `val` is its `valid`.

        Raises:
            DataError: it is not laid out so, or has no such split.
        """
        split = "valid" if split == "val" else split
        if split and split not in _SPLITS:
            raise DataError(f"image-editing-request has no split {split!r}; it has {', '.join(_SPLITS)}")
        found = [told for one in ([split] if split else _SPLITS) for told in _pairs(root, one)]
        return tuple(sorted(found, key=lambda told: told.name))


def _pairs(root: Path, split: str) -> list[Told]:
    path = root / f"{split}.json"
    pictures = root / "images"
    try:
        return [
            Told(str(one["uid"]), pictures / one["img0"], pictures / one["img1"], sentences_in(one["sents"]))
            for one in read_json(path)
        ]
    except (KeyError, TypeError):
        raise DataError(f'{path} is not a list of {{"uid", "img0", "img1", "sents"}}') from None

"""CLEVR-Change: rendered solids, one of which changed, or only the camera and the light."""

from __future__ import annotations

from pathlib import Path

from spotdiff.data.captioned import CaptionedPair, clean_sentences
from spotdiff.data.read_json import read_json
from spotdiff.errors import DataError

_SPLITS = ("train", "val", "test")
_CHANGED = ("change_captions.json", "sc_images", "semantic")
_UNCHANGED = ("no_change_captions.json", "nsc_images", "nonsemantic")


class ClevrChange:
    """Layout after its authors.

    `images/CLEVR_default_N.png`, `sc_images/CLEVR_semantic_N.png` with a change, `nsc_images/CLEVR_nonsemantic_N.png`
    without, the captions of both by the name of the first, and `splits.json`.

    References:
        Park, Darrell, Rohrbach (2019), Robust change captioning, ICCV. https://arxiv.org/abs/1901.02527
    """

    def open(self, root: Path, split: str = "") -> tuple[CaptionedPair, ...]:
        """Two pairs for each scene, `N` and `N_same`.

        Raises:
            DataError: it is not laid out so, or has no such split.
        """
        if split and split not in _SPLITS:
            raise DataError(f"clevr-change has no split {split!r}; it has {', '.join(_SPLITS)}")
        chosen = _split_numbers(root, split)
        pairs = []
        for file, folder, word in (_CHANGED, _UNCHANGED):
            captions = read_json(root / file)
            if not isinstance(captions, dict):
                raise DataError(f"{root / file} names no pictures")
            for first, sentences in captions.items():
                number = first.rpartition("_")[2].partition(".")[0]
                if chosen is None or (number.isdecimal() and int(number) in chosen):
                    second = root / folder / first.replace("default", word)
                    name = number if word == "semantic" else f"{number}_same"
                    pairs.append(CaptionedPair(name, root / "images" / first, second, clean_sentences(sentences)))
        return tuple(sorted(pairs, key=lambda pair: pair.name))


def _split_numbers(root: Path, split: str) -> set[int] | None:
    if not split:
        return None
    try:
        return {int(number) for number in read_json(root / "splits.json")[split]}
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{root / 'splits.json'} does not tell the pairs of {split}") from None

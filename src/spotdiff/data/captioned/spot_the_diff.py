"""Spot-the-diff: frames of surveillance films and people's sentences, each on one difference."""

from __future__ import annotations

from pathlib import Path

from spotdiff.data.captioned import CaptionedPair, clean_sentences
from spotdiff.data.published.spot_the_diff import SpotTheDiff as Published
from spotdiff.data.published.spot_the_diff import read_sentences


class SpotTheDiff:
    """Layout: see `spotdiff.data.published.spot_the_diff`; what says nothing is left out.

    References:
        Jhamtani, Berg-Kirkpatrick (2018), Learning to describe differences between pairs of similar images, EMNLP.
        https://doi.org/10.18653/v1/D18-1436
    """

    def open(self, root: Path, split: str = "") -> tuple[CaptionedPair, ...]:
        """Its pairs; raises as the published set does."""
        samples = Published().open(root, split).samples
        top = root / "data" if (root / "data" / "annotations").is_dir() else root
        sentences: dict[str, tuple[str, ...]] = {}
        for name in [split] if split else Published.card.splits:
            for pair, texts in read_sentences(top / "annotations" / f"{name}.json").items():
                sentences[pair] = sentences.get(pair, ()) + clean_sentences(texts)
        return tuple(
            CaptionedPair(sample.name, Path(sample.before), Path(sample.after), sentences[sample.name])
            for sample in samples
        )

"""Spot-the-diff: frames of surveillance films and people's sentences, each on one difference."""

from __future__ import annotations

from pathlib import Path

from spotdiff.data.captioned._told import Told, sentences_in
from spotdiff.data.published.spot_the_diff import SpotTheDiff as Published
from spotdiff.data.published.spot_the_diff import read_sentences


class SpotTheDiff:
    """Layout: see `spotdiff.data.published.spot_the_diff`; what says nothing is left out.

    References:
        Jhamtani, Berg-Kirkpatrick (2018), Learning to describe differences between pairs of similar images, EMNLP.
        https://doi.org/10.18653/v1/D18-1436
    """

    def open(self, root: Path, split: str = "") -> tuple[Told, ...]:
        """Its pairs; raises as the published set does."""
        samples = Published().open(root, split).samples
        top = root / "data" if (root / "data" / "annotations").is_dir() else root
        said: dict[str, tuple[str, ...]] = {}
        for one in [split] if split else Published.card.splits:
            for name, sentences in read_sentences(top / "annotations" / f"{one}.json").items():
                said[name] = said.get(name, ()) + sentences_in(sentences)
        return tuple(Told(one.name, Path(one.before), Path(one.after), said[one.name]) for one in samples)

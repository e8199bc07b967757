"""Pairs with sentences on what changed: made ones, and published sets, one file each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from spotdiff import plugins
from spotdiff.data.open import split_name
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from spotdiff.data.example import Place
    from spotdiff.language.facts import ChangeFact

_REGISTRY = "data/captioned"


@dataclass(frozen=True, slots=True)
class CaptionedPair:
    """A pair and what people, or the maker of the pair, say of it.

    Attributes:
        name: Of the pair.
        before, after: Picture files.
        sentences: What changed; in published sets each sentence may tell of another change.
        facts: What is known to be true; None where there are only sentences.
        places: Where each fact is; () where nobody knows.
    """

    name: str
    before: Path
    after: Path
    sentences: tuple[str, ...]
    facts: tuple[ChangeFact, ...] | None = None
    places: tuple[Place, ...] = ()


class CaptionSet(Protocol):
    """A set of captioned pairs as its authors give it out."""

    def open(self, root: Path, split: str = "") -> Sequence[CaptionedPair]:
        """Its pairs, in the order of their names; those of one split where one is named.

        Raises:
            DataError: it is not laid out so, or has no such split, or cannot be read.
        """
        ...


def open_captions(named: str | Path, *, split: str = "") -> tuple[CaptionedPair, ...]:
    """The captioned pairs that `NAME:PATH` stands for, or those that `spotdiff synth` wrote to a folder PATH.

    Raises:
        OptionError: there is no set of that name.
        DataError: there are no such pairs, or they have no captions, or there is no such split.
    """
    name, path = split_name(named)
    caption_set = cast("CaptionSet", plugins.load(_REGISTRY, name.lower() or "made")())
    pairs = tuple(pair for pair in caption_set.open(Path(path), split) if pair.sentences)
    if not pairs:
        raise DataError(f"{named} holds no pair with a caption")
    return pairs


def clean_sentences(values: object) -> tuple[str, ...]:
    """The sentences of a list with all spaces single, those left out that say nothing (no letters, under 2 words)."""
    lines = [" ".join(str(value).split()) for value in values] if isinstance(values, Sequence) else []
    return tuple(line for line in lines if len(line.split()) > 1 and any(map(str.isalpha, line)))

"""What a captioner learns from: pairs, or regions of pairs, as arrays with what may be said of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor

from spotdiff.data.captioned import CaptionedPair, open_captions
from spotdiff.errors import DataError
from spotdiff.image import load_picture
from spotdiff.language import augmentation
from spotdiff.language.facts import ChangeFact, Spot, Thing
from spotdiff.language.paraphrase import caption
from spotdiff.language.places import place_of
from spotdiff.nets.parts.captioning import slots_tensor
from spotdiff.nets.parts.vocabulary import PAD, Vocabulary
from spotdiff.regions.boxes import overlap
from spotdiff.regions.context_crop import square, surroundings, where_seen

if TYPE_CHECKING:
    from spotdiff.types import Box, Bytes, Kind

_FEWEST, _LEAST = 8, 2  # pairs at all; pairs or regions to learn from
_FALSE = 0.25  # regions where nothing changed, to one where something did
_GUESSED: tuple[Kind, ...] = ("added", "removed", "replaced")  # kinds that such a region is taken for
_UNTOLD = 0.2  # share of the facts of a region that are kept back, as what finds regions does not know all


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One pair or one region, and what may be said of it.

    Attributes:
        before, after: (side, side, 3) uint8.
        sentences: That are true of it.
        facts: That are; None where there are only sentences.
        known: What was found out about a region, which may be copied; None for a pair.
    """

    before: Bytes
    after: Bytes
    sentences: tuple[str, ...]
    facts: tuple[ChangeFact, ...] | None
    known: ChangeFact | None = None

    def augmented(self, rng: Random) -> Item:
        """The item mirrored, its pictures exchanged, both or neither; as it is where no words are known for that."""
        item = self._mirrored() if rng.random() < 0.5 else self
        return item._exchanged() if rng.random() < 0.5 else item

    def sentence(self, rng: Random) -> str:
        """One way to say it."""
        return caption(self.facts, rng) if self.facts is not None else rng.choice(self.sentences)

    def _mirrored(self) -> Item:
        return Item(
            cv2.flip(self.before, 1),
            cv2.flip(self.after, 1),
            tuple(map(augmentation.mirrored, self.sentences)),
            None if self.facts is None else augmentation.mirrored_facts(self.facts),
            None if self.known is None else augmentation.mirrored_facts([self.known])[0],
        )

    def _exchanged(self) -> Item:
        if self.facts is None:
            sentences = tuple(other for text in self.sentences if (other := augmentation.exchanged(text)))
            return replace(self, before=self.after, after=self.before, sentences=sentences) if sentences else self
        facts = augmentation.exchanged_facts(self.facts)
        known = None if self.known is None else augmentation.exchanged_facts([self.known])[0]
        return Item(self.after, self.before, self.sentences, facts, known)


@dataclass(frozen=True, slots=True, eq=False)
class CaptionData:
    """What is learned from, and what is held out.

    Attributes:
        items: To learn from.
        held_out: To measure on.
        vocabulary: Of the sentences that are learned from.
        description: What they are, in one line.
        digest: SHA-256 over names and sentences.
    """

    items: tuple[Item, ...]
    held_out: tuple[Item, ...]
    vocabulary: Vocabulary
    description: str
    digest: str


def find_caption_data(
    data: Sequence[str], *, side: int, regions: bool, held_out: float, measured: int, least: int
) -> CaptionData:
    """Read captioned pairs; the last of them are held out.

    Args:
        data: Folders of made pairs, or `NAME:PATH` of published ones.
        side: Of the squares, in pixels.
        regions: One item a region instead of one a pair.
        held_out: Share of the pairs that is held out.
        measured: Most of them.
        least: Times that a word must stand in the sentences.

    Raises:
        DataError: there are too few pairs, or they do not know the regions that are asked for, or cannot be read.
    """
    pairs = [pair for named in data for pair in open_captions(named)]
    if len(pairs) < _FEWEST:
        raise DataError(f"{len(pairs)} captioned pairs are too few to learn from; give --data with {_FEWEST} or more")
    if regions and any(pair.facts is None for pair in pairs):
        raise DataError("regions are learned from made pairs, whose facts are known; give a folder of `spotdiff synth`")
    out = min(max(round(len(pairs) * held_out), 1), measured)
    make = _of_regions if regions else _of_pair
    items, held = ([item for pair in part for item in make(pair, side)] for part in (pairs[:-out], pairs[-out:]))
    if len(items) < _LEAST or not held:
        what = f"{len(items)} {'regions' if regions else 'pairs'} to learn from and {len(held)} to measure on"
        raise DataError(f"{what} are too few; give more --data")
    sentences = [text for pair in pairs[:-out] for text in pair.sentences]
    digest = hashlib.sha256("\n".join(f"{pair.name} {pair.sentences}" for pair in pairs).encode()).hexdigest()
    line = f"{len(pairs) - out} captioned pairs ({', '.join(data)})"
    return CaptionData(tuple(items), tuple(held), Vocabulary.of(sentences, least=least), line, digest)


def _of_pair(pair: CaptionedPair, side: int) -> list[Item]:
    before, after = (square(load_picture(path).pixels, side) for path in (pair.before, pair.after))
    return [Item(before, after, pair.sentences, pair.facts)]


def _of_regions(pair: CaptionedPair, side: int) -> list[Item]:
    before, after = load_picture(pair.before).pixels, load_picture(pair.after).pixels
    rng = Random(pair.name)
    items = []
    for place, fact in zip(pair.places, pair.facts or (), strict=True):
        here, there = where_seen(place.kind, place.box_before or place.box_after or (0, 0, 1, 1), place.box_after)
        items.append(Item(*_pair_of(before, after, here, there, side), (), (fact,), _observed(fact, rng)))
    if rng.random() < _FALSE * max(len(items), 2):
        size = before.shape[1], before.shape[0]
        box = _anywhere(size, rng)
        taken = [own for place in pair.places for own in (place.box_before, place.box_after) if own is not None]
        if not any(overlap(box, own) for own in taken):
            guess = ChangeFact(rng.choice(_GUESSED), Thing(), Spot(place_of(box, size)))
            items.append(Item(*_pair_of(before, after, box, box, side), (), (), guess))
    return items


def _pair_of(before: Bytes, after: Bytes, here: Box, there: Box, side: int) -> tuple[Bytes, Bytes]:
    return surroundings(before, here, side), surroundings(after, there, side)


def _observed(fact: ChangeFact, rng: Random) -> ChangeFact:
    """A fact as what finds regions would know it: never by name, and not always its colours."""

    def observed(thing: Thing) -> Thing:
        return Thing("", "" if rng.random() < _UNTOLD else thing.colour, thing.size)

    return replace(fact, thing=observed(fact.thing), other=observed(fact.other))


def _anywhere(size: tuple[int, int], rng: Random) -> Box:
    width, height = (max(int(side * rng.uniform(0.08, 0.35)), 2) for side in size)
    left, top = rng.randrange(size[0] - width), rng.randrange(size[1] - height)
    return left, top, left + width, top + height


@dataclass(frozen=True, slots=True, eq=False)
class CaptionBatch:
    """Tensors to learn from: pictures (N, 3, side, side) in [0, 1], words (N, T), facts (N, slots) or None."""

    before: Tensor
    after: Tensor
    words: Tensor
    facts: Tensor | None

    @classmethod
    def of(cls, items: Sequence[Item], vocabulary: Vocabulary, rng: Random) -> CaptionBatch:
        """A batch of items, each with one sentence."""
        before, after = (
            torch.from_numpy(np.stack([getattr(item, side) for item in items])).permute(0, 3, 1, 2).float() / 255
            for side in ("before", "after")
        )
        numbers = [vocabulary.numbers(item.sentence(rng)) for item in items]
        words = torch.full((len(items), max(map(len, numbers))), PAD)
        for row, sentence in enumerate(numbers):
            words[row, : len(sentence)] = torch.tensor(sentence)
        return cls(before, after, words, slots_tensor([item.known for item in items], vocabulary))

    def to(self, device: torch.device) -> CaptionBatch:
        """The batch on a device."""
        facts = None if self.facts is None else self.facts.to(device)
        return CaptionBatch(self.before.to(device), self.after.to(device), self.words.to(device), facts)

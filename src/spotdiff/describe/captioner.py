"""Trained network: sentences on the whole pair, or on each region with its facts; held against what is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spotdiff.describe._region_facts import facts_of
from spotdiff.errors import MissingExtra, OptionError
from spotdiff.language.catalogue import get_catalogue
from spotdiff.language.grammar import fact_sentence
from spotdiff.language.parse import parse
from spotdiff.params import check, param
from spotdiff.regions.context_crop import square, surroundings, where_seen

if TYPE_CHECKING:
    from spotdiff.language.facts import ChangeFact
    from spotdiff.language.places import Areas
    from spotdiff.nets.parts.captioning import LoadedCaptioner
    from spotdiff.types import Bytes, Pair, Region

_SPACE = re.compile(r" ([.,;])")


@dataclass(frozen=True, slots=True)
class Captioner:
    """A network that was trained with `spotdiff train captioner`; in English.

    One that looks at regions names what changed: where its sentence agrees with the region's kind and place, the name
    in it is told by the grammar of `words`; where not, nothing is named. One that looks at the whole pair says its
    sentence behind the summary, marked as its own, and the regions are told by `words`.

    Attributes:
        weights: File of a trained captioner.
        beam: Sentences that are kept in mind while one is written.
        least: Mean chance of the words of a sentence, under which no name is taken from it.
        areas: Named polygons in before's pixels.
    """

    weights: str = param("", "file of a trained captioner")
    beam: int = param(3, "sentences kept in mind while one is written", low=1, high=16)
    least: float = param(0.9, "mean chance of its words that a sentence needs to name a thing", low=0, high=1)
    areas: Areas = field(default_factory=dict)

    def __post_init__(self) -> None:
        check(self)

    def describe(self, pair: Pair, regions: Sequence[Region]) -> tuple[Region, ...]:
        """The same regions, each with its text; raises as `with_note`."""
        return self.with_note(pair, regions)[0]

    def with_note(self, pair: Pair, regions: Sequence[Region]) -> tuple[tuple[Region, ...], str]:
        """The same regions, each with its text, and what is caption of the whole pair.

        Raises:
            OptionError: there are no weights.
            DataError: the file cannot be read, or holds no captioner.
            MissingExtra: torch is not installed.
        """
        captioner, catalogue = self.captioner(), get_catalogue("en")
        facts, note = facts_of(pair, regions, self.areas), ""
        if captioner.regions:
            facts = self._named(captioner, pair, regions, facts)
        elif regions:
            note = f"A trained captioner says: {self._whole(captioner, pair)}"
        texts = [fact_sentence(fact, catalogue) for fact in facts]
        return tuple(replace(region, text=text) for region, text in zip(regions, texts, strict=True)), note

    def captioner(self) -> LoadedCaptioner:
        """The captioner in the file of weights; raises as `with_note`."""
        if not self.weights:
            raise OptionError("captioner needs trained weights: --describe-set weights=RUN/weights.safetensors")
        try:
            from spotdiff.nets.parts.captioning import open_captioner
        except ModuleNotFoundError as missing:
            raise MissingExtra(str(missing.name), extra="train") from None
        return open_captioner(self.weights)

    def _whole(self, captioner: LoadedCaptioner, pair: Pair) -> str:
        squares = [square(picture.opaque, captioner.side) for picture in (pair.before, pair.after)]
        ((text, _),) = captioner.captions([squares[0]], [squares[1]], beam=self.beam)
        return _SPACE.sub(r"\1", text) or "nothing."

    def _named(
        self, captioner: LoadedCaptioner, pair: Pair, regions: Sequence[Region], facts: Sequence[ChangeFact]
    ) -> tuple[ChangeFact, ...]:
        seen = [number for number, region in enumerate(regions) if region.box_before and region.box_after]
        squares = [_squares(pair, regions[number], captioner.side) for number in seen]
        befores, afters = [first for first, _ in squares], [second for _, second in squares]
        captions = captioner.captions(befores, afters, [facts[number] for number in seen], beam=self.beam)
        named = list(facts)
        for number, (text, chance) in zip(seen, captions, strict=True):
            read = parse(text)
            if len(read) == 1 and chance >= self.least and _agree(read[0], facts[number]):
                named[number] = _with_names(facts[number], read[0])
        return tuple(named)


def _squares(pair: Pair, region: Region, side: int) -> tuple[Bytes, Bytes]:
    here, there = where_seen(region.kind, region.box_before or (0, 0, 1, 1), region.box_after)
    return surroundings(pair.before.opaque, here, side), surroundings(pair.after.opaque, there, side)


def _agree(caption: ChangeFact, known: ChangeFact) -> bool:
    return caption.kind == known.kind and caption.spot.place == known.spot.place and caption.to.place == known.to.place


def _with_names(known: ChangeFact, caption: ChangeFact) -> ChangeFact:
    thing = replace(known.thing, name=caption.thing.name)
    return replace(known, thing=thing, other=replace(known.other, name=caption.other.name))

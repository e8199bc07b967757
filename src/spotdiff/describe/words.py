"""Facts of each region in a sentence: kind, size, colour, place, named area, neighbour, and how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spotdiff.describe._region_facts import facts_of
from spotdiff.language.catalogue import get_catalogue
from spotdiff.language.grammar import fact_sentence
from spotdiff.params import param

if TYPE_CHECKING:
    from spotdiff.language.places import Areas
    from spotdiff.types import Pair, Region


@dataclass(frozen=True, slots=True)
class Words:
    """Says such things as `Something small and red was added at the top left (gate).` from what is seen.

    A likely change is stated from a score of .8 on and seems so below; others are possible. What a thing is, is not
    known and not said; its colour is told where one word fits three fifths of it.

    Attributes:
        language: A language that comes with spotdiff, or a catalogue in a file NAME.po.
        areas: Named polygons in before's pixels.
    """

    language: str = param("en", "language of the words: en, zh, or a catalogue FILE.po")
    areas: Areas = field(default_factory=dict)

    def describe(self, pair: Pair, regions: Sequence[Region]) -> tuple[Region, ...]:
        """The same regions, each with its text.

        Raises:
            OptionError: there is no such language, or its file is no catalogue.
        """
        catalogue = get_catalogue(self.language)
        facts = facts_of(pair, regions, self.areas)
        return tuple(
            replace(region, text=fact_sentence(fact, catalogue)) for region, fact in zip(regions, facts, strict=True)
        )

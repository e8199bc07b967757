"""What changed in a made pair, in sentences: the facts of its places, and several ways to say them all."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from spotdiff.language.facts import COLOURS, ChangeFact, Spot, Thing, size_word
from spotdiff.language.paraphrase import caption
from spotdiff.language.places import place_of, way_of

if TYPE_CHECKING:
    from spotdiff.data.example import Place
    from spotdiff.types import Box

REFERENCES = 5
_TRIES = 8  # a sentence, to get as many that differ


def sentences_of(
    facts: Sequence[ChangeFact], seed: int, number: int, *, references: int = REFERENCES
) -> tuple[str, ...]:
    """So many ways to tell all the facts of the pair of that number; the same in every process.

    Examples:
        >>> sentences_of((), seed=0, number=0, references=2)
        ('both pictures show the same .', 'no difference can be seen .')
    """
    rng = Random(f"{seed} {number}")
    captions = dict.fromkeys(caption(facts, rng) for _ in range(_TRIES * references))
    return tuple(captions)[:references]


def in_order(places: Sequence[Place]) -> tuple[Place, ...]:
    """The places in the order in which they are told: from the top left on, as lines are read."""
    return tuple(sorted(places, key=_order))


def fact_of(place: Place, size: tuple[int, int]) -> ChangeFact:
    """What is known of a place of a made pair whose pictures have this (width, height)."""
    before, after = _earlier(place), place.box_after or _earlier(place)
    facts = place.facts
    if place.kind == "replaced":
        first = _like(facts.get("from class", ""), facts.get("from colour", ""), before, size)
        second = _like(facts.get("class", ""), facts.get("colour", ""), after, size)
        return ChangeFact("replaced", first, Spot(place_of(after, size)), second)
    box = after if place.kind == "added" else before
    thing = _like(facts.get("class", ""), facts.get("colour", ""), box, size)
    if place.kind != "moved":
        return ChangeFact(place.kind, thing, Spot(place_of(box, size)))
    start, end = Spot(place_of(before, size)), Spot(place_of(after, size))
    return ChangeFact("moved", thing, start, to=end, way=way_of(before, after) if start == end else "")


def _order(place: Place) -> tuple[int, int]:
    box = _earlier(place)
    return box[1], box[0]


def _earlier(place: Place) -> Box:
    return place.box_before or place.box_after or (0, 0, 0, 0)


def _like(name: str, colour: str, box: Box, size: tuple[int, int]) -> Thing:
    share = (box[2] - box[0]) * (box[3] - box[1]) / (size[0] * size[1])
    return Thing(name, colour if colour in COLOURS else "", size_word(share))

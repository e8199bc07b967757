"""Facts into sentences: what is a change, where, and how sure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spotdiff.language.facts import Thing

if TYPE_CHECKING:
    from spotdiff.language.catalogue import Catalogue
    from spotdiff.language.facts import ChangeFact, Spot

SURE = 0.8  # score from which on a likely change is stated; with less it seems so
_CERTAIN: Mapping[str, str] = {
    "added": "{thing} was added at {place}",
    "removed": "{thing} was removed from {place}",
    "replaced": "{thing} was replaced by {other} at {place}",
    "moved": "{thing} moved from {place} to {to}",
    "moved within": "{thing} moved {way} at {place}",
    "changed": "{thing} changed at {place}",
}
_SEEMING: Mapping[str, str] = {
    "added": "{thing} seems to have been added at {place}",
    "removed": "{thing} seems to have been removed from {place}",
    "replaced": "{thing} seems to have been replaced by {other} at {place}",
    "moved": "{thing} seems to have moved from {place} to {to}",
    "moved within": "{thing} seems to have moved {way} at {place}",
    "changed": "{thing} seems to have changed at {place}",
}
_POSSIBLE: Mapping[str, str] = {
    "added": "possibly {thing} was added at {place}",
    "removed": "possibly {thing} was removed from {place}",
    "replaced": "possibly {thing} was replaced by {other} at {place}",
    "moved": "possibly {thing} moved from {place} to {to}",
    "moved within": "possibly {thing} moved {way} at {place}",
    "changed": "possibly {thing} changed at {place}",
}
_THING: Mapping[tuple[bool, bool, bool], str] = {  # whether name, colour and size are known
    (True, True, True): "a {size} {colour} {name}",
    (True, True, False): "a {colour} {name}",
    (True, False, True): "a {size} {name}",
    (True, False, False): "a {name}",
    (False, True, True): "something {size} and {colour}",
    (False, True, False): "something {colour}",
    (False, False, True): "something {size}",
    (False, False, False): "something",
}
_PLACES: Mapping[str, str] = {
    "top left": "the top left",
    "top": "the top",
    "top right": "the top right",
    "left": "the left",
    "centre": "the centre",
    "right": "the right",
    "bottom left": "the bottom left",
    "bottom": "the bottom",
    "bottom right": "the bottom right",
    "": "an unknown place",
}
_WAYS: Mapping[str, str] = {"left": "to the left", "right": "to the right", "up": "up", "down": "down"}
_SIDES: Mapping[str, str] = {
    "left of": "{said}, left of change {number}",
    "right of": "{said}, right of change {number}",
    "above": "{said}, above change {number}",
    "below": "{said}, below change {number}",
}


def fact_sentence(fact: ChangeFact, catalogue: Catalogue) -> str:
    """One change in one sentence, with its hedge.

    Examples:
        >>> from spotdiff.language.catalogue import get_catalogue
        >>> from spotdiff.language.facts import ChangeFact, Spot
        >>> red = ChangeFact("removed", Thing("", "red", "small"), Spot("top left", "gate"))
        >>> fact_sentence(red, get_catalogue("en"))
        'Something small and red was removed from the top left (gate).'
        >>> fact_sentence(red, get_catalogue("zh"))
        '左上方（gate）的某个红色的小东西被移除了。'
    """
    likely = _CERTAIN if fact.score >= SURE else _SEEMING
    frames = likely if fact.likely else _POSSIBLE
    kind = "moved within" if fact.kind == "moved" and fact.way else fact.kind
    thing = thing_phrase(fact.thing, catalogue)
    sentence = catalogue.say(
        "change",
        frames[kind],
        thing=thing,
        other=_other(fact.other, thing, catalogue),
        place=place_phrase(fact.spot, catalogue),
        to=place_phrase(fact.to, catalogue),
        way=catalogue.say("way", _WAYS[fact.way]) if fact.way else "",
    )
    if fact.beside:
        sentence = catalogue.say("side", _SIDES[fact.beside[0]], said=sentence, number=fact.beside[1])
    return catalogue.sentence(sentence)


def thing_phrase(thing: Thing, catalogue: Catalogue) -> str:
    """What is known of a thing, as a noun."""
    frame = _THING[bool(thing.name), bool(thing.colour), bool(thing.size)]
    words = {
        "name": thing.name and catalogue.say("name", thing.name),
        "colour": thing.colour and catalogue.say("colour", thing.colour),
        "size": thing.size and catalogue.say("size", thing.size),
    }
    return catalogue.noun(frame, **words)


def place_phrase(spot: Spot, catalogue: Catalogue) -> str:
    """A third of the picture, and the named area there."""
    place = catalogue.say("place", _PLACES[spot.place])
    return catalogue.say("place", "{place} ({area})", place=place, area=spot.area) if spot.area else place


def _other(other: Thing, thing: str, catalogue: Catalogue) -> str:
    phrase = thing_phrase(other, catalogue)
    unknown = other == Thing() or (phrase == thing and not other.name)
    return catalogue.say("thing", "something else") if unknown else phrase

"""A fact as a row of words, each in a slot of its own: what a network may copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.language.facts import ChangeFact

SLOTS = 11


def slots_of(fact: ChangeFact) -> tuple[str, ...]:
    """`SLOTS` words: the kind, then size and colour of both things, then row and column of both places; "" unknown.

    Examples:
        >>> from spotdiff.language.facts import ChangeFact, Spot, Thing
        >>> slots_of(ChangeFact("moved", Thing(colour="red"), Spot("top left"), to=Spot("centre")))
        ('moved', '', 'red', '', '', 'top', 'left', '', '', '', 'centre')
    """
    things = [word for thing in (fact.thing, fact.other) for word in (thing.size, thing.colour)]
    places = [word for spot in (fact.spot, fact.to) for word in _three(spot.place)]
    return (fact.kind, *things, *places)


def _three(place: str) -> tuple[str, str, str]:
    """Row, column and centre."""
    words = place.split()
    row = next((word for word in words if word in ("top", "bottom")), "")
    column = next((word for word in words if word in ("left", "right")), "")
    return row, column, "centre" if place == "centre" else ""

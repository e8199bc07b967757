"""What is known of a change, as values that a sentence can state and a reader can get back from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.types import Kind

SIZES = ("tiny", "small", "large")  # what is between small and large has no word
COLOURS = (
    "black",
    "white",
    "grey",
    "brown",
    "beige",
    "red",
    "orange",
    "yellow",
    "green",
    "turquoise",
    "blue",
    "purple",
    "pink",
)
SLOTS = 11  # words of a fact, each in a slot of its own: what a network may copy
_TINY, _SMALL, _LARGE = 0.001, 0.01, 0.1  # shares of the picture


@dataclass(frozen=True, slots=True)
class Thing:
    """What a thing is like; an empty word is not known.

    Attributes:
        name: What it is, such as `chair`.
        colour: One of `COLOURS`.
        size: One of `SIZES`.
    """

    name: str = ""
    colour: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is; an empty word is not known.

    Attributes:
        place: One of `spotdiff.language.places.PLACES`.
        area: Name of the area that somebody named there.
    """

    place: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class ChangeFact:
    """One change as far as it is known.

    Attributes:
        kind: added, removed, replaced, moved or changed.
        thing: What changed; of a replaced thing the earlier one.
        spot: Where; of a moved thing where from.
        other: What a replaced thing was replaced by.
        to: Where a moved thing went.
        way: Which way a thing moved that stayed in its place of the picture: one of `WAYS`.
        beside: Which side of another change it is on, and that one's number; None for no such neighbour.
        score: How sure, 0 to 1.
        likely: False where it is only possible, whatever its score, as in `spotdiff.types.Region`.
    """

    kind: Kind
    thing: Thing = Thing()
    spot: Spot = Spot()
    other: Thing = Thing()
    to: Spot = Spot()
    way: str = ""
    beside: tuple[str, int] | None = None
    score: float = 1.0
    likely: bool = True


def size_word(share: float) -> str:
    """The word for a thing that covers this share of the picture, 0 to 1; "" for what is neither small nor large.

    Examples:
        >>> size_word(0.0005), size_word(0.03), size_word(0.2)
        ('tiny', '', 'large')
    """
    return "tiny" if share < _TINY else "small" if share < _SMALL else "large" if share >= _LARGE else ""


def slots_of(fact: ChangeFact) -> tuple[str, ...]:
    """`SLOTS` words: the kind, then size and colour of both things, then row and column of both places; "" unknown.

    Examples:
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

"""Captions of a pair that was mirrored, or whose pictures were exchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from spotdiff.language.facts import ChangeFact, Spot

if TYPE_CHECKING:
    from spotdiff.types import Kind

_OTHER_SIDE = {"left": "right", "right": "left"}
_OPPOSITE: Mapping[Kind, Kind] = {"added": "removed", "removed": "added"}
_SIDES = re.compile(r"\b(left|right)(most|ward|wards|hand)?\b")
_CAME_AND_WENT = (  # phrases of people, each the contrary of its neighbour
    ("there is no longer", "there is now"),
    ("there are no longer", "there are now"),
    ("is no longer there", "is now there"),
    ("are no longer there", "are now there"),
    ("has disappeared", "has appeared"),
    ("have disappeared", "have appeared"),
    ("is gone", "is new"),
    ("are gone", "are new"),
    ("was removed", "was added"),
    ("were removed", "were added"),
    ("has been removed", "has been added"),
    ("have been removed", "have been added"),
    ("is missing", "is added"),
    ("are missing", "are added"),
)
_CONTRARY = {phrase: contrary for pair in _CAME_AND_WENT for phrase, contrary in (pair, pair[::-1])}
_PHRASE = re.compile("|".join(rf"\b{phrase}\b" for phrase in sorted(_CONTRARY, key=len, reverse=True)))

_OTHERWISE = re.compile(  # of which no contrary is known here
    r"\b(mov\w*|appear\w*|disappear\w*|gone|new|add\w*|remov\w*|missing|longer|now|came|comes|left the|went"
    r"|walk\w*|chang\w*|replac\w*|taken|differ\w*|closer|further|arriv\w*|enter\w*|vanish\w*|instead|became|turned)\b"
)


def mirrored(text: str) -> str:
    """The text of a pair whose pictures were mirrored: left is right.

    Not of `left` for `went away`, nor of `right` for `correct`: where these may stand, do not mirror.

    Examples:
        >>> mirrored("the leftmost car at the right is gone")
        'the rightmost car at the left is gone'
    """
    return _SIDES.sub(lambda match: _OTHER_SIDE[match[1]] + (match[2] or ""), text)


def exchanged(text: str) -> str | None:
    """The text of a pair whose pictures were exchanged: what is gone is new; None where it says more than that.

    Examples:
        >>> exchanged("the red car is gone"), exchanged("the car moved")
        ('the red car is new', None)
    """
    exchanged_text, count = _PHRASE.subn(lambda match: _CONTRARY[match[0]], text)
    return exchanged_text if count and not _OTHERWISE.search(_PHRASE.sub(" ", text)) else None


def mirrored_facts(facts: Sequence[ChangeFact]) -> tuple[ChangeFact, ...]:
    """The facts of a pair whose pictures were mirrored."""
    return tuple(
        replace(fact, spot=_mirrored(fact.spot), to=_mirrored(fact.to), way=mirrored(fact.way)) for fact in facts
    )


def exchanged_facts(facts: Sequence[ChangeFact]) -> tuple[ChangeFact, ...]:
    """The facts of a pair whose pictures were exchanged."""
    return tuple(_exchanged(fact) for fact in facts)


def _mirrored(spot: Spot) -> Spot:
    return replace(spot, place=mirrored(spot.place))


def _exchanged(fact: ChangeFact) -> ChangeFact:
    if fact.kind == "replaced":
        return replace(fact, thing=fact.other, other=fact.thing)
    if fact.kind == "moved":
        contrary = {"left": "right", "right": "left", "up": "down", "down": "up"}
        return replace(fact, spot=fact.to, to=fact.spot, way=contrary.get(fact.way, ""))
    return replace(fact, kind=_OPPOSITE.get(fact.kind, fact.kind))

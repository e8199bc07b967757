"""Changes told in many ways, in English: captions for networks to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from spotdiff.language.facts import ChangeFact, Thing

TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "added": (
        "{thing} was added at {place}",
        "there is now {thing} at {place}",
        "{thing} has appeared at {place}",
        "{thing} is new at {place}",
        "at {place} {thing} is new",
        "{thing} came to {place}",
    ),
    "removed": (
        "{thing} was removed from {place}",
        "{thing} is gone from {place}",
        "{thing} is no longer at {place}",
        "there is no longer {thing} at {place}",
        "{thing} has disappeared from {place}",
        "{thing} is missing at {place}",
    ),
    "moved": (
        "{thing} moved from {place} to {to}",
        "{thing} was moved from {place} to {to}",
        "{thing} that was at {place} is now at {to}",
        "{thing} went from {place} to {to}",
        "{thing} changed places from {place} to {to}",
    ),
    "replaced": (
        "{thing} was replaced by {other} at {place}",
        "{thing} gave way to {other} at {place}",
        "at {place} {thing} turned into {other}",
        "{thing} became {other} at {place}",
        "there is {other} at {place} instead of {thing}",
        "{other} is at {place} in place of {thing}",
    ),
    "changed": (
        "{thing} changed at {place}",
        "at {place} {thing} changed",
        "{thing} is different at {place}",
        "{thing} looks different at {place}",
        "there is {thing} that changed at {place}",
    ),
}
NOTHING = (
    "nothing changed",
    "there is no change",
    "both pictures show the same",
    "there is no difference",
    "everything is as it was",
    "no difference can be seen",
)
REVERSED = ("instead of", "in place of")  # what came is named before what went


def caption(changes: Sequence[ChangeFact], rng: Random) -> str:
    """All changes in sentences of one way to tell each; lower case, ` .` behind each."""
    if not changes:
        return f"{rng.choice(NOTHING)} ."
    return " ".join(f"{fill_template(change, rng.choice(TEMPLATES[change.kind]))} ." for change in changes)


def fill_template(change: ChangeFact, template: str) -> str:
    """One change in one of the `TEMPLATES` of its kind."""
    return template.format(
        thing=phrase(change.thing),
        other=phrase(change.other),
        place=f"the {change.spot.place}",
        to=f"the {change.to.place}",
    )


def phrase(thing: Thing) -> str:
    """`a small red chair`; a thing without a name is a thing.

    Examples:
        >>> from spotdiff.language.facts import Thing
        >>> phrase(Thing("armchair", "orange")), phrase(Thing())
        ('an orange armchair', 'a thing')
    """
    words = " ".join(filter(None, (thing.size, thing.colour, thing.name or "thing")))
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"

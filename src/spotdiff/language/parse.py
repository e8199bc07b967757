"""Sentences read back into the facts that they state; of what the grammar and the captions here say, all is read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from spotdiff.language.facts import COLOURS, SIZES, ChangeFact, Spot, Thing
from spotdiff.language.paraphrase import REVERSED
from spotdiff.language.places import PLACES, SIDES, WAYS
from spotdiff.types import Kind

_CUES: Mapping[Kind, str] = {  # the first that is found decides
    "replaced": r"replaced|gave way|in place of|turned into|instead of|became",
    "moved": r"moved|went|that was|changed places",
    "removed": r"removed|gone|no longer|disappeared|missing|taken",
    "added": r"added|new|appeared|now|came",
    "changed": r"changed|different",
}
_KINDS: Mapping[Kind, re.Pattern[str]] = {kind: re.compile(rf"\b(?:{cue})\b") for kind, cue in _CUES.items()}
_NONE = re.compile(r"\b(?:no|nothing|same|identical|everything)\b(?! longer)")
_PLACE = re.compile(rf"\b(at|from|to) the ({'|'.join(sorted(PLACES, key=len, reverse=True))})\b(?: \(([^)]*)\))?")
_WAY = re.compile(rf"\bmoved (?:to the )?({'|'.join(WAYS)})(?= at\b)")
_BESIDE = re.compile(rf", ({'|'.join(SIDES)}) change (\d+)")
_THING = re.compile(
    r"\b(?:an?|(something))\b(.*?)(?=\b(?:an?|something|was|were|is|has|at|from|to|by|moved|went|seems?|changed|became|"
    r"turned|gave|that|in place|instead|looks|came)\b|[.,;]|$)"
)
_SENTENCE = re.compile(r"[.;!?](?:\s+|$)")


def parse(text: str) -> tuple[ChangeFact, ...]:
    """The changes that a text in English states, in its order; () where it states none.

    A sentence that names no kind of change and no place states nothing. Words that are not of the grammar are taken for
    names of things where a name may stand.

    Examples:
        >>> fact, = parse("A small red chair was added at the top left.")
        >>> fact.kind, fact.thing, fact.spot.place
        ('added', Thing(name='chair', colour='red', size='small'), 'top left')
        >>> parse("Nothing changed.")
        ()
    """
    facts = (_fact(sentence.strip()) for sentence in _SENTENCE.split(text.strip()))
    return tuple(fact for fact in facts if fact is not None)


def _fact(sentence: str) -> ChangeFact | None:
    beside = _BESIDE.search(sentence)
    plain = _BESIDE.sub("", sentence)
    way = _WAY.search(plain)
    plain = _WAY.sub("moved", plain)
    places = _PLACE.findall(plain)
    lower = plain.lower()
    kind = next((kind for kind, cue in _KINDS.items() if cue.search(lower)), None)
    if kind is None or (not places and _NONE.search(lower)):
        return None
    spots = [Spot(place, area) for _, place, area in places] or [Spot()]
    things = [_thing(match[0], match[1]) for match in _THING.findall(_PLACE.sub(" ", lower))] or [Thing()]
    if kind == "replaced" and any(words in lower for words in REVERSED):
        things.reverse()
    return ChangeFact(
        kind,
        things[0],
        spots[0],
        things[1] if kind == "replaced" and len(things) > 1 else Thing(),
        spots[1] if kind == "moved" and len(spots) > 1 else Spot(),
        way[1] if way and kind == "moved" else "",
        (beside[1], int(beside[2])) if beside else None,
    )


def _thing(something: str, words: str) -> Thing:
    """From `small red chair` after an article, or from `small and red` after `something`."""
    left = [word for word in words.split() if not (something and word in ("and", "else"))]
    size = left.pop(0) if left and left[0] in SIZES else ""
    colour = left.pop(0) if left and left[0] in COLOURS and (something or len(left) > 1) else ""
    name = " ".join(left)
    return Thing("" if name == "thing" or something else name, colour, size)

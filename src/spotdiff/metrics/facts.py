"""How much of what is said of a pair is true: facts said against facts known, change by change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spotdiff.language.facts import ChangeFact
from spotdiff.metrics.ratios import share

SLOTS = ("kind", "place", "colour", "object")


@dataclass(frozen=True, slots=True)
class Share:
    """Facts said and known.

    Attributes:
        stated: How many were said.
        right: How many of these are true.
        known: How many could have been said.
    """

    stated: int
    right: int
    known: int

    @property
    def precision(self) -> float:
        """Share of what was said that is true; NaN where nothing was said."""
        return share(self.right, self.stated)

    @property
    def recall(self) -> float:
        """Share of what is known that was said; NaN where nothing is known."""
        return share(self.right, self.known)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two: 2 right / (said + known); NaN where nothing was said and nothing is known."""
        return share(2 * self.right, self.stated + self.known)


@dataclass(slots=True)
class FactScores:
    """Counts over many pairs; `add` each, then read the shares.

    Examples:
        >>> from spotdiff.language.parse import parse
        >>> scores = FactScores()
        >>> truth = parse("A red car was added at the left.")
        >>> scores.add(parse("A red dog was added at the left."), truth)
        >>> scores.add(parse("A car is gone from the top."), ())
        >>> scores.of("object").precision, round(scores.all.f1, 2), scores.false_statements
        (0.0, 0.55, 1.0)
    """

    stated: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    whole: int = 0
    unchanged: int = 0
    false: int = 0

    def add(self, facts: Sequence[ChangeFact], truth: Sequence[ChangeFact]) -> None:
        """Count what was said of one pair."""
        stated, true = [_slots(fact) for fact in facts], [_slots(fact) for fact in truth]
        right: Counter[str] = Counter()
        for index, match in _matched(stated, true):
            right.update(_agreeing(stated[index], true[match]))
        counted = Counter(name.partition(" ")[0] for slots in stated for name in slots)
        known = Counter(name.partition(" ")[0] for slots in true for name in slots)
        self.stated += counted
        self.right += right
        self.known += known
        self.pairs += 1
        self.whole += right == counted and len(stated) == len(true)
        self.unchanged += not truth
        self.false += bool(facts and not truth)

    def of(self, slot: str) -> Share:
        """The share of one of `SLOTS`."""
        return Share(self.stated[slot], self.right[slot], self.known[slot])

    @property
    def all(self) -> Share:
        """The share of all facts together."""
        return Share(self.stated.total(), self.right.total(), self.known.total())

    @property
    def false_statements(self) -> float:
        """Share of the unchanged pairs of which a change was said; NaN without such pairs."""
        return share(self.false, self.unchanged)

    @property
    def wholly_right(self) -> float:
        """Share of the pairs of which every change was told and nothing wrong was said; NaN without pairs."""
        return share(self.whole, self.pairs)


def _slots(fact: ChangeFact) -> dict[str, str]:
    known = {
        "kind": fact.kind,
        "place": fact.spot.place,
        "place to": fact.to.place,
        "colour": fact.thing.colour,
        "colour other": fact.other.colour,
        "object": fact.thing.name,
        "object other": fact.other.name,
    }
    return {name: value for name, value in known.items() if value}


def _agreeing(stated: Mapping[str, str], true: Mapping[str, str]) -> list[str]:
    return [name.partition(" ")[0] for name, value in stated.items() if true.get(name) == value]


def _matched(stated: Sequence[Mapping[str, str]], true: Sequence[Mapping[str, str]]) -> list[tuple[int, int]]:
    """Which change that was stated means which true one: those first that agree in most; they must in kind or place."""
    agreed = {
        (one, other): len(agreeing)
        for one, slots in enumerate(stated)
        for other, known in enumerate(true)
        if {"kind", "place"} & set(agreeing := _agreeing(slots, known))
    }
    taken: list[tuple[int, int]] = []
    for one, other in sorted(agreed, key=lambda both: (-agreed[both], both)):
        if all(one != first and other != second for first, second in taken):
            taken.append((one, other))
    return taken

"""A scene over time: frames in; differences that came to stay, and those that went, out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.watching.scene.differ import parts
from spotdiff.watching.scene.difference import Difference, grown, same_ground
from spotdiff.watching.scene.joined import one_that_moved
from spotdiff.watching.scene.judge import judged
from spotdiff.watching.scene.reference import Reference, Regimes, known_at
from spotdiff.watching.scene.scales import covered, shrunk, stretched
from spotdiff.watching.scene.steady import Steady, moved_by
from spotdiff.watching.scene.still import StillLook
from spotdiff.watching.scene.trace import Trace, around, nearer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spotdiff.types import Bytes, Comparison, Mask
    from spotdiff.watching.scene.judge import Judge, Judged
    from spotdiff.watching.scene.scales import Scales
    from spotdiff.watching.scene.still import Still

_PACE = 1.0  # seconds between looks
_SPAN = 3.0  # seconds that a still look is made of
_PAST = 120.0  # seconds that a beginning can be traced back
_LEAST = 0.0006  # share of the small picture that a candidate must have
_MANY = 24  # candidates followed at once: a picture that differs everywhere has no things in it
_SUDDEN = 0.4  # share of the picture that differs at once: the light was switched
_CLEARANCE = 6  # pixels of the small picture around a candidate that belong to its surroundings
_COVERED, _NEAR = 0.05, 0.2  # shares of a candidate and of its surroundings that may move while it is judged
_BACKOFF = 3.0  # a candidate that the judge does not see waits so many times longer for the next try
_TRIES = 2  # so often the judge may see nothing before the look counts as usual
_MUCH = 3  # a candidate so many times larger than what the judge sees is light around it, too
_REST, _LONG_REST = 3.0, 24.0  # seconds between judgements: after one that found something; at most
_TOGETHER = 12.0  # seconds within which a thing that moved goes from one place and comes to another
_NOISE = 1.0  # grey levels that medians differ by when nothing does
_LEARNED = 0.7  # of the limit: what differs more is not learned


@dataclass(frozen=True, slots=True)
class Ask:
    """What a rule asks of a difference before it is told.

    Attributes:
        dwell: Seconds that it must have been there.
        sure: Least score, 0 to 1.
    """

    dwell: float = 10.0
    sure: float = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Came:
    """A difference has come to stay.

    Attributes:
        number: Of the difference.
        judged: What it is.
        seconds: When it came to be so.
        ground: (h, w) bool of the small picture: what the rules were asked of.
        before, after: (H, W, 3) uint8, the usual look and the present one, in the size of the working picture.
    """

    number: int
    judged: Judged
    seconds: float
    ground: Mask
    before: Bytes
    after: Bytes


@dataclass(frozen=True, slots=True, eq=False)
class Became:
    """What was told as taken or left turns out to have moved.

    Attributes:
        number: Of the difference that was told.
        judged: What it is now.
    """

    number: int
    judged: Judged


@dataclass(frozen=True, slots=True)
class Went:
    """A difference that was told is no more.

    Attributes:
        number: Of the difference.
        outcome: reverted.
    """

    number: int
    outcome: str


def always(mask: Mask, kind: str | None) -> Ask | None:
    """The rule of a scene that has no other: everything is told after ten seconds."""
    return Ask()


class Scene:
    """The memory of one place.

    Args:
        scales: The sizes of its pictures.
        judge: Compares the usual look with the present one.
        asks: What the rules ask of a difference on a ground, (h, w) bool of the small picture, and of a kind once it
            is known; None where nobody asks for it.
    """

    def __init__(
        self, scales: Scales, judge: Judge, *, asks: Callable[[Mask, str | None], Ask | None] = always
    ) -> None:
        self.scales = scales
        self.still: Still | None = None  # the latest look
        self.regimes: Regimes | None = None
        self.differences: list[Difference] = []
        self.steady: Steady | None = None
        self.offset = 0.0, 0.0  # pixels of the working picture that the latest frame lies beside the reference
        self._judge, self._asks = judge, asks
        self._stills, self._trace = StillLook(scales, span=_SPAN), Trace(span=_PAST)
        self._count = 0
        self._next_look = self._last_look = 0.0
        self._next_judgement = self._rest = 0.0

    def see(self, work: Bytes, seconds: float) -> Iterator[Came | Became | Went]:
        """Take in a frame in the size of the working picture; what it brings to light."""
        tiny = shrunk(work, self.scales.tiny)
        if self.steady is None:
            self.steady = Steady(tiny)
        x, y = self.steady.shift(tiny)
        factor = self.scales.work[0] / self.scales.tiny[0]
        self._trace.add(seconds, moved_by(tiny, x, y))
        self.offset = x * factor, y * factor
        self._stills.add(seconds, moved_by(work, *self.offset), self.offset)
        if seconds < self._next_look or not self._stills.full:
            return
        self._next_look = seconds + _PACE * 0.95
        still = self.still = self._stills.look()
        pace, self._last_look = still.seconds - self._last_look, still.seconds
        if self.regimes is None:
            self.regimes = Regimes(Reference(still.work, ~still.restless))
        else:
            yield from self._look(still, self.regimes, pace)

    def interrupt(self) -> None:
        """Frames are missing or cannot be trusted: the next look is made of what comes after."""
        self._stills.forget()

    def accept(self, number: int) -> None:
        """A person says that a difference is normal now: it becomes the usual look."""
        for difference in [one for one in self.differences if one.number == number]:
            self.differences.remove(difference)
            if self.regimes is not None and self.still is not None:
                self.regimes.now.take_in(self.still, grown(difference.mask, 2))

    def adopt(self, difference: Difference) -> int:
        """Watch a difference that was told earlier; its number here."""
        self._count += 1
        difference.number = self._count
        self.differences.append(difference)
        return self._count

    def start(self, regimes: Regimes) -> None:
        """Begin with a memory that was kept."""
        self.regimes = regimes
        self.steady = Steady(shrunk(regimes.now.work, self.scales.tiny))

    def _look(self, still: Still, regimes: Regimes, pace: float) -> Iterator[Came | Became | Went]:
        ground = self._ground(self.differences)
        apart = regimes.now.differs(still, usable=~still.restless & ~ground, noise=_NOISE)
        counted = regimes.now.known & ~still.restless
        if counted.any() and float((apart > 1)[counted].mean()) > _SUDDEN:
            self._other_light(still, regimes)
            return
        yield from self._retest(still, apart > 1, pace)
        self._follow(still, apart > 1, pace)
        yield from self._tell(still, regimes.now)
        keep = (apart > _LEARNED) | still.restless | self._ground(self.differences)
        regimes.now.learn(still, ~grown(keep, 3), seconds=pace)

    def _ground(self, differences: list[Difference]) -> Mask:
        ground = np.zeros(self.scales.small[::-1], bool)
        for difference in differences:
            ground |= difference.mask
        return ground

    @property
    def _told(self) -> list[Difference]:
        return [one for one in self.differences if one.judged is not None]

    @property
    def _waiting(self) -> list[Difference]:
        return [one for one in self.differences if one.judged is None]

    def _retest(self, still: Still, apart: Mask, pace: float) -> Iterator[Went]:
        """Is what was told still so?"""
        for told in self._told:
            present = told.present(apart, still.restless)
            if present is False and self._shows(told, still) != "new":
                told.missing += pace
                if told.missing > 2 * pace:
                    self.differences.remove(told)
                    if told.announced:
                        yield Went(told.number, "reverted")
            elif present is not None:
                told.missing = 0.0

    def _shows(self, told: Difference, still: Still) -> str:
        """Which of the looks that a difference was told by its ground shows now: old, new or neither."""
        if told.shown is None:
            return "neither"
        size = self.scales.small
        old, new = (shrunk(picture, size).astype(np.float32) for picture in told.shown)
        return nearer(still.small.astype(np.float32), old, new, told.mask, around(told.mask))

    def _follow(self, still: Still, apart: Mask, pace: float) -> None:
        """Bring every candidate up to the present look, drop those that went and find new ones."""
        fresh = apart & ~grown(self._ground(self._told), 3)
        found = [mask for mask, _ in parts(fresh & ~still.restless, least=max(round(_LEAST * apart.size), 4))]
        for candidate in self._waiting:
            mine = next((mask for mask in found if same_ground(mask, candidate.mask)), None)
            if mine is not None:
                candidate.follow(mine, seconds=still.seconds, pace=pace)
                found = [mask for mask in found if mask is not mine]
            elif candidate.present(fresh, still.restless) is False:
                self.differences.remove(candidate)
        for mask in found[: max(_MANY - len(self._waiting), 0)]:
            ask = self._asks(mask, None)
            if ask is not None:
                self._count += 1
                now = still.seconds
                self.differences.append(Difference(self._count, mask, now, now, now + ask.dwell - _SPAN / 2))

    def _tell(self, still: Still, reference: Reference) -> Iterator[Came | Became]:
        due = [one for one in self._waiting if self._ripe(one, still)]
        if due and still.seconds >= self._next_judgement:
            usual = reference.work
            answer = self._judge.compare(usual, still.work, valid=known_at(reference, self.scales.work))
            before = len(self._told)
            for candidate in due:
                if candidate in self.differences:
                    yield from self._decide(candidate, answer, still, usual)
            self._pause(still.seconds, fruitful=len(self._told) > before)
        yield from self._announce(still)

    def _pause(self, seconds: float, *, fruitful: bool) -> None:
        """The judge is slow: where it finds nothing again and again, it is asked less often."""
        self._rest = _REST if fruitful else min(max(2 * self._rest, _REST), _LONG_REST)
        self._next_judgement = seconds + self._rest

    def _announce(self, still: Still) -> Iterator[Came]:
        """What is judged and asked for by some rule, each once."""
        for told in [one for one in self._told if not one.announced]:
            found, shown = told.judged, told.shown
            if found is None or shown is None:
                continue
            ask = self._asks(told.mask, found.kind)
            if ask is not None and found.score >= ask.sure and still.seconds - told.began >= ask.dwell:
                told.announced = True
                yield Came(told.number, found, told.began, told.mask, *shown)

    def _ripe(self, candidate: Difference, still: Still) -> bool:
        """Whether a candidate may be judged now: it stayed long enough, is seen, and nobody is near it."""
        seen = candidate.seen == still.seconds and candidate.visible >= 2 * _PACE
        if not seen or still.seconds < candidate.due:
            return False
        near = grown(candidate.mask, _CLEARANCE)
        return float(still.restless[candidate.mask].mean()) < _COVERED and float(still.restless[near].mean()) < _NEAR

    def _decide(self, candidate: Difference, answer: Comparison, still: Still, usual: Bytes) -> Iterator[Became]:
        ask = self._asks(candidate.mask, None) or Ask()
        found = judged(answer, stretched(grown(candidate.mask, 1), self.scales.work), self._judge.say)
        if found is None or found.score < ask.sure:
            self._not_seen(candidate, still, final=answer.verdict != "unsure")
            return
        small = covered(found.mask, self.scales.small)
        where = small if small.any() else candidate.mask
        one = int(candidate.mask.sum()) <= _MUCH * int(where.sum())
        candidate.mask = candidate.mask | small if one else grown(where, 2)
        for other in self._waiting:
            if other is not candidate and same_ground(other.mask, candidate.mask):
                candidate.mask = candidate.mask | other.mask
                self.differences.remove(other)
        candidate.judged, candidate.shown = found, (usual, still.work)
        candidate.began = self._trace.began(usual, still.work, where, noticed=candidate.since - _SPAN / 2)
        yield from self._joined(candidate)

    def _joined(self, fresh: Difference) -> Iterator[Became]:
        """One thing that went here and came there has moved, though the two were judged one after the other."""
        for told in self._told:
            if told is fresh or abs(told.began - fresh.began) > _TOGETHER:
                continue
            moved = one_that_moved(told, fresh)
            if moved is not None:
                told.judged, told.mask = moved, told.mask | fresh.mask
                told.began, told.shown = min(told.began, fresh.began), fresh.shown
                self.differences.remove(fresh)
                if told.announced:
                    yield Became(told.number, moved)
                return

    def _not_seen(self, candidate: Difference, still: Still, *, final: bool) -> None:
        """The judge sees nothing there: try again later, and in the end take the look for usual."""
        candidate.tries += 1
        candidate.due = still.seconds + 2 * _BACKOFF**candidate.tries
        if candidate.tries > _TRIES and final and self.regimes is not None:
            self.differences.remove(candidate)
            self.regimes.now.allow(still, grown(candidate.mask, 1) & ~self._ground(self._told))

    def _other_light(self, still: Still, regimes: Regimes) -> None:
        """The whole picture differs: go on in the light that it is in now; that alone alarms nobody."""
        usable = ~still.restless & ~self._ground(self.differences)
        known = regimes.nearest(still, usable=usable, noise=_NOISE)
        if known is None and still.seconds >= self._next_judgement:
            known = self._new_light(still, regimes.now)
            self._pause(still.seconds, fruitful=known is not None)
        if known is not None:
            regimes.switch(known)
            self.steady = Steady(shrunk(known.work, self.scales.tiny))
            for candidate in self._waiting:
                self.differences.remove(candidate)

    def _new_light(self, still: Still, old: Reference) -> Reference | None:
        """A reference for a light not seen before: the present look, but the old one where things differ."""
        answer = self._judge.compare(old.work, still.work, valid=known_at(old, self.scales.work))
        if answer.labels is None or answer.verdict == "unsure":
            return None
        told = self._ground(self._told)
        differing = grown((answer.labels > 0) | stretched(told, self.scales.work), 4)
        work = still.work.copy()
        work[differing] = old.lit_as(still, ~still.restless & ~told)[differing]
        return Reference(work, (~still.restless | covered(differing, self.scales.small)) & old.known)

"""A scene over time: frames in; differences that came to stay, and those that went, out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.image.resize import resize_mask, shrink, shrink_mask
from spotdiff.watching.event_texts import moved_text
from spotdiff.watching.scene.candidates import Candidate, dilate, displacement, join_moved, overlaps
from spotdiff.watching.scene.detector import connected_parts
from spotdiff.watching.scene.judge import judge_ground
from spotdiff.watching.scene.lens_cobweb import is_lens_cobweb
from spotdiff.watching.scene.recent_frames import RecentFrames, nearest_look, ring_around
from spotdiff.watching.scene.reference import Reference, Regimes
from spotdiff.watching.scene.stabiliser import Stabiliser, undo_offset
from spotdiff.watching.scene.temporal_median import TemporalMedian

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from spotdiff.types import Bytes, Comparison, Mask
    from spotdiff.watching.event import Transition
    from spotdiff.watching.scene.judge import Judge
    from spotdiff.watching.scene.temporal_median import MedianFrame
    from spotdiff.watching.scene.working_sizes import Sizes

_PACE = 1.0  # seconds between looks
_SPAN = 3.0  # seconds that a median is taken over
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
class Criteria:
    """What a rule wants of a difference before it is reported.

    Attributes:
        dwell: Seconds that it must have been there, of those in which the place was observed.
        min_score: Least score, 0 to 1.
    """

    dwell: float = 10.0
    min_score: float = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class SceneChange:
    """A lasting difference of a scene was opened, was amended (it turned out to be another), or was closed.

    Attributes:
        transition: opened, amended or closed: the usual look is back.
        candidate: As it was at that moment.
        ended: The second in which it ended; None while it has not, or where that cannot be traced back.
    """

    transition: Transition
    candidate: Candidate
    ended: float | None = None


def default_criteria(mask: Mask, kind: str | None) -> Criteria | None:
    """The rule of a scene that has no other: everything is reported after ten seconds."""
    return Criteria()


class Scene:
    """The memory of one place.

    Args:
        sizes: The sizes of its pictures.
        judge: Compares the usual look with the present one.
        criteria: What the rules want of a difference on a ground, (h, w) bool of the small picture, and of a kind once
            it is known; None where no rule wants it.

    Attributes:
        median: The latest look; None before the first.
        regimes: The usual looks; None before the first look.
        candidates: Everything that differs.
        offset: Pixels (x, y) of the working picture that the latest frame lies beside the reference.
    """

    def __init__(
        self,
        sizes: Sizes,
        judge: Judge,
        *,
        criteria: Callable[[Mask, str | None], Criteria | None] = default_criteria,
    ) -> None:
        self.sizes = sizes
        self.median: MedianFrame | None = None
        self.regimes: Regimes | None = None
        self.candidates: list[Candidate] = []
        self.offset = 0.0, 0.0
        self._stabiliser: Stabiliser | None = None
        self._judge, self._criteria = judge, criteria
        self._frames, self._history = TemporalMedian(sizes, span=_SPAN), RecentFrames(span=_PAST)
        self._count = 0
        self._next_look = self._last_look = 0.0
        self._next_judgement = self._rest = 0.0
        self._last_frame: float | None = None
        self._interrupted = False
        self._unobserved = 0.0  # seconds since the last look in which no frame showed the place

    def analyse(self, work: Bytes, seconds: float) -> Iterator[SceneChange]:
        """Take in a frame in the size of the working picture; what it brings to light."""
        self._count_observed(seconds)
        tiny = shrink(work, self.sizes.tiny)
        if self._stabiliser is None:
            self._stabiliser = Stabiliser(tiny)
        x, y = self._stabiliser.offset(tiny)
        factor = self.sizes.work[0] / self.sizes.tiny[0]
        self._history.add(seconds, undo_offset(tiny, x, y))
        self.offset = x * factor, y * factor
        self._frames.add(seconds, undo_offset(work, *self.offset), self.offset)
        if seconds < self._next_look or not self._frames.is_full:
            return
        self._next_look = seconds + _PACE * 0.95
        median = self.median = self._frames.median()
        observed = median.seconds - self._last_look - self._unobserved
        self._last_look, self._unobserved = median.seconds, 0.0
        if self.regimes is None:
            self.regimes = Regimes(Reference(median.work, ~median.restless))
        else:
            yield from self._look(median, self.regimes, observed)

    def finish(self) -> Iterator[SceneChange]:
        """The frames have ended: what is due is judged, though the judge was to rest longer."""
        if self.median is not None and self.regimes is not None:
            self._next_judgement = self.median.seconds
            yield from self._judge_due(self.median, self.regimes.now)
            yield from self._report(self.median)

    def interrupt(self) -> None:
        """Frames are missing or cannot be trusted: the next look is made of what comes after.

        Nothing is known of the time until the next frame: it counts for no dwell.
        """
        self._frames.clear()
        self._history.interrupt()
        self._interrupted = True

    def return_to_sight(self, seconds: float) -> None:
        """The frames can be trusted since a second, though they are handed in only from now on."""
        self._history.return_to_sight(seconds)

    def accept(self, number: int) -> None:
        """A person says that a difference is normal now: it becomes the usual look."""
        for candidate in [candidate for candidate in self.candidates if candidate.number == number]:
            self.candidates.remove(candidate)
            if self.regimes is not None and self.median is not None:
                self.regimes.now.absorb(self.median, dilate(candidate.mask, 2))

    def adopt(self, candidate: Candidate) -> int:
        """Watch a difference that was reported earlier; its number here."""
        self._count += 1
        candidate.number = self._count
        self.candidates.append(candidate)
        return self._count

    def start(self, regimes: Regimes) -> None:
        """Begin with usual looks that were saved."""
        self.regimes = regimes
        self._stabiliser = Stabiliser(shrink(regimes.now.work, self.sizes.tiny))

    def _count_observed(self, seconds: float) -> None:
        """Put down the time before this frame, where the frames were interrupted, as time that nobody observed."""
        if self._interrupted and self._last_frame is not None:
            gap = seconds - self._last_frame
            self._unobserved += gap
            for candidate in self.candidates:
                candidate.unobserved += gap
        self._last_frame, self._interrupted = seconds, False

    def _look(self, median: MedianFrame, regimes: Regimes, observed: float) -> Iterator[SceneChange]:
        ground = self._ground(self.candidates)
        difference = regimes.now.difference(median, usable=~median.restless & ~ground, noise=_NOISE)
        differs = difference > 1
        counted = regimes.now.known & ~median.restless
        if counted.any() and float(differs[counted].mean()) > _SUDDEN:
            self._switch_light(median, regimes)
            return
        yield from self._retest(median, differs, observed)
        self._update(median, differs, observed)
        yield from self._judge_due(median, regimes.now)
        yield from self._report(median)
        keep = (difference > _LEARNED) | median.restless | self._ground(self.candidates)
        regimes.now.learn(median, ~dilate(keep, 3), seconds=observed)

    def _ground(self, candidates: Sequence[Candidate]) -> Mask:
        ground = np.zeros(self.sizes.small[::-1], bool)
        for candidate in candidates:
            ground |= candidate.mask
        return ground

    @property
    def _judged(self) -> list[Candidate]:
        return [candidate for candidate in self.candidates if candidate.judgement is not None]

    @property
    def _pending(self) -> list[Candidate]:
        return [candidate for candidate in self.candidates if candidate.judgement is None]

    def _retest(self, median: MedianFrame, differs: Mask, observed: float) -> Iterator[SceneChange]:
        """Is what was judged still so?"""
        for candidate in self._judged:
            present = candidate.is_present(differs, median.restless)
            unlike = self._shown_look(candidate, median) != "new"
            displaced = self._back_beside(candidate, median) if unlike else None
            if displaced is not None or (present is False and unlike):
                candidate.missing += observed
                if candidate.missing > 2 * observed:
                    self.candidates.remove(candidate)
                    if displaced is not None and self.regimes is not None:
                        self.regimes.now.absorb(median, dilate(candidate.mask | displaced, 3))
                    if candidate.reported:
                        yield SceneChange("closed", replace(candidate), self._ended(candidate, median))
            elif present is not None:
                candidate.missing = 0.0

    def _back_beside(self, candidate: Candidate, median: MedianFrame) -> Mask | None:
        """The ground on which a thing that was taken stands again, though not to the pixel where it was; else None."""
        judgement = candidate.judgement
        if judgement is None or judgement.kind != "taken" or candidate.pictures is None:
            return None
        if not candidate.is_calm(median.restless):
            return None
        shift = displacement(*candidate.pictures, median.work, judgement.box)
        if shift is None:
            return None
        moved = np.roll(resize_mask(candidate.mask, self.sizes.work), shift, axis=(1, 0))
        return shrink_mask(moved, self.sizes.small)

    def _ended(self, candidate: Candidate, median: MedianFrame) -> float | None:
        """When the usual look came back; None where nobody remembers what it had become."""
        if candidate.pictures is None:
            return None
        usual, present = candidate.pictures
        noticed = median.seconds - candidate.missing
        return max(self._history.began(present, usual, candidate.mask, noticed=noticed), candidate.began)

    def _shown_look(self, candidate: Candidate, median: MedianFrame) -> str:
        """Which of the two looks that a candidate was judged by its ground shows now: old, new or neither."""
        if candidate.pictures is None:
            return "neither"
        old, new = (shrink(picture, self.sizes.small).astype(np.float32) for picture in candidate.pictures)
        return nearest_look(median.small.astype(np.float32), old, new, candidate.mask, ring_around(candidate.mask))

    def _update(self, median: MedianFrame, differs: Mask, observed: float) -> None:
        """Bring every pending candidate up to the present look, drop those that went and find new ones."""
        fresh = differs & ~dilate(self._ground(self._judged), 3)
        min_area = max(round(_LEAST * differs.size), 4)
        masks = [mask for mask, _ in connected_parts(fresh & ~median.restless, min_area=min_area)]
        for candidate in self._pending:
            same = next((mask for mask in masks if overlaps(mask, candidate.mask)), None)
            if same is not None:
                candidate.update(same, seconds=median.seconds, observed=observed)
                masks = [mask for mask in masks if mask is not same]
            elif candidate.is_present(fresh, median.restless) is False:
                self.candidates.remove(candidate)
        for mask in masks[: max(_MANY - len(self._pending), 0)]:
            criteria = self._criteria(mask, None)
            if criteria is not None:
                self._count += 1
                now = median.seconds
                self.candidates.append(Candidate(self._count, mask, now, now, now + criteria.dwell - _SPAN / 2))

    def _judge_due(self, median: MedianFrame, reference: Reference) -> Iterator[SceneChange]:
        """Have what stayed for its dwell time judged, all of it by one comparison."""
        due = [candidate for candidate in self._pending if self._is_due(candidate, median)]
        if not due or median.seconds < self._next_judgement:
            return
        usual = reference.work
        answer = self._judge.compare(usual, median.work, valid=resize_mask(reference.known, self.sizes.work))
        if answer is None:  # they wait
            return
        judged_before = len(self._judged)
        for candidate in due:
            if candidate in self.candidates:
                yield from self._decide(candidate, answer, median, usual)
        self._pause(median.seconds, fruitful=len(self._judged) > judged_before)

    def _is_due(self, candidate: Candidate, median: MedianFrame) -> bool:
        """Whether a candidate may be judged now: it stayed long enough, is seen, and nobody is near it."""
        if candidate.last_seen != median.seconds or candidate.visible < 2 * _PACE:
            return False
        if median.seconds - candidate.unobserved < candidate.due:
            return False
        near = dilate(candidate.mask, _CLEARANCE)
        restless = median.restless
        return float(restless[candidate.mask].mean()) < _COVERED and float(restless[near].mean()) < _NEAR

    def _pause(self, seconds: float, *, fruitful: bool) -> None:
        """The judge is slow: where it finds nothing again and again, it is called less often."""
        self._rest = _REST if fruitful else min(max(2 * self._rest, _REST), _LONG_REST)
        self._next_judgement = seconds + self._rest

    def _report(self, median: MedianFrame) -> Iterator[SceneChange]:
        """What is judged and wanted by some rule, each once."""
        for candidate in self._judged:
            if candidate.reported or candidate.judgement is None or candidate.pictures is None:
                continue
            criteria = self._criteria(candidate.mask, candidate.judgement.kind)
            stayed = median.seconds - candidate.unobserved - candidate.began
            if criteria and candidate.judgement.score >= criteria.min_score and stayed >= criteria.dwell:
                candidate.reported = True
                yield SceneChange("opened", replace(candidate))

    def _decide(
        self, candidate: Candidate, answer: Comparison, median: MedianFrame, usual: Bytes
    ) -> Iterator[SceneChange]:
        criteria = self._criteria(candidate.mask, None) or Criteria()
        ground = resize_mask(dilate(candidate.mask, 1), self.sizes.work)
        judgement = judge_ground(answer, ground, self._judge.describe)
        cobweb = judgement is not None and is_lens_cobweb(usual, median.work, judgement.mask)
        if judgement is None or judgement.score < criteria.min_score or cobweb:
            self._not_confirmed(candidate, median, final=answer.verdict != "unsure")
            return
        small = shrink_mask(judgement.mask, self.sizes.small)
        confirmed = small if small.any() else candidate.mask
        alike = int(candidate.mask.sum()) <= _MUCH * int(confirmed.sum())
        candidate.mask = candidate.mask | small if alike else dilate(confirmed, 2)
        for pending in self._pending:
            if pending is not candidate and overlaps(pending.mask, candidate.mask):
                candidate.mask = candidate.mask | pending.mask
                self.candidates.remove(pending)
        candidate.judgement, candidate.pictures = judgement, (usual, median.work)
        noticed = candidate.since - _SPAN / 2
        candidate.began = self._history.began(usual, median.work, confirmed, noticed=noticed)
        yield from self._join(candidate)

    def _join(self, later: Candidate) -> Iterator[SceneChange]:
        """One thing that went here and came there has moved, though the two were judged one after the other."""
        for earlier in self._judged:
            if earlier is later or abs(earlier.began - later.began) > _TOGETHER:
                continue
            moved = join_moved(earlier, later, lambda text: moved_text(self._judge.catalogue, text))
            if moved is not None:
                earlier.judgement, earlier.mask = moved, earlier.mask | later.mask
                earlier.began, earlier.pictures = min(earlier.began, later.began), later.pictures
                self.candidates.remove(later)
                if earlier.reported:
                    yield SceneChange("amended", replace(earlier))
                return

    def _not_confirmed(self, candidate: Candidate, median: MedianFrame, *, final: bool) -> None:
        """The judge sees nothing there: try again later, and in the end take the look for usual."""
        candidate.attempts += 1
        candidate.due = median.seconds - candidate.unobserved + 2 * _BACKOFF**candidate.attempts
        if candidate.attempts > _TRIES and final and self.regimes is not None:
            self.candidates.remove(candidate)
            self.regimes.now.allow(median, dilate(candidate.mask, 1) & ~self._ground(self._judged))

    def _switch_light(self, median: MedianFrame, regimes: Regimes) -> None:
        """The whole picture differs: go on in the light that it is in now; that alone alarms nobody."""
        usable = ~median.restless & ~self._ground(self.candidates)
        reference = regimes.nearest(median, usable=usable, noise=_NOISE)
        if reference is None and median.seconds >= self._next_judgement:
            reference = self._new_light(median, regimes.now)
            self._pause(median.seconds, fruitful=reference is not None)
        if reference is not None:
            regimes.switch(reference)
            self._stabiliser = Stabiliser(shrink(reference.work, self.sizes.tiny))
            for candidate in self._pending:
                self.candidates.remove(candidate)

    def _new_light(self, median: MedianFrame, old: Reference) -> Reference | None:
        """A reference for a light not seen before: the present look, but the old one where things differ.

        What this takes for usual is never told. So the old look stays, too, where something waited to be judged, and
        where something moves: a thing that is being put down while the light changes would be learned as it settles.
        """
        answer = self._judge.compare(old.work, median.work, valid=resize_mask(old.known, self.sizes.work))
        if answer is None or answer.labels is None or answer.verdict == "unsure":
            return None
        waiting = [candidate for candidate in self._pending if candidate.visible > 0]  # others are of the light itself
        ground = self._ground([*self._judged, *waiting])
        kept = resize_mask(ground | median.restless, self.sizes.work)
        differing = dilate((answer.labels > 0) | kept, 4)
        work = median.work.copy()
        work[differing] = old.relit(median, ~median.restless & ~ground)[differing]
        return Reference(work, old.known)

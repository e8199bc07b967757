"""Things that move in a zone where nothing should."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.watching.scene.candidates import bounding_box
from spotdiff.watching.scene.detector import connected_parts, difference_map

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spotdiff.types import Box, Bytes, Mask
    from spotdiff.watching.event import Transition
    from spotdiff.watching.rules.settings import Zone
    from spotdiff.watching.scene.median import MedianFrame

_LEAST = 0.002  # share of the picture that an intruder fills, where the zone says nothing
_HITS = 3  # frames that it is seen in
_LOST = 1.0  # seconds between two of them at most
_GONE = 10.0  # seconds without it after which it is over
_TOO_MUCH = 0.4  # share of the picture that differs at once: light, and no intruder


@dataclass(frozen=True, slots=True, eq=False)
class Intrusion:
    """Something moves in a zone, or nothing has moved there for a while.

    Attributes:
        transition: opened or closed.
        zone: Name of the zone.
        seconds: When it was seen first, or last.
        box: Where it is, in pixels of the small picture; None once it is closed.
        mask: (h, w) bool of the small picture; None once it is closed.
    """

    transition: Transition
    zone: str
    seconds: float
    box: Box | None = None
    mask: Mask | None = None


@dataclass(slots=True)
class _ZoneState:
    hits: deque[float] = field(default_factory=lambda: deque(maxlen=_HITS))
    last_hit: float = 0.0
    unobserved: float = 0.0  # seconds since the last hit in which no frame showed the place
    is_open: bool = False


class IntrusionDetector:
    """Holds every frame against the median of the last seconds.

    Shadows and headlights with hard edges can be taken for intruders; what stands still for three seconds is part of
    the median and goes unseen until it moves.
    """

    def __init__(self) -> None:
        self._zones: dict[str, _ZoneState] = {}
        self._last_frame: float | None = None
        self._interrupted = False

    def interrupt(self) -> None:
        """Frames are missing or cannot be trusted: until the next one nobody knows whether something moves."""
        self._interrupted = True

    def detect(
        self, small: Bytes, median: MedianFrame, seconds: float, zones: Sequence[tuple[Zone, Mask]], *, area: float
    ) -> Iterator[Intrusion]:
        """Take in a frame; what begins or ends with it.

        Args:
            small: (h, w, 3) uint8, the small picture.
            median: The latest median.
            seconds: Of the frame.
            zones: Those whose rule holds now, each with its ground.
            area: The source's own pixels for each pixel of the small picture.
        """
        if self._interrupted and self._last_frame is not None:
            for state in self._zones.values():
                state.unobserved += seconds - self._last_frame
                state.hits.clear()
        self._last_frame, self._interrupted = seconds, False
        yield from self._close(seconds, {zone.name for zone, _ in zones})
        if not zones:
            return
        differs = difference_map(median.small, small, np.ones(small.shape[:2], bool), noise=3.0) > 1
        if differs.mean() > _TOO_MUCH:
            return
        for zone, ground in zones:
            min_area = zone.min_area / area if zone.min_area else _LEAST * differs.size
            parts = connected_parts(differs & ground, min_area=max(int(min_area), 6))
            yield from self._count(zone, [mask for mask, _ in parts], seconds)

    def _close(self, seconds: float, names: set[str]) -> Iterator[Intrusion]:
        for name, state in self._zones.items():
            if state.is_open and (name not in names or seconds - state.last_hit - state.unobserved > _GONE):
                state.is_open = False
                state.hits.clear()
                yield Intrusion("closed", name, state.last_hit)

    def _count(self, zone: Zone, masks: list[Mask], seconds: float) -> Iterator[Intrusion]:
        state = self._zones.setdefault(zone.name, _ZoneState())
        if not masks:
            if state.hits and seconds - state.hits[-1] > _LOST:
                state.hits.clear()
            return
        state.hits.append(seconds)
        state.last_hit, state.unobserved = seconds, 0.0
        if not state.is_open and len(state.hits) >= _HITS:
            state.is_open = True
            mask = np.any(masks, axis=0)
            yield Intrusion("opened", zone.name, state.hits[0], bounding_box(mask), mask)

"""Who walks where nobody should: things that move in a zone which asks for it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.watching.scene.differ import difference, parts
from spotdiff.watching.scene.difference import box_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spotdiff.types import Box, Bytes, Mask
    from spotdiff.watching.rules.settings import Zone
    from spotdiff.watching.scene.still import Still

_LEAST = 0.002  # share of the picture that an intruder fills, where the zone says nothing
_HITS = 3  # frames that it is seen in
_LOST = 1.0  # seconds between two of them at most
_GONE = 10.0  # seconds without it after which it is over
_TOO_MUCH = 0.4  # share of the picture that differs at once: light, and no intruder


@dataclass(frozen=True, slots=True, eq=False)
class Entered:
    """Something moves in a zone.

    Attributes:
        zone: The zone.
        seconds: When it was seen first.
        box: Where it is, in pixels of the small picture.
        mask: (h, w) bool of the small picture.
    """

    zone: Zone
    seconds: float
    box: Box
    mask: Mask


@dataclass(frozen=True, slots=True)
class Left:
    """Nothing has moved in a zone for a while."""

    zone: str
    seconds: float


@dataclass(slots=True)
class _Guarded:
    hits: deque[float] = field(default_factory=lambda: deque(maxlen=_HITS))
    last: float = 0.0
    on: bool = False


class Intruders:
    """Holds every frame against the still look of the last seconds.

    Shadows and headlights with hard edges can be taken for intruders; what stands still for three seconds is part of
    the still look and goes unseen until it moves.
    """

    def __init__(self) -> None:
        self._zones: dict[str, _Guarded] = {}

    def see(
        self, small: Bytes, still: Still, seconds: float, asking: Sequence[tuple[Zone, Mask]], *, area: float
    ) -> Iterator[Entered | Left]:
        """Judge a frame.

        Args:
            small: (h, w, 3) uint8, the small picture.
            still: The latest still look.
            seconds: Of the frame.
            asking: The zones that ask now, each with its ground.
            area: The source's own pixels for each pixel of the small picture.
        """
        asked = {zone.name for zone, _ in asking}
        for name in [name for name, one in self._zones.items() if one.on]:
            guarded = self._zones[name]
            if name not in asked or seconds - guarded.last > _GONE:
                guarded.on = False
                guarded.hits.clear()
                yield Left(name, guarded.last)
        if not asking:
            return
        apart = difference(still.small, small, np.ones(small.shape[:2], bool), noise=3.0) > 1
        if apart.mean() > _TOO_MUCH:
            return
        for zone, ground in asking:
            least = zone.min_area / area if zone.min_area else _LEAST * apart.size
            found = parts(apart & ground, least=max(int(least), 6))
            yield from self._counted(zone, [mask for mask, _ in found], seconds)

    def _counted(self, zone: Zone, masks: list[Mask], seconds: float) -> Iterator[Entered]:
        guarded = self._zones.setdefault(zone.name, _Guarded())
        if not masks:
            if guarded.hits and seconds - guarded.hits[-1] > _LOST:
                guarded.hits.clear()
            return
        guarded.hits.append(seconds)
        guarded.last = seconds
        if not guarded.on and len(guarded.hits) >= _HITS:
            guarded.on = True
            mask = np.any(masks, axis=0)
            yield Entered(zone, guarded.hits[0], box_of(mask), mask)

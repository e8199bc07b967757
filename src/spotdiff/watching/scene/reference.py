"""What a place usually looks like, once for each light it is known in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.resize import shrink
from spotdiff.watching.scene.detector import difference_map, light_ratio

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Mask
    from spotdiff.watching.scene.temporal_median import MedianFrame

_MOST_LOOKS = 4  # second looks of single places that are remembered, such as the light of a lamp
_RATE = 0.02  # share of a frame that is learned in a second
_MOST_REGIMES = 6  # lights that are remembered
_ALIKE = 0.12  # share of differing pixels below which a look belongs to a known light
_STRONGER = 0.25  # log ratio of brightness beyond which it does not


class Reference:
    """The usual look in one light: a picture, where it is known, and second looks that are usual, too.

    Attributes:
        known: (h, w) bool of the small picture.
    """

    def __init__(self, work: Bytes, known: Mask) -> None:
        self._work = work.astype(np.float32)
        self.known = known
        self._small = shrink(work, (known.shape[1], known.shape[0]))
        self._looks: list[tuple[Bytes, Mask]] = []

    @property
    def work(self) -> Bytes:
        """(H, W, 3) uint8: the usual look."""
        return np.rint(self._work).astype(np.uint8)

    @property
    def small(self) -> Bytes:
        """(h, w, 3) uint8: the usual look, small."""
        return self._small

    def difference(self, frame: MedianFrame, *, usable: Mask, noise: float) -> Map:
        """(h, w) float32: how far a frame is from everything that is usual; 1 is where it counts."""
        difference = difference_map(self._small, frame.small, usable & self.known, noise=noise)
        for look, where in self._looks:
            from_look = difference_map(look, frame.small, usable & self.known, noise=noise)
            difference[where] = np.minimum(difference, from_look)[where]
        difference[~self.known] = 0
        return difference

    def learn(self, frame: MedianFrame, where: Mask, *, seconds: float) -> None:
        """Follow a frame slowly where nothing is different; take in at once what was not known."""
        fresh = ~self.known & ~frame.restless
        share = np.where(where & self.known, min(_RATE * seconds, 1.0), 0.0).astype(np.float32)
        share[fresh] = 1
        self.known = self.known | fresh
        self._blend(frame, share)

    def absorb(self, frame: MedianFrame, where: Mask) -> None:
        """Make what stands in `where` (h, w) the usual look."""
        self._blend(frame, where.astype(np.float32))
        self.known = self.known | where
        self._looks = [(look, mask & ~where) for look, mask in self._looks]

    def allow(self, frame: MedianFrame, where: Mask) -> None:
        """Take what stands in `where` (h, w) for a second usual look of that place."""
        self._looks = [*self._looks, (frame.small, where)][-_MOST_LOOKS:]

    def relit(self, frame: MedianFrame, usable: Mask) -> Bytes:
        """(H, W, 3) uint8: the usual look in the light of a frame."""
        factor = light_ratio(self._small, frame.small, usable & self.known)
        size = (self._work.shape[1], self._work.shape[0])
        wide = cv2.resize(factor, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.clip(np.rint(self._work * wide), 0, 255), np.uint8)

    def _blend(self, frame: MedianFrame, share: Map) -> None:
        size = (self._work.shape[1], self._work.shape[0])
        wide = cv2.resize(share, size, interpolation=cv2.INTER_NEAREST)[..., None]
        self._work += wide * (frame.work - self._work)
        self._small = shrink(self.work, (share.shape[1], share.shape[0]))


class Regimes:
    """The references of one place: day, night, lamps on.

    Attributes:
        now: The reference of the present light.
    """

    def __init__(self, first: Reference) -> None:
        self._all = [first]
        self.now = first

    @property
    def all(self) -> tuple[Reference, ...]:
        """Every light that is known, the latest used last."""
        return tuple(self._all)

    def nearest(self, frame: MedianFrame, *, usable: Mask, noise: float) -> Reference | None:
        """The reference whose light a look is in, or None where it is in none that is known."""
        best: tuple[float, Reference] | None = None
        for reference in self._all:
            counted = usable & reference.known & ~frame.restless
            if not counted.any():
                continue
            brightness, usual = (float(small[counted].mean()) + 1.0 for small in (frame.small, reference.small))
            if abs(np.log(brightness / usual)) > _STRONGER:
                continue
            share = float((reference.difference(frame, usable=counted, noise=noise) > 1)[counted].mean())
            if share < _ALIKE and (best is None or share < best[0]):
                best = share, reference
        return best[1] if best else None

    def switch(self, reference: Reference) -> None:
        """Go on in another light, which is remembered; the one that was used least lately is forgotten."""
        self._all = [*(known for known in self._all if known is not reference), reference][-_MOST_REGIMES:]
        self.now = reference

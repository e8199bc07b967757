"""The place without what moves: the median of the last seconds, and where even that is not to be trusted."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.background_models import middle
from spotdiff.image.resize import shrink
from spotdiff.watching.scene.stabiliser import visible_after

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Mask
    from spotdiff.watching.scene.working_sizes import Sizes

_MOST, _FEWEST = 9, 3  # frames that a median is taken of
_NEAR = np.ones((3, 3), np.uint8)
_RESTLESS = 7.0  # grey levels of mean deviation from the median, light taken out, from which on a pixel is not still
_GROWN = 7  # pixels of the small picture that what moves is grown by


@dataclass(frozen=True, slots=True, eq=False)
class MedianFrame:
    """What stood still for the last seconds.

    Attributes:
        work, small: (H, W, 3) uint8 medians.
        restless: (h, w) bool, of the small picture: where something moved, or not every frame has looked.
        seconds: Of the latest frame in it.
    """

    work: Bytes
    small: Bytes
    restless: Mask
    seconds: float


class TemporalMedian:
    """The last `span` seconds of a scene, a few frames of them."""

    def __init__(self, sizes: Sizes, *, span: float) -> None:
        self._sizes, self._span = sizes, span
        self._frames: deque[tuple[float, Bytes, Bytes]] = deque(maxlen=_MOST)
        self._offsets: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def add(self, seconds: float, work: Bytes, offset: tuple[float, float] = (0.0, 0.0)) -> None:
        """Take in a frame that was moved back by `offset`, unless one of about the same time is in already."""
        if self._frames and seconds - self._frames[-1][0] < self._span / _MOST * 0.9:
            return
        self._frames.append((seconds, work, shrink(work, self._sizes.small)))
        self._offsets.append(offset)
        while len(self._frames) > _FEWEST and seconds - self._frames[0][0] > self._span * 1.2:
            self._frames.popleft()
            self._offsets.popleft()

    def clear(self) -> None:
        """Begin anew, as after a change of light."""
        self._frames.clear()
        self._offsets.clear()

    @property
    def is_full(self) -> bool:
        """Whether the frames reach back far enough for a median."""
        return len(self._frames) >= _FEWEST and (
            len(self._frames) == _MOST or self._frames[-1][0] - self._frames[0][0] >= self._span * 0.8
        )

    def median(self) -> MedianFrame:
        """The median of the frames, and where they disagree."""
        seconds = self._frames[-1][0]
        smalls = [small for _, _, small in self._frames]
        work = np.rint(middle([work for _, work, _ in self._frames])).astype(np.uint8)
        small = shrink(work, self._sizes.small)
        restless = _moving(smalls, small)
        factor = self._sizes.small[0] / self._sizes.work[0]
        for x, y in {offset for offset in self._offsets if offset != (0.0, 0.0)}:  # the edge that a shaken frame lacks
            restless |= ~visible_after(self._sizes.small, x * factor, y * factor)
        return MedianFrame(work, small, restless, seconds)


def _moving(frames: list[Bytes], median: Bytes) -> Mask:
    grey = cv2.cvtColor(median, cv2.COLOR_RGB2GRAY)
    level = max(float(grey.mean()), 1.0)
    # a trembling camera shows a neighbour's grey, which is no movement
    darkest, brightest = cv2.erode(grey, _NEAR), cv2.dilate(grey, _NEAR)
    total = np.zeros(grey.shape, np.float32)
    for frame in frames:
        frame_grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        frame_grey = cv2.convertScaleAbs(frame_grey, alpha=level / max(float(frame_grey.mean()), 1.0))
        cv2.accumulate(cv2.max(cv2.subtract(darkest, frame_grey), cv2.subtract(frame_grey, brightest)), total)
    moving = cv2.blur(total / len(frames), (3, 3)) > _RESTLESS
    return np.asarray(cv2.dilate(moving.astype(np.uint8), np.ones((_GROWN, _GROWN), np.uint8)) > 0)

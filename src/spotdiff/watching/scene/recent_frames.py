"""The near past, small: when did a thing that stands there now come to be so?"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.resize import resize_mask, shrink

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Mask

_NEAR = 0.35  # of the distance of the two looks: so near a frame must be to one of them to speak for it
_MOST = 600  # frames kept


class RecentFrames:
    """The last `span` seconds of a scene as tiny pictures."""

    def __init__(self, *, span: float) -> None:
        self._span = span
        self._frames: deque[tuple[float, Bytes]] = deque(maxlen=_MOST)
        self._interrupted = False
        self._returns: deque[float] = deque(maxlen=_MOST)  # seconds at which the place was in sight again

    def interrupt(self) -> None:
        """Nobody sees the place until the next frame, or until the second that `return_to_sight` says."""
        self._interrupted = True

    def return_to_sight(self, seconds: float) -> None:
        """The place has been in sight again since a second, though its frames are handed in only from now on."""
        self._interrupted = False
        self._returns.append(seconds)

    def add(self, seconds: float, tiny: Bytes) -> None:
        """Take in a frame."""
        if self._interrupted:
            self.return_to_sight(seconds)
        elif self._frames and seconds - self._frames[-1][0] < self._span / _MOST:
            return
        self._frames.append((seconds, tiny))
        while self._frames and seconds - self._frames[0][0] > self._span:
            self._frames.popleft()

    def began(self, before: Bytes, after: Bytes, where: Mask, *, noticed: float) -> float:
        """The second in which `where` turned from the look `before` to the look `after`.

        Args:
            before: (H, W, 3) uint8, the usual look.
            after: (H, W, 3) uint8, what stands there now.
            where: (h, w) bool, of any size.
            noticed: What to answer where the past does not tell.

        Returns:
            The middle between the last frame that showed the one and the first that showed the other; frames in
            which someone stands before it speak for neither. Where nobody saw the place in between, no earlier than
            it was in sight again.
        """
        if not self._frames:
            return noticed
        size = self._frames[0][1].shape[1::-1]
        inside = resize_mask(where, size)
        if not inside.any():
            return noticed
        ring = ring_around(inside)
        old, new = (shrink(picture, size).astype(np.float32) for picture in (before, after))
        first = shown_before = None
        for seconds, tiny in reversed(self._frames):
            nearest = nearest_look(tiny.astype(np.float32), old, new, inside, ring)
            if nearest == "new":
                first = seconds
            elif nearest == "old":
                shown_before = seconds
                break
        if first is None:
            return noticed
        back = [
            moment for moment in self._returns if moment <= first and (shown_before is None or moment > shown_before)
        ]
        if back:
            hidden = any(back[-1] <= seconds < first for seconds, _ in self._frames)
            return (back[-1] + first) / 2 if hidden else back[-1]
        return min(first, noticed) if shown_before is None else (shown_before + first) / 2


def ring_around(inside: Mask) -> Mask:
    """The ring of four pixels around a ground."""
    wide = cv2.dilate(inside.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return np.asarray(wide & ~inside)


def nearest_look(frame: Map, old: Map, new: Map, inside: Mask, ring: Mask) -> str:
    """Which of two looks a frame shows inside, the light taken from just around it: old, new or neither."""
    distances = []
    for look in (old, new):
        factor = (frame[ring].mean(0) + 4) / (look[ring].mean(0) + 4) if ring.any() else 1.0
        distances.append(float(np.abs(frame[inside] - look[inside] * factor).mean()))
    between = float(np.abs(old[inside] - new[inside]).mean())
    if distances[1] < min(_NEAR * between, distances[0]):
        return "new"
    return "old" if distances[0] < _NEAR * between else "neither"

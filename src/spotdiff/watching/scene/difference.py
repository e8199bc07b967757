"""One difference from the usual look, from its first sight until it is told, ends, or turns out to be nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Box, Bytes, Mask
    from spotdiff.watching.scene.judge import Judged

_SAME = 0.3  # share of the smaller of two grounds that they must share to be one thing
_CHANGED = 2.0  # ratio of areas beyond which a thing has changed its shape and must settle anew
_CALM = 0.5  # share of a ground that must be calm to say anything of it
_THERE, _GONE = 0.4, 0.15  # shares of the calm ground that differ: a thing stands there; it does no more


@dataclass(slots=True, eq=False)
class Difference:
    """Ground that differs from the usual look.

    Attributes:
        number: Counts the differences of a scene.
        mask: (h, w) bool of the small picture.
        since: When it took its present shape.
        seen: When it was last seen uncovered.
        visible: Seconds that it has been seen uncovered in its present shape.
        tries: How often the judge saw nothing there.
        due: When it is to be judged, at the earliest.
        judged: What it is, once the judge has seen it.
        shown: The usual look and the present one when it was judged.
        began: When it came to be so, once it is judged.
        announced: Whether it was told: some rule asked for it.
        missing: Seconds that it has not been seen although its ground was calm.
    """

    number: int
    mask: Mask
    since: float
    seen: float
    due: float
    visible: float = 0.0
    tries: int = 0
    judged: Judged | None = None
    shown: tuple[Bytes, Bytes] | None = None
    began: float = 0.0
    announced: bool = False
    missing: float = 0.0

    def follow(self, mask: Mask, *, seconds: float, pace: float) -> None:
        """It was seen again, on this ground."""
        before, now = int(self.mask.sum()), int(mask.sum())
        if max(before, now) > _CHANGED * min(before, now):
            self.since, self.visible = seconds, 0.0
        else:
            self.visible += pace
        self.mask, self.seen, self.missing = mask, seconds, 0.0

    def present(self, apart: Mask, restless: Mask) -> bool | None:
        """Whether its ground still differs; None while too much of it is covered or between the two."""
        calm = self.mask & ~restless
        if calm.sum() < _CALM * self.mask.sum():
            return None
        share = float(apart[calm].mean())
        return True if share >= _THERE else False if share <= _GONE else None


def same_ground(one: Mask, other: Mask) -> bool:
    """Whether two grounds are of one thing."""
    shared = int((one & other).sum())
    return shared > 0 and shared >= _SAME * min(int(one.sum()), int(other.sum()))


def grown(mask: Mask, pixels: int) -> Mask:
    """A mask with an edge of so many pixels around it."""
    kernel = np.ones((2 * pixels + 1,) * 2, np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)


def box_of(mask: Mask) -> Box:
    """The smallest half-open box around a mask."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return int(left), int(top), int(left + width), int(top + height)

"""One difference from the usual look, from its first sight until it is reported, ends, or turns out to be nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.regions.moved import likeness, look
from spotdiff.regions.outline import outlines_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotdiff.regions.moved import Look
    from spotdiff.types import Box, Bytes, Mask
    from spotdiff.watching.scene.judge import Judgement

_SAME = 0.3  # share of the smaller of two grounds that they must share to be one thing
_CHANGED = 2.0  # ratio of areas beyond which a thing has changed its shape and must settle anew
_CALM = 0.5  # share of a ground that must be calm to say anything of it
_THERE, _GONE = 0.4, 0.15  # shares of the calm ground that differ: a thing stands there; it does no more
_LIKELY = 0.5  # chance that two looks are of one thing: that one came when the other went speaks for it, too
_BESIDE, _LEAST_REACH = 0.33, 4  # of a thing's size, and pixels: how far beside its place it may be put back
_ALIKE, _BETTER = (
    0.8,
    0.2,
)  # correlation of a thing with what stands there again; how much more than with the empty place
_SHARED = 0.3  # share of the ground of what was reported that a moved thing must have left


@dataclass(slots=True, eq=False)
class Candidate:
    """Ground that differs from the usual look. All times are seconds on the source's clock.

    Attributes:
        number: Counts the candidates of a scene.
        mask: (h, w) bool of the small picture.
        since: When it took its present shape.
        last_seen: When it was last seen uncovered.
        due: When it is to be judged, at the earliest, were every second since `since` observed.
        visible: Seconds that it has been seen uncovered in its present shape.
        unobserved: Seconds since it was first seen in which no frame showed the place.
        attempts: How often the judge saw nothing there.
        judgement: What it is, once the judge has seen it.
        pictures: The usual look and the present one when it was judged.
        began: When it came to be so, once it is judged.
        reported: Whether some rule asked for it.
        missing: Seconds that it has not been seen although its ground was calm.
    """

    number: int
    mask: Mask
    since: float
    last_seen: float
    due: float
    visible: float = 0.0
    unobserved: float = 0.0
    attempts: int = 0
    judgement: Judgement | None = None
    pictures: tuple[Bytes, Bytes] | None = None
    began: float = 0.0
    reported: bool = False
    missing: float = 0.0

    def update(self, mask: Mask, *, seconds: float, observed: float) -> None:
        """It was seen again, on this ground; `observed` seconds were seen since the last look."""
        area_before, area_now = int(self.mask.sum()), int(mask.sum())
        if max(area_before, area_now) > _CHANGED * min(area_before, area_now):
            self.since, self.visible = seconds, 0.0
        else:
            self.visible += observed
        self.mask, self.last_seen, self.missing = mask, seconds, 0.0

    def is_calm(self, restless: Mask) -> bool:
        """Whether enough of its ground is calm to say anything of it."""
        return bool((self.mask & ~restless).sum() >= _CALM * self.mask.sum())

    def is_present(self, differs: Mask, restless: Mask) -> bool | None:
        """Whether its ground still differs; None while too much of it is covered or between the two."""
        calm = self.mask & ~restless
        if not self.is_calm(restless):
            return None
        share = float(differs[calm].mean())
        return True if share >= _THERE else False if share <= _GONE else None


def displacement(usual: Bytes, without: Bytes, now: Bytes, box: Box) -> tuple[int, int] | None:
    """How far (x, y) a thing stands from where it stood, at most a third of its size; None where it is not back.

    Args:
        usual: (H, W, 3) with the thing.
        without: The same place once it was taken.
        now: The same place now.
        box: The thing in `usual`.
    """
    left, top, right, bottom = box
    across, down = (
        max(round(_BESIDE * (right - left)), _LEAST_REACH),
        max(round(_BESIDE * (bottom - top)), _LEAST_REACH),
    )
    start_x, start_y = max(left - across, 0), max(top - down, 0)
    thing = usual[top:bottom, left:right]
    likeness_of = []
    for picture in (now, without):
        window = picture[start_y : bottom + down, start_x : right + across]
        likeness_of.append(cv2.matchTemplate(window, thing, cv2.TM_CCOEFF_NORMED))
    (_, without_it, _, _), (_, with_it, _, (x, y)) = cv2.minMaxLoc(likeness_of[1]), cv2.minMaxLoc(likeness_of[0])
    if not (with_it >= _ALIKE and with_it >= without_it + _BETTER):
        return None
    return start_x + x - left, start_y + y - top


def join_moved(
    earlier: Candidate, later: Candidate, moved_text: Callable[[str], str] = lambda text: text
) -> Judgement | None:
    """What two judged candidates are together if they are one thing that moved; None where they are two.

    Args:
        earlier: Judged first.
        later: Judged after it.
        moved_text: Makes of the text of what came one that says that it stood elsewhere before.
    """
    first, second = earlier.judgement, later.judgement
    if first is None or second is None or earlier.pictures is None or later.pictures is None:
        return None
    if second.kind == "moved" and first.kind in ("taken", "left", "changed"):
        shared = int((second.mask & first.mask).sum())
        return second if shared >= _SHARED * int(first.mask.sum()) else None
    orders = (
        (first, earlier.pictures, second, later.pictures),
        (second, later.pictures, first, earlier.pictures),
    )
    for gone, gone_pictures, new, new_pictures in orders:
        fits = new.kind in ("left", "changed") and gone.kind in ("taken", "changed") and new.kind != gone.kind
        if fits and likeness(_look(gone, gone_pictures[0]), _look(new, new_pictures[1])) >= _LIKELY:
            return replace(
                new,
                kind="moved",
                score=min(gone.score, new.score),
                box_before=gone.box,
                mask=gone.mask | new.mask,
                text=moved_text(new.text),
            )
    return None


def _look(judgement: Judgement, pixels: Bytes) -> Look | None:
    left, top, right, bottom = judgement.box
    inside = np.ascontiguousarray(judgement.mask[top:bottom, left:right]).astype(np.uint8)
    return look(pixels, judgement.box, outlines_of(inside, left=left, top=top))


def overlaps(first: Mask, second: Mask) -> bool:
    """Whether two grounds are of one thing."""
    shared = int((first & second).sum())
    return shared > 0 and shared >= _SAME * min(int(first.sum()), int(second.sum()))


def dilate(mask: Mask, pixels: int) -> Mask:
    """A mask with an edge of so many pixels around it."""
    kernel = np.ones((2 * pixels + 1,) * 2, np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)


def bounding_box(mask: Mask) -> Box:
    """The smallest half-open box around a mask."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return int(left), int(top), int(left + width), int(top + height)

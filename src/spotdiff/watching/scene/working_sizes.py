"""The sizes a scene is looked at in: what is slow is done on small pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.types import Box, Bytes

_SMALL, _TINY = 2, 4  # how much smaller than the working picture


@dataclass(frozen=True, slots=True)
class Sizes:
    """Four sizes of one picture, each (width, height): the source's own, and three that are ever smaller.

    Attributes:
        own: Of the source.
        work: Differences are judged on it; its longer side is at most the setting `side`.
        small: Half of `work`: differences are looked for on it.
        tiny: A quarter of `work`: the camera's shake is measured and the past is kept on it.
    """

    own: tuple[int, int]
    work: tuple[int, int]
    small: tuple[int, int]
    tiny: tuple[int, int]

    @classmethod
    def of(cls, pixels: Bytes, *, side: int) -> Sizes:
        """The sizes for pictures like this one, (H, W, 3)."""
        height, width = pixels.shape[:2]
        factor = min(1.0, side / max(width, height))
        work = max(round(width * factor), 8), max(round(height * factor), 8)
        small, tiny = ((max(work[0] // part, 2), max(work[1] // part, 2)) for part in (_SMALL, _TINY))
        return cls((width, height), work, small, tiny)

    def source_box(self, box: Box) -> Box:
        """A box of the working picture in the source's own pixels.

        Examples:
            >>> Sizes((1280, 720), (640, 360), (320, 180), (160, 90)).source_box((10, 20, 30, 40))
            (20, 40, 60, 80)
        """
        across, down = self.own[0] / self.work[0], self.own[1] / self.work[1]
        left, top, right, bottom = box
        return (
            max(round(left * across), 0),
            max(round(top * down), 0),
            min(round(right * across), self.own[0]),
            min(round(bottom * down), self.own[1]),
        )

    @property
    def small_area(self) -> float:
        """The source's own pixels for each of the small picture."""
        return self.own[0] * self.own[1] / (self.small[0] * self.small[1])

"""What is known of one picture of a series: how much of each area has changed, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from spotdiff.types import Verdict

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One area in one comparison.

    Attributes:
        share: Changed share of the area's pixels that were compared, 0 to 1; None where nobody can say.
        changed: Changed pixels of the area, in the first picture's pixels.
        compared: Pixels of the area that both pictures show.
        text: What changed there in words; "" for nothing, and without a describer.
        reason: Why there is no share, in one line; "" where there is one.
    """

    share: float | None
    changed: int = 0
    compared: int = 0
    text: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A comparison of one picture of a series with an earlier one.

    Attributes:
        against: Name of the earlier picture.
        verdict: same, changed or unsure, of the whole picture.
        reason: Why, in one line.
        text: The answer in words.
        parts: Each area by name.
        matrix: (3, 3), takes the earlier picture's pixels to this one's; None where they do not lie on each other.
        shown: A small JPEG file: the later picture dimmed, what changed in colour, the areas outlined; b"" for none.
    """

    against: str
    verdict: Verdict
    reason: str
    text: str
    parts: Mapping[str, Part]
    matrix: Rows | None = None
    shown: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One picture of a series.

    Attributes:
        picture: The file.
        taken: When; aware where its zone is known.
        dated_by: exif, name or mtime.
        moment: The same as seconds on the series' one scale; for plots.
        areas: Names of the areas.
        first: The comparison with the first picture; None for the first picture itself and for a bad one.
        last: The comparison with the last picture before it that could be laid on the first; None likewise.
        error: Why it could not be compared at all; "" for a good one.
        shown: A small JPEG file of the picture, the areas outlined; b"" for none.
        resumed: Was everything taken over from an earlier run?
    """

    picture: Path
    taken: datetime
    dated_by: str
    moment: float
    areas: tuple[str, ...]
    first: Change | None = None
    last: Change | None = None
    error: str = ""
    shown: bytes = field(default=b"", repr=False)
    resumed: bool = False

    @property
    def starts(self) -> bool:
        """Is it the first picture of the series?"""
        return self.first is None and not self.error

    @property
    def since_first(self) -> dict[str, float | None]:
        """Each area's changed share since the first picture, 0 to 1; None where nobody can say."""
        if self.starts:
            return dict.fromkeys(self.areas, 0.0)
        return self._shares(self.first)

    @property
    def since_last(self) -> dict[str, float | None]:
        """Each area's changed share since the picture before, 0 to 1; None where nobody can say."""
        return self._shares(self.last)

    def why_not(self, area: str, change: Change | None) -> str:
        """Why there is no share of this area in that comparison of the step; "" where there is one."""
        if self.error:
            return self.error
        if change is None:
            return "the first picture"
        return change.parts[area].reason

    def _shares(self, change: Change | None) -> dict[str, float | None]:
        if change is None:
            return dict.fromkeys(self.areas)
        return {area: change.parts[area].share for area in self.areas}

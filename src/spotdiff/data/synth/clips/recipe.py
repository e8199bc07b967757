"""What made clips are like, as one value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from spotdiff.errors import OptionError
from spotdiff.params import build, check, param

QUIET = ("light", "ir", "shake", "reconnect", "rain", "insects", "leaves", "passers")
_TURNS = ("light", "ir", "shake", "reconnect", "passers", "light", "rain", "insects", "leaves", "light")


@dataclass(frozen=True, slots=True)
class ClipRecipe:
    """What made clips are like; shares are 0 to 1.

    Attributes:
        width, height: Of the picture, in pixels; both even.
        fps: Frames a second.
        shortest, longest: Length of a clip, in seconds.
        scenario: event (1 to `most_events` events); one class of clips without any (light, ir, shake, reconnect, rain,
            insects, leaves, passers); or mixed.
        quiet: Share of the mixed clips without any event; their classes take turns.
        most_events: Most events in one clip.
        calm: Seconds at the start without an event.
        apart: Least seconds between two events.
        stays: Least seconds for which what an event changed stays so.
        smallest, largest: Area of a thing as a share of the picture's; it is drawn evenly over orders of magnitude.
        contrast: Least mean distance between a thing and the ground it hides, in CIELAB.
        carried: Share of the events that a passer-by brings about; the others just happen.
        reverted: Share of the left things that are taken again, where the clip is long enough.
        passers: Passers-by a minute.
        loiter: Share of the passers-by who stand still, for up to 6 seconds.
        disturbances: Most disturbances in a clip with events.
        noise: Strength of the camera's noise.
        mjpeg: Share of the clips from a camera that sends single JPEG pictures.
        crf: Quality of the H.264 film, smaller is better.
    """

    width: int = param(640, "width of the picture", low=64, high=4096, unit="px")
    height: int = param(360, "height of the picture", low=64, high=4096, unit="px")
    fps: int = param(10, "frames a second", low=1, high=60)
    shortest: float = param(45.0, "shortest clip", low=2, high=3600, unit="s")
    longest: float = param(75.0, "longest clip", low=2, high=3600, unit="s")
    scenario: str = param("mixed", "what clips show", choices=("mixed", "event", *QUIET))
    quiet: float = param(0.3, "share of the mixed clips without any event", low=0, high=1)
    most_events: int = param(3, "most events in one clip", low=1, high=8)
    calm: float = param(12.0, "time at the start without an event", low=0, high=600, unit="s")
    apart: float = param(8.0, "least time between two events", low=0, high=600, unit="s")
    stays: float = param(20.0, "least time for which a change stays", low=0.5, high=600, unit="s")
    smallest: float = param(0.003, "smallest thing, as a share of the picture's area", low=1e-4, high=0.2)
    largest: float = param(0.06, "largest thing, as a share of the picture's area", low=1e-4, high=0.2)
    contrast: float = param(10.0, "least distance of a thing from its ground in CIELAB", low=0, high=60)
    carried: float = param(0.85, "share of events that a passer-by brings about", low=0, high=1)
    reverted: float = param(0.4, "share of left things that are taken again", low=0, high=1)
    passers: float = param(6.0, "passers-by a minute", low=0, high=60)
    loiter: float = param(0.0, "share of passers-by who stand still for up to 6 s", low=0, high=1)
    disturbances: int = param(2, "most disturbances in a clip with events", low=0, high=6)
    noise: float = param(1.0, "strength of the camera's noise", low=0, high=4)
    mjpeg: float = param(0.15, "share of clips from a camera that sends JPEG pictures", low=0, high=1)
    crf: int = param(23, "quality of the film, smaller is better", low=0, high=51)

    def __post_init__(self) -> None:
        check(self)
        for low, high in (("shortest", "longest"), ("smallest", "largest")):
            if getattr(self, low) > getattr(self, high):
                raise OptionError(f"{low} {getattr(self, low):g} is more than {high} {getattr(self, high):g}")
        if self.width % 2 or self.height % 2:
            raise OptionError(f"width and height are even, not {self.width} and {self.height}")
        least = self.calm + self.stays + 1
        if self.shortest < least:
            raise OptionError(
                f"shortest takes {least:g} s or more: calm, stays and a second between, not {self.shortest:g}"
            )

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.width, self.height

    def scenario_of(self, index: int) -> str:
        """What the clip of that number shows: `event`, or the class of a quiet one.

        Examples:
            >>> [ClipRecipe(quiet=0.5).scenario_of(index) for index in range(4)]
            ['event', 'light', 'event', 'ir']
        """
        if self.scenario != "mixed":
            return self.scenario
        before, after = (math.floor(number * self.quiet + 1e-9) for number in (index, index + 1))
        return _TURNS[before % len(_TURNS)] if after > before else "event"


def get_clip_recipe(changes: Mapping[str, object] | None = None) -> ClipRecipe:
    """The recipe with some fields changed; texts are read as the field's type.

    Raises:
        OptionError: there is no such field, or a value that it cannot have.

    Examples:
        >>> get_clip_recipe({"fps": "5"}).fps
        5
    """
    return build(ClipRecipe, dict(changes or {}), owner="recipe clips")

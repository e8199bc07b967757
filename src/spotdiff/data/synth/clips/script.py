"""What happens in a clip and when: the plan of a film, of which every frame follows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2

if TYPE_CHECKING:
    from spotdiff.data.synth.stage import At, Shade
    from spotdiff.data.synth.things import Thing
    from spotdiff.types import Box, Bytes

ROOM = 8  # pixels around the picture that a shaking camera gets to see
Point = tuple[float, float, float]  # seconds, and where the middle of the feet is


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A thing that stands at a place for a time.

    Attributes:
        thing: The thing.
        at: Its left and top.
        shade: Its shadow, or None.
        start: First frame on which it stands.
        end: First frame on which it does not any more; the number of frames where it stays.
    """

    thing: Thing
    at: At
    shade: Shade | None
    start: int
    end: int

    @property
    def box(self) -> Box:
        """What is opaque of it, half-open."""
        left, top, width, height = cv2.boundingRect(self.thing.area)
        return self.at[0] + left, self.at[1] + top, self.at[0] + left + width, self.at[1] + top + height


@dataclass(frozen=True, slots=True)
class Deed:
    """An event: something that is so from a frame on.

    Attributes:
        kind: left, taken or moved.
        standing: Number of the thing that stands there afterwards; of a taken one, that which stood there.
        before: Number of the same thing where it stood before, if moved; else None.
        frame: The first on which it is so.
        visible: The first on which it can be seen, as nobody is before it.
        until: The first on which it is so no more, or None.
    """

    kind: str
    standing: int
    before: int | None
    frame: int
    visible: int = 0
    until: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A thing that a passer-by brings, takes away, or takes from one place to another, and stands behind meanwhile.

    Attributes:
        thing: The thing.
        picked: Frame on which it is lifted and its left and top there; None when it is brought.
        put: Frame from which it stands and its left and top there; None when it is taken away.
        lift: Height at which it is carried, in pixels.
    """

    thing: Thing
    picked: tuple[int, At] | None
    put: tuple[int, At] | None
    lift: float


@dataclass(frozen=True, slots=True, eq=False)
class Passer:
    """Somebody who comes and goes.

    Attributes:
        thing: What is seen.
        shade: The shadow at the feet, or None.
        way: Where the feet are and when; straight between.
        bob: How far the head goes up and down in a walk, in pixels.
        pace: Steps a second.
        held: What is carried, or None.
    """

    thing: Thing
    shade: Shade | None
    way: tuple[Point, ...]
    bob: float
    pace: float
    held: Held | None = None

    @property
    def start(self) -> float:
        """Second of the first frame on which anything of it may be seen."""
        return self.way[0][0]

    @property
    def end(self) -> float:
        """Second at which it is gone."""
        return self.way[-1][0]

    def at(self, second: float) -> At:
        """Left and top at a second between `start` and `end`."""
        x, y = self.feet(second)
        width, height = self.thing.size
        step = abs(math.sin(math.pi * self.pace * second)) * self.bob if self._walks(second) else 0.0
        return round(x - width / 2), round(y - height - step)

    def feet(self, second: float) -> tuple[float, float]:
        """Where the middle of the feet is, without the bobbing."""
        for (start, *here), (end, *there) in zip(self.way, self.way[1:], strict=False):
            if second <= end:
                share = min(max((second - start) / max(end - start, 1e-9), 0.0), 1.0)
                return here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])
        return self.way[-1][1], self.way[-1][2]

    def _walks(self, second: float) -> bool:
        return any(
            start <= second < end and (x, y) != (u, v)
            for (start, x, y), (end, u, v) in zip(self.way, self.way[1:], strict=False)
        )


@dataclass(frozen=True, slots=True)
class Disturbance:
    """Something that changes the picture and is no event.

    Attributes:
        kind: What it is, such as `step` or `rain`.
        start, end: Seconds between which it acts; what stays ends with the clip.
        rise, fall: Seconds in which it comes and goes.
        facts: What was chosen, in numbers.
        seed: Decides the rest.
    """

    kind: str
    start: float
    end: float
    rise: float = 0.0
    fall: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    def strength(self, second: float) -> float:
        """0 where it does not act, up to 1."""
        if not self.start <= second < self.end:
            return 0.0
        rising = (second - self.start) / self.rise if self.rise else 1.0
        falling = (self.end - second) / self.fall if self.fall else 1.0
        return min(rising, falling, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """A clip before it is filmed.

    Attributes:
        scenario: event, or the class of a quiet clip.
        size: (width, height).
        fps: Frames a second.
        frames: How many there are, with those that are lost.
        scene: (H + 2 ROOM, W + 2 ROOM, 3) uint8: the empty place, with some room around the picture.
        standings: Things that stand there for a time.
        deeds: The events, in order.
        passers: Who passes by.
        disturbances: What changes the picture and is no event.
        noise: Deviation of the camera's noise, in levels.
        jpeg: Quality of the single pictures that the camera sends, or 0 where it sends a film.
        crf: Quality of the film.
        seed: Decides what is left: noise and the like.
        materials: Names of the photograph and the cut-outs.
    """

    scenario: str
    size: tuple[int, int]
    fps: int
    frames: int
    scene: Bytes
    standings: tuple[Standing, ...] = ()
    deeds: tuple[Deed, ...] = ()
    passers: tuple[Passer, ...] = ()
    disturbances: tuple[Disturbance, ...] = ()
    noise: float = 0.0
    jpeg: int = 0
    crf: int = 23
    seed: int = 0
    materials: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / self.fps

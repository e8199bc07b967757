"""The plan of a clip: what happens in it and when; every frame follows from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2

if TYPE_CHECKING:
    from spotdiff.data.synth.canvas import Position, Shadow
    from spotdiff.data.synth.cutouts import Cutout
    from spotdiff.types import Box, Bytes

MARGIN = 8  # pixels around the picture that a shaking camera gets to see
Waypoint = tuple[float, float, float]  # seconds, and where the middle of the feet is


@dataclass(frozen=True, slots=True, eq=False)
class PlacedObject:
    """A thing that stands at a place for a time.

    Attributes:
        cutout: The thing.
        at: Its left and top.
        shadow: Its shadow, or None.
        start: First frame on which it stands.
        end: First frame on which it does not any more; the number of frames where it stays.
    """

    cutout: Cutout
    at: Position
    shadow: Shadow | None
    start: int
    end: int

    @property
    def box(self) -> Box:
        """What is opaque of it, half-open."""
        left, top, width, height = cv2.boundingRect(self.cutout.area)
        return self.at[0] + left, self.at[1] + top, self.at[0] + left + width, self.at[1] + top + height


@dataclass(frozen=True, slots=True)
class ClipEvent:
    """An event: something that is so from a frame on.

    Attributes:
        kind: left, taken or moved.
        placed: Number of the object that stands there afterwards; of a taken one, that which stood there.
        previous: Number of the same object where it stood before, if moved; else None.
        frame: The first on which it is so.
        visible: The first on which it can be seen, as nobody is before it.
        until: The first on which it is so no more, or None.
    """

    kind: str
    placed: int
    previous: int | None
    frame: int
    visible: int = 0
    until: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CarriedObject:
    """A thing that a passer-by brings, takes away, or takes from one place to another, and stands behind meanwhile.

    Attributes:
        cutout: The thing.
        picked_up: Frame on which it is lifted and its left and top there; None when it is brought.
        put_down: Frame from which it stands and its left and top there; None when it is taken away.
        lift: Height at which it is carried, in pixels.
    """

    cutout: Cutout
    picked_up: tuple[int, Position] | None
    put_down: tuple[int, Position] | None
    lift: float


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """Somebody who comes and goes.

    Attributes:
        cutout: What is seen.
        shadow: The shadow at the feet, or None.
        waypoints: Where the feet are and when; straight between.
        bob: How far the head goes up and down in a walk, in pixels.
        pace: Steps a second.
        carried: What is carried, or None.
    """

    cutout: Cutout
    shadow: Shadow | None
    waypoints: tuple[Waypoint, ...]
    bob: float
    pace: float
    carried: CarriedObject | None = None

    @property
    def start(self) -> float:
        """Second of the first frame on which anything of it may be seen."""
        return self.waypoints[0][0]

    @property
    def end(self) -> float:
        """Second at which it is gone."""
        return self.waypoints[-1][0]

    def at(self, second: float) -> Position:
        """Left and top at a second between `start` and `end`."""
        x, y = self.feet(second)
        width, height = self.cutout.size
        step = abs(math.sin(math.pi * self.pace * second)) * self.bob if self._walks(second) else 0.0
        return round(x - width / 2), round(y - height - step)

    def feet(self, second: float) -> tuple[float, float]:
        """Where the middle of the feet is, without the bobbing."""
        for (start, *here), (end, *there) in zip(self.waypoints, self.waypoints[1:], strict=False):
            if second <= end:
                share = min(max((second - start) / max(end - start, 1e-9), 0.0), 1.0)
                return here[0] + share * (there[0] - here[0]), here[1] + share * (there[1] - here[1])
        return self.waypoints[-1][1], self.waypoints[-1][2]

    def _walks(self, second: float) -> bool:
        return any(
            start <= second < end and (x, y) != (u, v)
            for (start, x, y), (end, u, v) in zip(self.waypoints, self.waypoints[1:], strict=False)
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
class ClipPlan:
    """A clip before it is filmed.

    Attributes:
        scenario: event, or the class of a quiet clip.
        size: (width, height).
        fps: Frames a second.
        frames: How many there are, with those that are lost.
        scene: (H + 2 MARGIN, W + 2 MARGIN, 3) uint8: the empty place, with some room around the picture.
        objects: Things that stand there for a time.
        events: The events, in order.
        actors: Who passes by.
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
    objects: tuple[PlacedObject, ...] = ()
    events: tuple[ClipEvent, ...] = ()
    actors: tuple[Actor, ...] = ()
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

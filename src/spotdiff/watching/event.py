"""Events, the pictures that show them, and what changes about them, as values.

Two clocks run. A source's own clock (`seconds`, from 0 when the source is opened) measures how long a thing
lasts; it is a film's own time, or a monotonic clock for what is live. The wall (`wall`, `first_seen`, ...) says
when; it may be stepped at any time and nothing is measured with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from spotdiff.types import Box, Bytes, Mask

State = Literal["open", "acknowledged", "closed"]
Transition = Literal["opened", "amended", "closed"]

SCENE_KINDS = ("left", "taken", "moved", "changed")  # what a thing did that stays so
HEALTH_KINDS = ("offline", "frozen", "black", "covered", "blurred", "turned")  # what befell the camera
EVENT_KINDS = (*SCENE_KINDS, "intrusion", "untidy", *HEALTH_KINDS)
STATES: tuple[State, ...] = ("open", "acknowledged", "closed")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a place and, until `closed`, is so.

    Attributes:
        id: Name of the camera and a number that counts up in one store, such as `hall-17`.
        camera: Name of the source.
        kind: One of `EVENT_KINDS`.
        state: open, acknowledged (a person has seen it) or closed.
        zone: Name of the zone whose rule was met, or "" for the whole picture.
        box: Where, in the source's own pixels, half-open; None for what befalls the whole camera.
        box_before: Where a moved thing stood; None for the other kinds.
        first_seen: When it came to be so, traced back; aware, UTC.
        confirmed: When it was sure enough to be told.
        closed: When it ended, or None.
        score: How sure, 0 to 1.
        text: The event in words.
        outcome: Why it was closed: reverted, normal, recovered, gone, replaced; "" while it is not.
        seconds: `first_seen`, on the source's own clock.
        confirmed_seconds: `confirmed`, on the source's own clock.
        boot: Names the run of the machine (or of the replay) that `seconds` counts in.
        inspection: Name of the inspection that found it; "" for the other kinds.
    """

    id: str
    camera: str
    kind: str
    state: State
    zone: str
    box: Box | None
    first_seen: datetime
    confirmed: datetime
    score: float
    text: str
    box_before: Box | None = None
    closed: datetime | None = None
    outcome: str = ""
    seconds: float = 0.0
    confirmed_seconds: float = 0.0
    boot: str = ""
    inspection: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class EventPictures:
    """The pictures that show an event, not yet written anywhere.

    Attributes:
        before: (H, W, 3) uint8: the place without the event.
        after: (H, W, 3) uint8: the place with it.
        mask: (H, W) bool: where it is, in the size of `after`; None for the whole camera.
        frames: JPEG pictures around `first_seen`, oldest first, as (seconds on the source's clock, bytes).
    """

    before: Bytes | None
    after: Bytes | None
    mask: Mask | None
    frames: tuple[tuple[float, bytes], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Something is so, since `event.first_seen`.

    Attributes:
        key: Names it among what the camera reports: one key, one open event.
        event: Without an id, which the store gives.
        pictures: The pictures that show it.
        clip: First and last second of the clip that shows how it came, on the source's clock.
    """

    key: str
    event: Event
    pictures: EventPictures
    clip: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Amended:
    """What was opened under a key turned out to be something else.

    Attributes:
        key: Of the open event.
        kind, box, box_before, score: Of `Event`, as they are now.
        description: What the describer says of it.
    """

    key: str
    kind: str
    box: Box | None
    box_before: Box | None
    score: float
    description: str


@dataclass(frozen=True, slots=True)
class Closed:
    """What was opened under a key is so no more, since a second of the source's clock."""

    key: str
    outcome: str
    seconds: float


EventChange = Opened | Amended | Closed

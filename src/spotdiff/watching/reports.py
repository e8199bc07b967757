"""What one camera has to report: something opened, was amended, ended. The desk makes events of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.types import Box
    from spotdiff.watching.values import Event, Witness


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """Something is so, since `event.first_seen`.

    Attributes:
        key: Names it among what the camera has reported: one key, one event.
        event: Without an id, which the store gives.
        witness: The pictures that show it.
        clip: First and last second of the clip that shows how it came, on the source's clock.
    """

    key: str
    event: Event
    witness: Witness
    clip: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Amended:
    """What was reported turned out to be something else."""

    key: str
    kind: str
    box: Box | None
    box_before: Box | None
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What was reported is so no more."""

    key: str
    outcome: str
    seconds: float


Report = Opened | Amended | Ended

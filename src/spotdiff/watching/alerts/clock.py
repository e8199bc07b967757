"""The two clocks as one thing that can be handed in."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What measures (`seconds`) and what says when (`wall`)."""

    def seconds(self) -> float:
        """Never steps; counts from anywhere."""
        ...

    def wall(self) -> datetime:
        """Aware, UTC; may be stepped at any time."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def seconds(self) -> float:
        """The monotonic clock, in seconds."""
        return time.monotonic()

    def wall(self) -> datetime:
        """The time of day; aware, UTC."""
        return datetime.now(UTC)

"""Small events, the pictures that show them, and a database that goes away."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
from sqlalchemy.exc import OperationalError

from spotdiff.watching.event import Event, EventPictures

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_event(minute: float = 0, **fields) -> Event:
    """An event of camera `hall` without an id, `minute` minutes after noon."""
    seen = START + timedelta(minutes=minute)
    event = Event("", "hall", "left", "open", "", (8, 6, 24, 20), seen, seen + timedelta(seconds=10), 0.8, "a bag")
    return replace(event, **fields)


def make_pictures(width: int = 64, height: int = 48, *, frames: int = 4, seed: int = 0) -> EventPictures:
    """Noise, so that nothing gets smaller than it should."""
    rng = np.random.default_rng(seed)
    before, after = (rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(2))
    mask = np.zeros((height, width), np.bool_)
    mask[6:20, 8:24] = True
    return EventPictures(before, after, mask, make_frames(frames, width, height))


def make_frames(
    count: int, width: int = 64, height: int = 48, *, start: float = 100.0
) -> tuple[tuple[float, bytes], ...]:
    ramp = np.tile(np.arange(width, dtype=np.uint8), (height, 1))
    pictures = (cv2.imencode(".jpg", ramp + np.uint8(7 * number % 256))[1].tobytes() for number in range(count))
    return tuple((start + 0.2 * number, picture) for number, picture in enumerate(pictures))


def evidence_files(folder) -> set[str]:
    """Every file in the places of events, below the folder."""
    return {path.relative_to(folder).as_posix() for path in folder.glob("[0-9]*/**/*") if path.is_file()}


@contextmanager
def down(store):
    """A store whose database answers nothing."""

    def refuse(*_args, **_kwargs):
        raise OperationalError("SELECT 1", {}, Exception("the server closed the connection unexpectedly"))

    writer = store.writer
    kept = writer.engine, writer._writing
    writer.engine = writer._writing = type("Gone", (), {"connect": refuse, "begin": refuse, "dispose": refuse})()
    try:
        yield
    finally:
        writer.engine, writer._writing = kept

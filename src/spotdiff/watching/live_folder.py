"""What the cameras of a watch see just now and how it is doing, as files of a folder, for who shows them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import cv2

from spotdiff.atomic_write import write_whole
from spotdiff.image.resize import shrink_within
from spotdiff.watching.event_texts import record_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spotdiff.video import Frame
    from spotdiff.watching.status import CameraStatus, WatchStatus

STATUS = "status.json"
_SIDE = 1280  # pixels of the longer side: enough to see what goes on
_QUALITY = 80


def picture_path(folder: Path, camera: str) -> Path:
    """Where the latest picture of a camera lies."""
    return folder / f"{camera}.jpg"


def write_live(folder: Path, status: WatchStatus, frames: Mapping[str, Frame]) -> None:
    """Write `CAMERA.jpg`, at most 1280 px wide, for each frame, and `status.json`; each file whole, or the one before.

    Args:
        folder: Made when missing.
        status: Of the watch.
        frames: The latest frame of each camera that has given one, by its name.

    Raises:
        OSError: a file cannot be written.
    """
    for camera, frame in frames.items():
        small = cv2.cvtColor(shrink_within(frame.pixels, _SIDE), cv2.COLOR_RGB2BGR)
        encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
        write_whole(picture_path(folder, camera), encoded.tobytes())
    record = {
        "written": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "cameras": [_camera(each, frames.get(each.name)) for each in status.cameras],
        "store_waiting": status.store_waiting,
        "store_trouble": status.store_trouble,
    }
    write_whole(folder / STATUS, json.dumps(record, ensure_ascii=False).encode())


def _camera(status: CameraStatus, frame: Frame | None) -> dict[str, object]:
    record = asdict(status) | {"open": [record_of(event) for event in status.open]}
    size = None if frame is None else list(frame.pixels.shape[1::-1])
    return record | {"size": size, "since_frame": round(status.since_frame, 3), "fps": round(status.fps, 2)}

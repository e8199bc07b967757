"""The files of an answer, written whole before its row says that it is done.

They take a sixteenth of the time of a comparison by `spot`, and only its process has all that they show: so they are
stored, not made when somebody asks.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.types import Comparison

FILES = {  # what stands after a comparison's address, and the file that it gives; the shortest last
    ".html": "report.html",
    ".png": "overlay.png",
    "/before.png": "before.png",
    "/after.png": "after.png",
    "/mask/before.png": "mask.before.png",
    "/mask/after.png": "mask.after.png",
    "": "record.json",
}
MEDIA_TYPES = {".html": "text/html", ".json": "application/json", ".png": "image/png"}


def answer_folder(data: Path, name: str) -> Path:
    """Where the files of a comparison lie."""
    return data / "answers" / name[:2] / name


def write_answer(comparison: Comparison, name: str, data: Path, *, digests: tuple[str, str]) -> None:
    """Write all files of an answer; its folder is there whole or not at all.

    Args:
        comparison: The answer.
        name: Its id.
        data: The server's folder.
        digests: SHA-256 of both pictures.

    Raises:
        OSError: a file cannot be written.
    """
    folder, part = answer_folder(data, name), data / "incoming" / name
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        _write_files(comparison, name, part, digests)
        shutil.rmtree(folder, ignore_errors=True)  # of an earlier try, which was killed before its row was written
        put_in_place(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)  # on a full disk what is left of it would be in the way


def put_in_place(part: Path, path: Path) -> None:
    """Rename a file or folder that is whole, so that it outlives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part.replace(path)
    if sys.platform != "win32":
        for folder in (path.parent, path.parent.parent):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _write_files(comparison: Comparison, name: str, part: Path, digests: tuple[str, str]) -> None:
    import cv2

    from spotdiff.report.html import write_page
    from spotdiff.report.maps import write_maps
    from spotdiff.report.overlay import write_overlay
    from spotdiff.report.record import to_json, to_record

    record = {**to_record(comparison), "id": name}
    for side, digest in zip(("before", "after"), digests, strict=True):
        record[side]["sha256"] = digest
        picture = getattr(comparison.pair, side)
        _, encoded = cv2.imencode(".png", cv2.cvtColor(picture.opaque, cv2.COLOR_RGB2BGR))
        (part / f"{side}.png").write_bytes(encoded)  # OpenCV itself says nothing of a disk that is full at the end
    (part / "record.json").write_text(to_json(record), encoding="ascii", newline="\n")
    write_page(comparison, part / "report.html")
    write_overlay(comparison, part / "overlay.png")
    write_maps(comparison, part, stem="mask")
    for path in part.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())

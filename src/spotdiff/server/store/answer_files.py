"""The files of an answer, written whole before its row says that it is done.

They take a sixteenth of the time of a comparison by `spot`, and only its process has all that they show: so they are
stored, not made when somebody asks.
"""

from __future__ import annotations

import os
import shutil
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
    import cv2

    from spotdiff.report.html import write_page
    from spotdiff.report.maps import write_maps
    from spotdiff.report.overlay import write_overlay
    from spotdiff.report.record import to_json, to_record

    folder, part = answer_folder(data, name), data / "incoming" / name
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    record = {**to_record(comparison), "id": name}
    for side, digest in zip(("before", "after"), digests, strict=True):
        record[side]["sha256"] = digest
        picture = getattr(comparison.pair, side)
        if not cv2.imwrite(str(part / f"{side}.png"), cv2.cvtColor(picture.opaque, cv2.COLOR_RGB2BGR)):
            raise OSError(f"{side}.png cannot be written")
    (part / "record.json").write_text(to_json(record), encoding="ascii", newline="\n")
    write_page(comparison, part / "report.html")
    write_overlay(comparison, part / "overlay.png")
    write_maps(comparison, part, stem="mask")
    for path in part.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier try, which was killed before its row was written
    folder.parent.mkdir(parents=True, exist_ok=True)
    part.replace(folder)

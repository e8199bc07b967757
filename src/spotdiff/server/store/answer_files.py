"""The files of an answer, written whole before its row says that it is done.

They take a tenth of the time of a comparison by `spot`, and only its process has all that they show: so they are
stored, not made when somebody asks.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.server.store.tiles import FORMATS, TILES, has_tiles, write_tiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spotdiff.types import Comparison, Picture

_THUMBNAIL = 320  # pixels of the long side

FILES = {  # what stands after a comparison's address, and the file that it gives; the shortest last
    ".html": "report.html",
    ".png": "overlay.png",
    "/before.png": "before.png",
    "/after.png": "after.png",
    "/mask/before.png": "mask.before.png",
    "/mask/after.png": "mask.after.png",
    "/thumb/before.jpg": "thumb.before.jpg",
    "/thumb/after.jpg": "thumb.after.jpg",
    "/view.json": "view.json",
    "/view/before": "view.before",
    "/view/after": "view.after",
    "/view/aligned-before": "view.aligned-before",
    "/view/aligned-after": "view.aligned-after",
    "/view/heat": "view.heat",
    "": "record.json",
}
KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}  # an answer never changes
BODY = "body.html"  # what the page of a comparison shows of it
SIDES = ("before", "after")
_MEDIA_TYPES = {".html": "text/html", ".json": "application/json", ".png": "image/png", ".jpg": "image/jpeg"}


def media_type(path: Path) -> str:
    """Of a file of an answer; what a page shows is a PNG or JPEG file, and only its content says which."""
    if path.suffix in _MEDIA_TYPES:
        return _MEDIA_TYPES[path.suffix]
    from spotdiff.report.data_uri import picture_type

    with path.open("rb") as file:
        return picture_type(file.read(8))


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
    from spotdiff.report.html import page, page_body, page_data, page_pictures, shown_pictures
    from spotdiff.report.maps import write_maps
    from spotdiff.report.markup import write_page_file
    from spotdiff.report.overlay import write_overlay
    from spotdiff.report.record import to_json, to_record

    with _folder(data, name) as part:
        record = {**to_record(comparison), "id": name}
        for side, digest in zip(SIDES, digests, strict=True):
            record[side]["sha256"] = digest
            _write_pixels(getattr(comparison.pair, side), part, side)
        (part / "record.json").write_text(to_json(record), encoding="ascii", newline="\n")
        write_overlay(comparison, part / "overlay.png")
        write_maps(comparison, part, stem="mask")
        shown = page_pictures(comparison)
        write_page_file(page(comparison, pictures=shown), part / "report.html")
        for what, content in shown.items():
            (part / f"view.{what}").write_bytes(content)
        address = f"/api/v1/comparisons/{name}"
        sources = {what: f"{address}/view/{what}" for what in shown}
        tiled = _write_tiles(shown_pictures(comparison), shown, part)
        tiles = {what: f"{address}/tiles/{what}.dzi" for what in tiled}
        full = {side: f"{address}/{side}.png" for side in SIDES if _is_shrunk(getattr(comparison.pair, side))}
        view = {**page_data(comparison, record), "pictures": sources, "full": full, "tiles": tiles}
        (part / "view.json").write_text(json.dumps(view, allow_nan=False), encoding="ascii")
        body = page_body(comparison, sources, full=full, tiles=tiles)
        (part / BODY).write_text(body, encoding="utf-8", errors="replace", newline="\n")


def write_picture(picture: Picture, name: str, data: Path) -> None:
    """Write the files of a picture that was compared with nothing, as those of `after` in an answer.

    Raises:
        OSError: a file cannot be written.
    """
    with _folder(data, name) as part:
        _write_pixels(picture, part, "after")


@contextmanager
def _folder(data: Path, name: str) -> Iterator[Path]:
    """A folder to fill, which is there whole and durable when all went well, and else not at all."""
    folder, part = answer_folder(data, name), data / "incoming" / name
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        for path in part.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
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


def _write_pixels(picture: Picture, part: Path, side: str) -> None:
    import cv2

    from spotdiff.report.data_uri import thumbnail

    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture.opaque, cv2.COLOR_RGB2BGR))
    (part / f"{side}.png").write_bytes(encoded)  # OpenCV itself says nothing of a disk that is full at the end
    (part / f"thumb.{side}.jpg").write_bytes(thumbnail(picture, max_side=_THUMBNAIL))


def _write_tiles(pictures: Mapping[str, Picture], shown: Mapping[str, bytes], part: Path) -> list[str]:
    """Write the tiles of large pictures, drawings as PNG as they are shown whole; the names of those that have some."""
    from spotdiff.report.data_uri import picture_type

    large = {name: picture for name, picture in pictures.items() if has_tiles(picture)}
    if large:
        forms = {name: FORMATS[picture_type(shown[name])] for name in large}
        write_tiles({name: (picture, forms[name]) for name, picture in large.items()}, part / TILES)
    return list(large)


def _is_shrunk(picture: Picture) -> bool:
    from spotdiff.report.data_uri import SHOWN

    return max(picture.size) > SHOWN

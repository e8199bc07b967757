"""What an earlier run has measured already: a folder of small files a picture.

    DIR/steps/yard1.jpg/step.json          numbers and words, with the keys they stand under
    DIR/steps/yard1.jpg/picture.jpg        the picture, made small
    DIR/steps/yard1.jpg/since_first.jpg    what changed since the first picture
    DIR/steps/yard1.jpg/since_last.jpg     what changed since the picture before

A comparison counts while its key is the same: options, areas, and the names, sizes and times of the files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import spotdiff
from spotdiff.files import write_whole
from spotdiff.methods import get_method
from spotdiff.report.record import plain
from spotdiff.timelapse.step import Change, Part

if TYPE_CHECKING:
    from spotdiff.language.places import Areas
    from spotdiff.options import Options

SCHEMA = "spotdiff/progress-step/1"
_SIDES = ("first", "last")


class Kept:
    """The comparisons of one picture, as an earlier run left them and as this one adds them.

    Args:
        folder: Where they are kept; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._said = {} if folder is None else _read(folder / "step.json")

    def picture(self, key: str) -> bytes | None:
        """The small picture, if it still stands under this key."""
        return self._file("picture.jpg") if self._said.get("picture") == key else None

    def change(self, side: str, key: str) -> Change | None:
        """A comparison, `first` or `last`, if it still stands under this key."""
        said = self._said.get(side)
        if not isinstance(said, dict) or said.get("key") != key:
            return None
        shown = b"" if not said.get("shown") else self._file(f"since_{side}.jpg")
        try:
            return None if shown is None else _change(said["change"], shown)
        except (KeyError, TypeError):
            return None

    def write(self, picture: tuple[str, bytes], changes: Mapping[str, tuple[str, Change]]) -> None:
        """Keep a small picture and the comparisons by side, each under its key; what stood there is replaced.

        The numbers come last: where they are, the pictures are too.

        Raises:
            OSError: a file cannot be written.
        """
        if self._folder is None:
            return
        said: dict[str, Any] = {"schema": SCHEMA, "picture": picture[0]}
        for side, (key, change) in changes.items():
            said[side] = {"key": key, "shown": bool(change.shown), "change": _plain(change)}
        (self._folder / "step.json").unlink(missing_ok=True)
        write_whole(self._folder / "picture.jpg", picture[1])
        for side, (_, change) in changes.items():
            if change.shown:
                write_whole(self._folder / f"since_{side}.jpg", change.shown)
        write_whole(self._folder / "step.json", (json.dumps(said, indent=1) + "\n").encode("ascii"))

    def _file(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes() if self._folder else None
        except OSError:
            return None


def site_key(options: Options, areas: Areas) -> str:
    """A digest of everything that decides an answer besides the pictures."""
    asked = {field.name: plain(getattr(options, field.name)) for field in fields(options) if field.name != "areas"}
    asked["settings"] = plain(asdict(get_method(options.method, options.settings)))  # type: ignore[call-overload]
    named = (options.ignore_mask, options.language, *options.settings.values(), *options.describe_settings.values())
    files = [stamp(Path(name)) for name in named if isinstance(name, (str, Path))]
    return digest([spotdiff.__version__, asked, files, plain(areas)])


def stamp(path: Path) -> list[object]:
    """Name, size and time of a file; of one that is not there only the name."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return [path.name]
    return [path.name, found.st_size, found.st_mtime_ns]


def digest(value: object) -> str:
    """32 characters that stand for a value of JSON's own types."""
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def _read(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) and said.get("schema") == SCHEMA else {}


def _plain(change: Change) -> dict[str, Any]:
    said = asdict(change)
    del said["shown"]
    return {**said, "matrix": None if change.matrix is None else [list(row) for row in change.matrix]}


def _change(said: Mapping[str, Any], shown: bytes) -> Change:
    matrix = None if said["matrix"] is None else tuple(tuple(map(float, row)) for row in said["matrix"])
    parts = {name: Part(**part) for name, part in said["parts"].items()}
    return Change(**{**said, "parts": parts, "matrix": matrix}, shown=shown)

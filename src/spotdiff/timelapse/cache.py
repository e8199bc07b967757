"""What an earlier run has measured already: a folder of small files a picture.

    DIR/steps/yard1.jpg/step.json          numbers and words, with the keys they stand under
    DIR/steps/yard1.jpg/picture.jpg        the picture, made small
    DIR/steps/yard1.jpg/since_first.jpg    what changed since the first picture
    DIR/steps/yard1.jpg/since_last.jpg     what changed since the picture before

A comparison counts while its key is the same, which stands for everything that it was made from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spotdiff.files import write_whole
from spotdiff.timelapse.step import Change, Part

SCHEMA = "spotdiff/progress-step/1"


class StepCache:
    """The comparisons of one picture, as an earlier run left them and as this one adds them.

    Args:
        folder: Where they are kept; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._record = {} if folder is None else _read(folder / "step.json")

    def picture(self, key: str) -> bytes | None:
        """The small picture, if it still stands under this key."""
        return self._file("picture.jpg") if self._record.get("picture") == key else None

    def change(self, side: str, key: str) -> Change | None:
        """A comparison, `first` or `last`, if it still stands under this key."""
        entry = self._record.get(side)
        if not isinstance(entry, dict) or entry.get("key") != key:
            return None
        shown = b"" if not entry.get("shown") else self._file(f"since_{side}.jpg")
        try:
            return None if shown is None else _change(entry["change"], shown)
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
        record: dict[str, Any] = {"schema": SCHEMA, "picture": picture[0]}
        for side, (key, change) in changes.items():
            record[side] = {"key": key, "shown": bool(change.shown), "change": _plain(change)}
        (self._folder / "step.json").unlink(missing_ok=True)
        write_whole(self._folder / "picture.jpg", picture[1])
        for side, (_, change) in changes.items():
            if change.shown:
                write_whole(self._folder / f"since_{side}.jpg", change.shown)
        write_whole(self._folder / "step.json", (json.dumps(record, indent=1) + "\n").encode("ascii"))

    def _file(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes() if self._folder else None
        except OSError:
            return None


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and record.get("schema") == SCHEMA else {}


def _plain(change: Change) -> dict[str, Any]:
    values = asdict(change)
    del values["shown"]
    return {**values, "matrix": None if change.matrix is None else [list(row) for row in change.matrix]}


def _change(values: Mapping[str, Any], shown: bytes) -> Change:
    matrix = None if values["matrix"] is None else tuple(tuple(map(float, row)) for row in values["matrix"])
    parts = {name: Part(**part) for name, part in values["parts"].items()}
    return Change(**{**values, "parts": parts, "matrix": matrix}, shown=shown)

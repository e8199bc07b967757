"""The small file that says which store a folder belongs to, and mirrors the last number of each camera."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from spotdiff.errors import DataError
from spotdiff.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Label:
    """`.store.json` of an evidence folder. Whoever uses it holds the folder's lock."""

    def __init__(self, path: Path, store: str, numbers: Mapping[str, int]) -> None:
        """Read the file, or write it where there is none.

        Args:
            path: The file.
            store: Names the store; kept in the database, too.
            numbers: The last number of each camera that the database knows.

        Raises:
            DataError: the folder belongs to another store.
            OSError: the file cannot be read or written.
        """
        self._path, self._store, self._numbers = path, store, dict(numbers)
        said = self._said()
        if said.get("store", store) != store:
            raise DataError(f"{path.parent}: holds the evidence of another store; give another folder or move it away")
        if not said:
            self._write()

    def next(self, camera: str) -> int:
        """A number that no event of the camera has had."""
        mirrored = self._said().get("numbers", {}).get(camera, 0)
        self._numbers[camera] = max(self._numbers.get(camera, 0), int(mirrored)) + 1
        return self._numbers[camera]

    def save(self) -> None:
        """Mirror the numbers for the other processes that write.

        Raises:
            OSError: the file cannot be written.
        """
        self._write()

    def _write(self) -> None:
        numbers = self._said().get("numbers", {})
        both = {name: max(numbers.get(name, 0), self._numbers.get(name, 0)) for name in {*numbers, *self._numbers}}
        write_whole(self._path, json.dumps({"store": self._store, "numbers": both}).encode("ascii"))

    def _said(self) -> dict[str, Any]:
        try:
            said = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

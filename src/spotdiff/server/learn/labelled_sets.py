"""Labelled sets that the server was started with: the datasets below one folder, each by its name there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.errors import DataError
from spotdiff.server.problems import Problem

if TYPE_CHECKING:
    from spotdiff.data import Dataset


class LabelledSets:
    """The datasets below a folder, as they are whenever somebody asks."""

    def __init__(self, folder: Path | None) -> None:
        """Below a folder; None where there are none."""
        self._folder = folder

    def all(self) -> dict[str, int]:
        """How many pairs each has, by name; a folder that is no dataset is left out."""
        if self._folder is None:
            return {}
        sizes = {}
        for path in sorted(self._folder.iterdir()):
            try:
                sizes[path.name] = len(_opened(path).samples)
            except (DataError, OSError):
                continue
        return sizes

    def pairs(self, name: str) -> int:
        """How many pairs one has.

        Raises:
            Problem: 404, there is none of this name; 409, its folder holds no labelled pairs now.
        """
        try:
            return len(_opened(self.path(name)).samples)
        except (DataError, OSError) as error:
            reason = str(error).replace(str(self._folder), "") if isinstance(error, DataError) else "it cannot be read"
            raise Problem(409, f"{name}: {reason}") from None

    def path(self, name: str) -> Path:
        """The folder of one.

        Raises:
            Problem: 404, there is none of this name.
        """
        # among those that are there, so that no name leads out of the folder
        known = {} if self._folder is None else {path.name: path for path in self._folder.iterdir() if path.is_dir()}
        if name not in known:
            raise Problem(404, f"there is no labelled set {name[:100]}; GET /api/v1/sets lists them")
        return known[name]


def _opened(path: Path) -> Dataset:
    from spotdiff.data.open import open_dataset

    return open_dataset(path)

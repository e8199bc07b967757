"""Reports of an earlier run that a later one into the same folder does not write anew, though its answers differ."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from spotdiff.batching.manifest import Manifest
from spotdiff.batching.results import KINDS
from spotdiff.errors import DataError


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """What lies in a folder of answers before a run.

    Attributes:
        out: The folder.
        manifest: Of the earlier run.
        indices: Content of its index by path.
    """

    out: Path
    manifest: Manifest
    indices: dict[Path, bytes]

    @classmethod
    def of(cls, out: Path) -> EarlierRun | None:
        """That of a folder; None where nothing was answered there."""
        try:
            manifest = Manifest.read(out)
        except DataError:
            return None
        indices = {path: path.read_bytes() for kind in KINDS if (path := out / f"index.{kind}").is_file()}
        return cls(out, manifest, indices)

    def take_away_stale(self, index: Path, manifest: Manifest) -> list[str]:
        """Take away what shows other answers than the new index, and say so in a line each.

        A page or JUnit XML that lies outside of the folder is told and left. Where the index is the same, so is what
        they show, and the manifest goes on naming them.

        Args:
            index: The new one.
            manifest: Of the new run.

        Raises:
            OSError: a file cannot be taken away, or the manifest cannot be written.
        """
        reports = {name: getattr(self.manifest, name) for name in ("report", "junit")}
        left = {name: path for name, path in reports.items() if path and not self._is_written(path, manifest)}
        if self.indices.get(index) == index.read_bytes():
            kept = {name: path for name, path in left.items() if not getattr(manifest, name)}
            if kept:
                replace(manifest, **kept).write(self.out)
            return []
        removed = [self._gone(path, f"--{name}") for name, path in left.items() if (self.out / path).is_file()]
        others = [path for path in self.indices if path != index]
        return removed + [self._gone(path.name, f"--index {path.suffix[1:]}") for path in others]

    def _is_written(self, path: str, manifest: Manifest) -> bool:
        wanted = {os.path.realpath(self.out / name) for name in (manifest.report, manifest.junit) if name}
        return os.path.realpath(self.out / path) in wanted

    def _gone(self, path: str, option: str) -> str:
        file = self.out / path
        shown = os.path.normpath(file)
        if path.startswith(".."):
            return f"{shown} shows an earlier run; give {option} to have it written anew"
        with suppress(FileNotFoundError):
            file.unlink()
        return f"{shown} showed an earlier run and was taken away; give {option} to have it written anew"

"""The files that `compare` writes when asked to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from spotdiff.types import Comparison


@dataclass(frozen=True, slots=True)
class Files:
    """Where to write what; None for what is not wanted.

    Attributes:
        json: The record; "-" for standard output.
        report: The HTML page.
        overlay: The PNG of what changed.
        maps: Folder of `before.png`, `after.png` and the method's further maps.
        cutouts: Folder of what changed, cut out.
    """

    json: str | None = None
    report: str | None = None
    overlay: str | None = None
    maps: str | None = None
    cutouts: str | None = None

    def check(self, pictures: Iterable[str]) -> None:
        """Refuse to write over a picture that is compared.

        Raises:
            OptionError: a file to be written is one of the pictures, or two files have one name.
        """
        given = {_place(picture) for picture in pictures if picture != "-" and "://" not in picture}
        planned = list(self._planned())
        for path in planned:
            if _place(path) in given:
                raise OptionError(f"{path} is one of the pictures and would be written over; choose another place")
            if planned.count(path) > 1:
                raise OptionError(f"{path} is asked for twice; choose another name for one")
        if self.overlay and not self.overlay.lower().endswith(".png"):
            raise OptionError(f"--overlay writes a PNG file: end its name in .png, not {self.overlay!r}")

    def _planned(self) -> Iterator[Path]:
        for path in (self.json, self.report, self.overlay):
            if path is not None and path != "-":
                yield Path(path)
        for folder, ending in ((self.maps, ".png"), (self.cutouts, ".cutout.png")):
            if folder is not None:
                yield from (Path(folder) / f"{side}{ending}" for side in ("before", "after"))

    def write(self, comparison: Comparison) -> list[str]:
        """Write what is wanted and return the paths; standard output is not among them.

        Raises:
            OSError: a file cannot be written.
        """
        written: list[str] = []
        if self.json is not None:
            from spotdiff.report.record import write_json

            write_json(comparison, self.json)
            written += [] if self.json == "-" else [self.json]
        if self.report is not None:
            from spotdiff.report.html import write_page

            write_page(comparison, self.report)
            written.append(self.report)
        return written + self._write_pictures(comparison)

    def _write_pictures(self, comparison: Comparison) -> list[str]:
        written: list[str] = []
        if self.overlay is not None:
            from spotdiff.report.overlay import write_overlay

            write_overlay(comparison, self.overlay)
            written.append(self.overlay)
        if self.maps is not None:
            from spotdiff.report.maps import write_layers, write_maps

            written += map(str, (*write_maps(comparison, self.maps), *write_layers(comparison, self.maps)))
        if self.cutouts is not None:
            from spotdiff.report.cutouts import write_cutouts

            written += map(str, write_cutouts(comparison, self.cutouts))
        return written


def _place(path: str | Path) -> Path:
    try:
        return Path(path).resolve()
    except ValueError as error:
        raise OptionError(f"{str(path)!r} is no path: {error}") from None

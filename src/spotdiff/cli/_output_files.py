"""The files that `compare` writes when asked to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.errors import OptionError
from spotdiff.options import ALL_PAGES
from spotdiff.output_files import check_outputs

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
        possible: Whether the PNG shows what is only possible, too.
    """

    json: str | None = None
    report: str | None = None
    overlay: str | None = None
    maps: str | None = None
    cutouts: str | None = None
    possible: bool = False

    def check(self, inputs: Iterable[str], *, page: int | str) -> None:
        """Refuse what cannot be written, or would be written over something.

        Args:
            inputs: Files that are read.
            page: Which page is compared, see `Options`.

        Raises:
            OptionError: a file to be written is read, two are one, or it shows one page and all are compared.
        """
        check_outputs(self._planned(), inputs)
        if page == ALL_PAGES and any((self.report, self.overlay, self.maps, self.cutouts)):
            raise OptionError("--report, --overlay, --maps and --cutouts show one page: give its number as --page")
        if self.overlay and not self.overlay.lower().endswith(".png"):
            raise OptionError(f"--overlay writes a PNG file: end its name in .png, not {self.overlay!r}")

    def _planned(self) -> Iterator[Path]:
        for path in (self.json, self.report, self.overlay):
            if path is not None and path != "-":
                yield Path(path)
        for folder, ending in ((self.maps, ".png"), (self.cutouts, ".cutout.png")):
            if folder is not None:
                yield from (Path(folder) / f"{side}{ending}" for side in ("before", "after"))

    def write(self, comparison: Comparison, inputs: Iterable[str]) -> list[str]:
        """Write what is wanted and return the paths; standard output is not among them.

        Raises:
            OptionError: a further map of the method, whose name only the answer tells, would be written over an input.
            OSError: a file cannot be written.
        """
        written: list[str] = []
        if self.maps is not None:
            from spotdiff.report.maps import layer_paths

            check_outputs(layer_paths(comparison, self.maps), inputs)
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

            write_overlay(comparison, self.overlay, possible=self.possible)
            written.append(self.overlay)
        if self.maps is not None:
            from spotdiff.report.maps import write_layers, write_maps

            written += map(str, (*write_maps(comparison, self.maps), *write_layers(comparison, self.maps)))
        if self.cutouts is not None:
            from spotdiff.report.cutouts import write_cutouts

            written += map(str, write_cutouts(comparison, self.cutouts))
        return written

"""The files of an answer, one way for the command and for `Comparison.save`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.errors import OptionError
from spotdiff.output_files import Name, check_outputs

if TYPE_CHECKING:
    from spotdiff.types import Comparison


@dataclass(frozen=True, slots=True)
class AnswerFiles:
    """Where to write what; None for what is not wanted.

    Attributes:
        json: The record; "-" for standard output.
        report: The HTML page.
        overlay: The PNG of what changed.
        maps: Folder of `before.png`, `after.png` and the method's further maps.
        cutouts: Folder of what changed, cut out.
        possible: Whether the PNG shows what is only possible, too.
    """

    json: str | Path | None = None
    report: str | Path | None = None
    overlay: str | Path | None = None
    maps: str | Path | None = None
    cutouts: str | Path | None = None
    possible: bool = False

    @property
    def show_a_page(self) -> bool:
        """Whether some of them show one page, so that they cannot be of an answer over several."""
        return any(path is not None for path in (self.report, self.overlay, self.maps, self.cutouts))

    def planned(self) -> Iterator[Path]:
        """The files whose names are known before there is an answer."""
        for path in (self.json, self.report, self.overlay):
            if path is not None and str(path) != "-":
                yield Path(path)
        for folder, ending in ((self.maps, ".png"), (self.cutouts, ".cutout.png")):
            if folder is not None:
                yield from (Path(folder) / f"{side}{ending}" for side in ("before", "after"))

    def write(self, comparison: Comparison, inputs: Iterable[Name] = ()) -> list[str]:
        """Write what is wanted and return the paths; standard output is not among them.

        Args:
            comparison: The answer.
            inputs: Files that were read, besides the two pictures.

        Raises:
            OptionError: a file would be written over an input or twice, shows one page of an answer over several, or
                an overlay's name does not end in .png.
            OSError: a file cannot be written.
        """
        if comparison.pages and self.show_a_page:
            raise OptionError("a report, an overlay, maps and cutouts show one page: compare one, as with page=1")
        self._check(comparison, inputs)
        written: list[str] = []
        if self.json is not None:
            from spotdiff.report.record import write_json

            write_json(comparison, self.json)
            written += [] if str(self.json) == "-" else [str(self.json)]
        if self.report is not None:
            from spotdiff.report.html import write_page

            write_page(comparison, self.report)
            written.append(str(self.report))
        return written + self._write_pictures(comparison)

    def _check(self, comparison: Comparison, inputs: Iterable[Name]) -> None:
        from spotdiff.report.maps import layer_paths

        layers = () if self.maps is None else layer_paths(comparison, self.maps)
        pictures = comparison.pair.before.path, comparison.pair.after.path
        check_outputs([*self.planned(), *layers], [*pictures, *inputs])
        if self.overlay is not None and Path(self.overlay).suffix.lower() != ".png":
            raise OptionError(f"the overlay is a PNG file: end its name in .png, not {Path(self.overlay).name!r}")

    def _write_pictures(self, comparison: Comparison) -> list[str]:
        written: list[str] = []
        if self.overlay is not None:
            from spotdiff.report.overlay import write_overlay

            write_overlay(comparison, self.overlay, possible=self.possible)
            written.append(str(self.overlay))
        if self.maps is not None:
            from spotdiff.report.maps import write_layers, write_maps

            written += map(str, (*write_maps(comparison, self.maps), *write_layers(comparison, self.maps)))
        if self.cutouts is not None:
            from spotdiff.report.cutouts import write_cutouts

            written += map(str, write_cutouts(comparison, self.cutouts))
        return written

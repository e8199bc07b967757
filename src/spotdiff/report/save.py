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
        geojson: The regions as GeoJSON.
        crs: Its coordinates: wgs84, or keep for those of the raster.
        mask_tif: What changed as a GeoTIFF.
        dicom_seg: What changed as a DICOM segmentation, which may be of all pages.
    """

    json: str | Path | None = None
    report: str | Path | None = None
    overlay: str | Path | None = None
    maps: str | Path | None = None
    cutouts: str | Path | None = None
    possible: bool = False
    geojson: str | Path | None = None
    crs: str = "wgs84"
    mask_tif: str | Path | None = None
    dicom_seg: str | Path | None = None

    @property
    def show_a_page(self) -> bool:
        """Whether some of them show one page, so that they cannot be of an answer over several."""
        shown = (self.report, self.overlay, self.maps, self.cutouts, self.geojson, self.mask_tif)
        return any(path is not None for path in shown)

    def check_extras(self) -> None:
        """Raise a MissingExtra where the package that writes one of them is not installed."""
        from spotdiff.image.geotiff import require_rasterio

        if self.geojson is not None:
            require_rasterio("--geojson")
        if self.mask_tif is not None:
            require_rasterio("--mask-tif")
        if self.dicom_seg is not None:
            from spotdiff.report.dicom_seg import require_highdicom

            require_highdicom()

    def planned(self) -> Iterator[Path]:
        """The files whose names are known before there is an answer."""
        for path in (self.json, self.report, self.overlay, self.geojson, self.mask_tif, self.dicom_seg):
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
                an overlay's name does not end in .png; or the pictures do not say what a file needs to know.
            MissingExtra: the package that writes a file is not installed.
            OSError: a file cannot be written.
        """
        if comparison.pages and self.show_a_page:
            limit = "a report, an overlay, maps, cutouts, GeoJSON and a mask show one page"
            raise OptionError(f"{limit}: compare one, as with page=1")
        if comparison.windows is not None and (self.maps is not None or self.cutouts is not None):
            raise OptionError("pictures of this size have no maps and no cutouts: save a report, JSON or a mask_tif")
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
        return written + self._write_pictures(comparison) + self._write_placed(comparison)

    def _check(self, comparison: Comparison, inputs: Iterable[Name]) -> None:
        from spotdiff.report.maps import layer_paths

        layers = () if self.maps is None else layer_paths(comparison, self.maps)
        pictures = comparison.pair.before.path, comparison.pair.after.path
        check_outputs([*self.planned(), *layers], [*pictures, *inputs])
        if self.overlay is not None and Path(self.overlay).suffix.lower() != ".png":
            raise OptionError(f"the overlay is a PNG file: end its name in .png, not {Path(self.overlay).name!r}")
        self.check_extras()
        if self.geojson is not None or self.mask_tif is not None:
            from spotdiff.report.geo_regions import placed_side

            placed_side(comparison, what="GeoJSON" if self.geojson is not None else "a GeoTIFF of the mask")
        if self.dicom_seg is not None:
            from spotdiff.report.dicom_seg import check_scans

            check_scans(comparison)

    def _write_placed(self, comparison: Comparison) -> list[str]:
        """Files on the Earth, or in a patient."""
        written: list[str] = []
        if self.geojson is not None:
            from spotdiff.report.geojson import write_geojson

            write_geojson(comparison, self.geojson, crs=self.crs)
            written.append(str(self.geojson))
        if self.mask_tif is not None:
            from spotdiff.report.mask_tif import write_mask_tif

            write_mask_tif(comparison, self.mask_tif)
            written.append(str(self.mask_tif))
        if self.dicom_seg is not None:
            from spotdiff.report.dicom_seg import write_dicom_seg

            write_dicom_seg(comparison, self.dicom_seg)
            written.append(str(self.dicom_seg))
        return written

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

"""What changed as a raster: a cloud-optimised GeoTIFF on the grid that was compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.atomic_write import write_whole, written_whole
from spotdiff.image.pillow_reader import quiet
from spotdiff.report.coordinates import in_own_pixels, labels_in
from spotdiff.report.geo_regions import georeference_of, placed_side

if TYPE_CHECKING:
    from spotdiff.report.coordinates import Side
    from spotdiff.types import Comparison, Mask, WindowedAnswer

CHANGED = 255
_DESCRIPTION = "255 changed, 0 not; masked where nothing was compared"
_TILE, _TILES_AT_ONCE = 512, 16  # pixels a side of a tile of a large mask; tiles written together
_CACHE = 64  # MB that GDAL keeps
_SMALLEST_COPY = 512  # pixels a side from which on smaller copies are of use


def write_mask_tif(comparison: Comparison, path: str | Path) -> None:
    """Write a GeoTIFF of one band: 255 where a pixel is called changed, else 0, and masked where nothing was compared.

    It has the size, transform and coordinate system of before, or of after where only that is georeferenced.

    Raises:
        OptionError: neither picture is georeferenced, or the answer is over pages.
        MissingExtra: rasterio is not installed.
        OSError: it cannot be written.
    """
    side = placed_side(comparison, what="a GeoTIFF of the mask")
    if comparison.windows is not None:
        _write_by_windows(comparison, comparison.windows, side, Path(path))
        return
    changed = (labels_in(comparison, side) > 0).astype(np.uint8) * CHANGED
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, _coded(changed, compared(comparison, side), comparison, side))


def _write_by_windows(comparison: Comparison, windows: WindowedAnswer, side: Side, path: Path) -> None:
    """`write_mask_tif` of pictures too large to be held: a tiled GeoTIFF with smaller copies."""
    import rasterio
    from affine import Affine
    from rasterio.enums import Resampling
    from rasterio.windows import Window

    place, (width, height) = georeference_of(comparison, side), getattr(comparison.pair, side).full_size
    form = {"driver": "GTiff", "count": 1, "dtype": "uint8", "width": width, "height": height, "tiled": True}
    form |= {"blockxsize": _TILE, "blockysize": _TILE, "compress": "DEFLATE", "bigtiff": "IF_SAFER"}
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as unfinished, quiet(), rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, GDAL_CACHEMAX=_CACHE):
        with rasterio.open(unfinished, "w", **form, crs=place.crs, transform=Affine(*place.transform)) as raster:
            raster.update_tags(TIFFTAG_IMAGEDESCRIPTION=_DESCRIPTION)
            for top in range(0, height, _TILE):
                for left in range(0, width, _TILE * _TILES_AT_ONCE):
                    box = left, top, min(left + _TILE * _TILES_AT_ONCE, width), min(top + _TILE, height)
                    labels = windows.labels(side, box)
                    window = Window(left, top, box[2] - left, box[3] - top)
                    raster.write((labels > 0).astype(np.uint8) * CHANGED, 1, window=window)
                    raster.write_mask(labels >= 0, window=window)
        halvings = [2**step for step in range(1, 16) if max(width, height) >> step >= _SMALLEST_COPY // 2]
        if halvings:
            with rasterio.open(unfinished, "r+") as raster:
                raster.build_overviews(halvings, Resampling.mode)


def compared(comparison: Comparison, side: Side) -> Mask:
    """(h, w) bool in one picture's own pixels: where both pictures show something and the answer counts.

    Nowhere, in an answer that was refused before scoring.
    """
    usable, (width, height) = comparison.aligned.usable, comparison.aligned.before.size
    if comparison.evidence is None:
        usable = np.zeros((height, width), bool)
    common = np.ones((height, width), np.uint8) if usable is None else usable.astype(np.uint8)
    return np.asarray(in_own_pixels(common, comparison, side) > 0)


def _coded(changed: np.ndarray, looked_at: Mask, comparison: Comparison, side: Side) -> bytes:
    import rasterio
    from affine import Affine
    from rasterio.io import MemoryFile
    from rasterio.shutil import copy

    place = georeference_of(comparison, side)
    height, width = changed.shape
    form = {"driver": "GTiff", "count": 1, "dtype": "uint8", "width": width, "height": height}
    overviews = "AUTO" if max(width, height) > _SMALLEST_COPY else "NONE"
    with (
        quiet(),
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        MemoryFile() as plain,
        MemoryFile(ext=".tif") as optimised,
    ):
        with plain.open(**form, crs=place.crs, transform=Affine(*place.transform)) as raster:
            raster.write(changed, 1)
            raster.write_mask(looked_at)
            raster.update_tags(TIFFTAG_IMAGEDESCRIPTION=_DESCRIPTION)
        with plain.open() as raster:
            copy(
                raster,
                optimised.name,
                driver="COG",
                compress="DEFLATE",
                overviews=overviews,
                overview_resampling="MODE",
            )
        return bytes(optimised.getbuffer())

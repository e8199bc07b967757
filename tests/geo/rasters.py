"""Rasters made by rasterio for the tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import Affine
from rasterio.warp import Resampling, calculate_default_transform, reproject

from conftest import make_texture

UTM = "EPSG:32632"
LEFT, TOP = 505000.0, 5600000.0
PIXEL = 0.5  # metres
TRANSFORM = Affine(PIXEL, 0, LEFT, 0, -PIXEL, TOP)
BLOCK = (170, 150, 220, 190)  # left, top, right, bottom of what is new, in pixels of `ground`


def ground(width: int = 420, height: int = 360, *, block: bool = False) -> np.ndarray:
    """(H, W, 3) uint8 of one place, with or without something new on it."""
    picture = make_texture(width, height, seed=11)
    if block:
        left, top, right, bottom = BLOCK
        picture[top:bottom, left:right] = (220, 30, 30)
    return picture


def write(path: Path, values: np.ndarray, transform=TRANSFORM, crs=UTM, *, mask=None, scales=None, **form) -> str:
    """A GeoTIFF of values (H, W[, bands])."""
    planes = values[None] if values.ndim == 2 else np.moveaxis(values, -1, 0)
    count, height, width = planes.shape
    form = {"dtype": planes.dtype.name, "transform": transform, "crs": crs, **form}
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", driver="GTiff", width=width, height=height, count=count, **form) as raster,
    ):
        raster.write(planes)
        if mask is not None:
            raster.write_mask(mask)
        if scales is not None:
            raster.scales, raster.offsets = scales
    return str(path)


def reprojected(path: Path, values: np.ndarray, crs: str, pixel: float, transform=TRANSFORM) -> str:
    """The values, which lie in `UTM`, as a GeoTIFF of another coordinate system and resolution, masked beyond them."""
    height, width = values.shape[:2]
    bounds = rasterio.transform.array_bounds(height, width, transform)
    laid, wide, high = calculate_default_transform(UTM, crs, width, height, *bounds, resolution=pixel)
    how = {"src_transform": transform, "src_crs": UTM, "dst_transform": laid, "dst_crs": crs}
    planes, there = np.zeros((3, high, wide), np.uint8), np.zeros((high, wide), np.uint8)
    reproject(np.moveaxis(values, -1, 0), planes, resampling=Resampling.bilinear, **how)
    reproject(np.full((height, width), 255, np.uint8), there, **how)
    return write(path, np.moveaxis(planes, 0, -1), laid, crs, mask=there)


def pixels_of(longitudes, latitudes) -> np.ndarray:
    """(N, 2) corners between pixels of `ground` at places given in degrees."""
    from rasterio.warp import transform

    x, y = transform("EPSG:4326", UTM, longitudes, latitudes)
    return np.column_stack([(np.array(x) - LEFT) / PIXEL, (TOP - np.array(y)) / PIXEL])

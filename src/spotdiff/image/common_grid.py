"""Rasters of other extents, resolutions and coordinate systems on one grid, by where each says that it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import LoadError
from spotdiff.image.decode import Decoded
from spotdiff.image.geo_offset import moved_by, pixel_at, place_of, whole_offset
from spotdiff.image.pillow_reader import quiet
from spotdiff.image.size_limit import SizeLimit
from spotdiff.types import Georeference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.image.large_file import Windows

    Values = NDArray[Any]
    Window = tuple[int, int, int, int]

_ALIKE = 0.01  # share by which the areas of two pixels may differ and be one resolution
_AVERAGED = 2.0  # pixels under one pixel of the grid, from which on they are averaged
_EDGE = 21  # points along each side of a raster that its extent is taken from


def on_one_grid(
    found: Sequence[Decoded], names: Sequence[str], *, keep_first: bool, max_pixels: float
) -> list[Decoded]:
    """Pictures before, after and further ones with those that are georeferenced on one grid.

    That is the grid of the coarser of the first two, so that it does not matter which came first. It is the grid of all
    of the plane: each picture keeps its own extent.

    Args:
        found: The pictures.
        names: What to call them in errors and notes.
        keep_first: Whether the grid is that of the first, because something is told in its pixels.
        max_pixels: Largest picture that may come of it, in million pixels.

    Raises:
        LoadError: the first two have no ground in common, or a picture cannot be brought into the coordinate system of
            another one or becomes too large there.
    """
    if len(found) < 2 or any(one.metadata.georeference is None for one in found[:2]):
        return list(found)
    rasters = [
        _Raster(name, (one.values.shape[1], one.values.shape[0]), place)
        for one, name in zip(found, names, strict=True)
        if (place := one.metadata.georeference) is not None
    ]
    grid = rasters[0] if keep_first or _is_grid(rasters[0], rasters[1]) else rasters[1]
    brought = [_brought(one, name, grid, max_pixels) for one, name in zip(found, names, strict=True)]
    _offset_on_grid(*(_raster_of(one, name) for one, name in zip(brought[:2], names, strict=False)))
    return brought


def windows_on_one_grid(
    before: Windows, after: Windows, *, keep_first: bool, max_pixels: float
) -> tuple[Windows, Windows, tuple[int, int]]:
    """`on_one_grid` for pictures read by windows, and how many pixels right and down a place of before is in after.

    Raises:
        LoadError: as `on_one_grid`.
    """
    if before.georeference is None or after.georeference is None:
        return before, after, (0, 0)
    rasters = [_Raster(one.name, one.size, place) for one in (before, after) if (place := one.georeference) is not None]
    grid = rasters[0] if keep_first or _is_grid(*rasters) else rasters[1]
    brought = []
    for raster, windows in zip(rasters, (before, after), strict=True):
        if raster is grid:
            brought.append(windows)
        elif (snapped := _as_it_lies(raster, grid)) is not None:
            brought.append(replace(windows, georeference=snapped))
        else:
            place, size, note = _place_on(raster, grid, max_pixels)
            brought.append(windows.on_grid(place, size, coarser=_is_coarser(grid, raster), note=note))
    first, second = brought
    placed = [_Raster(one.name, one.size, place) for one in brought if (place := one.georeference) is not None]
    return first, second, _offset_on_grid(*placed)


@dataclass(frozen=True, slots=True, eq=False)
class _Raster:
    """What a raster is called, how many pixels it has across and down, and where they lie."""

    name: str
    size: tuple[int, int]
    place: Georeference

    @property
    def order(self) -> tuple[bool, str, tuple[float, ...], tuple[int, int]]:
        """What tells rasters of one resolution apart: one whose rows run west to east comes first."""
        turned = self.place.transform[1] != 0 or self.place.transform[3] != 0
        return turned, self.place.crs, self.place.transform, self.size

    def in_grid_of(self, other: _Raster, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Corners between own pixels as those of another raster's grid; not finite where that has no such place."""
        from rasterio.errors import RasterioError
        from rasterio.warp import transform

        xs, ys = zip(*(place_of(self.place.transform, x, y) for x, y in points), strict=True)
        try:
            with quiet():
                xs, ys = transform(self.place.crs, other.place.crs, xs, ys)[:2]
        except RasterioError:
            return [(np.inf, np.inf)]
        return [pixel_at(other.place.transform, x, y) for x, y in zip(xs, ys, strict=True)]

    def pixel_area_in(self, other: _Raster) -> float:
        """Of the pixel in the middle, in pixels of the other grid; not finite where that has no such place."""
        x, y = self.size[0] / 2, self.size[1] / 2
        corners = self.in_grid_of(other, [(x, y), (x + 1, y), (x, y + 1)])
        if len(corners) < 3:
            return float("nan")
        (x0, y0), (x1, y1), (x2, y2) = corners
        return abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0))


def _is_grid(one: _Raster, other: _Raster) -> bool:
    """Whether the grid is that of the one: the coarser, else what orders them whoever came first."""
    mine, others = one.pixel_area_in(other), other.pixel_area_in(one)
    if abs(mine - others) > _ALIKE * max(mine, others):
        return mine > others
    return one.order <= other.order


def _raster_of(decoded: Decoded, name: str) -> _Raster:
    place = decoded.metadata.georeference
    if place is None:
        raise ValueError("the picture has no georeference")
    return _Raster(name, (decoded.values.shape[1], decoded.values.shape[0]), place)


def _brought(decoded: Decoded, name: str, grid: _Raster, max_pixels: float) -> Decoded:
    if decoded.metadata.georeference is None:
        return decoded
    raster = _raster_of(decoded, name)
    if (snapped := _as_it_lies(raster, grid)) is not None:
        return replace(decoded, metadata=replace(decoded.metadata, georeference=snapped))
    place, size, note = _place_on(raster, grid, max_pixels)
    metadata = replace(decoded.metadata, georeference=place, notes=(*decoded.metadata.notes, note))
    values, has_data = _resampled(decoded, raster, grid, place, size)
    if not has_data.any():
        raise LoadError(f"{raster.name}: nothing is left of it on the grid of {grid.name}, whose pixels are too large")
    metadata = replace(metadata, has_data=None if has_data.all() else has_data)
    return replace(decoded, values=values, alpha=None, metadata=metadata, notes=(*decoded.notes, note))


def _place_on(raster: _Raster, grid: _Raster, max_pixels: float) -> tuple[Georeference, tuple[int, int], str]:
    """Where a raster lies on a grid, how large it is there, and what is told of it."""
    left, top, right, bottom = _extent(raster, grid)
    size = right - left, bottom - top
    SizeLimit(f"{raster.name}, on the grid of {grid.name},", max_pixels).check(*size)
    place = Georeference(grid.place.crs, moved_by(grid.place.transform, left, top))
    return place, size, f"brought onto the grid of {grid.name}, from {raster.size[0]}x{raster.size[1]} pixels"


def _is_coarser(grid: _Raster, raster: _Raster) -> bool:
    """Whether pixels of the grid are so much larger that those of the raster are averaged."""
    return grid.pixel_area_in(raster) >= _AVERAGED


def _as_it_lies(raster: _Raster, grid: _Raster) -> Georeference | None:
    """The place of a raster that lies on the grid already, in the words of the grid."""
    from rasterio.crs import CRS

    if raster.place.crs != grid.place.crs and CRS.from_wkt(raster.place.crs) != CRS.from_wkt(grid.place.crs):
        return None
    offset = whole_offset(grid.place, replace(raster.place, crs=grid.place.crs), raster.size)
    if offset is None:
        return None
    return Georeference(grid.place.crs, moved_by(grid.place.transform, -offset[0], -offset[1]))


def _extent(raster: _Raster, grid: _Raster) -> Window:
    """Left, top, right and bottom of a raster in pixels of a grid."""
    width, height = raster.size
    along = np.linspace(0, 1, _EDGE)
    edge = [(x * width, y * height) for x in along for y in (0.0, 1.0)]
    edge += [(x * width, y * height) for x in (0.0, 1.0) for y in along]
    corners = np.array(raster.in_grid_of(grid, edge))
    if not np.isfinite(corners).all():
        told = f"it reaches where the coordinate system of {grid.name} has no places"
        raise LoadError(f"{raster.name}: {told}; cut it first")
    low, high = np.floor(corners.min(0) + 1e-6), np.ceil(corners.max(0) - 1e-6)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _resampled(
    decoded: Decoded, raster: _Raster, grid: _Raster, place: Georeference, size: tuple[int, int]
) -> tuple[Values, NDArray[np.bool_]]:
    """Values of their own type, and where there are any."""
    from affine import Affine
    from rasterio.enums import Resampling
    from rasterio.warp import reproject

    values, has_data = decoded.values, decoded.metadata.has_data
    kind = np.float32 if values.dtype.itemsize <= 2 or values.dtype == np.float32 else np.float64
    planes = np.moveaxis(values, -1, 0).astype(kind)
    if has_data is not None:
        planes[:, ~has_data] = np.nan
    laid = np.full((len(planes), size[1], size[0]), np.nan, kind)
    with quiet():
        reproject(
            planes,
            laid,
            src_transform=Affine(*raster.place.transform),
            src_crs=raster.place.crs,
            src_nodata=np.nan,
            dst_transform=Affine(*place.transform),
            dst_crs=place.crs,
            dst_nodata=np.nan,
            resampling=Resampling.average if _is_coarser(grid, raster) else Resampling.bilinear,
        )
    there = np.isfinite(laid).all(0)
    laid[:, ~there] = 0
    whole = values.dtype.kind in "ui"
    own = np.rint(laid) if whole else laid
    return np.ascontiguousarray(np.moveaxis(own, 0, -1).astype(values.dtype)), np.asarray(there, bool)


def _offset_on_grid(before: _Raster, after: _Raster) -> tuple[int, int]:
    """How many pixels right and down a place of before is in after, both on one grid.

    Raises:
        LoadError: they have no ground in common.
    """
    offset = whole_offset(before.place, after.place, after.size)
    if offset is None:
        raise ValueError("the rasters are not on one grid")
    apart = any(
        first <= 0
        for step, own, other in zip(offset, before.size, after.size, strict=True)
        for first in (min(own, other - step) - max(0, -step),)
    )
    if apart:
        raise LoadError(f"{before.name} and {after.name} have no ground in common; compare rasters of one area")
    return offset

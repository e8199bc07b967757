"""Rasters of surveyors by rasterio: chosen bands, where they have no data, and where on Earth they lie."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import LoadError, MissingExtra, error_line
from spotdiff.image.pillow_reader import Page, quiet
from spotdiff.image.pixel_metadata import PixelMetadata
from spotdiff.image.size_limit import SizeLimit
from spotdiff.types import Georeference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Mask

    Values = NDArray[Any]

_COLOURS = ("red", "green", "blue")
_DATE = "TIFFTAG_DATETIME"

logging.getLogger("rasterio").addHandler(logging.NullHandler())  # else Python writes its errors to standard error


def is_installed() -> bool:
    """Whether rasterio is there to read them."""
    return find_spec("rasterio") is not None


def require_rasterio(what: str) -> None:
    """Raise a MissingExtra that says what needs rasterio, unless it is installed."""
    if not is_installed():
        raise MissingExtra(f"rasterio, for {what}", extra="geo")


@contextmanager
def opened_raster(data: bytes) -> Iterator[Any]:
    """The first page of a TIFF as rasterio opens it; what lies beside the file is not looked at.

    Raises:
        ValueError: it cannot be read.
    """
    import rasterio
    from rasterio.errors import RasterioError
    from rasterio.io import MemoryFile

    try:
        with (
            quiet(),
            rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
            MemoryFile(data, filename="its.tif") as file,
            file.open(driver="GTiff", sharing=False) as raster,
        ):
            yield raster
    except RasterioError as error:
        raise ValueError(error_line(error.__cause__ or error)) from None


def read_raster(data: bytes, limit: SizeLimit, *, bands: Sequence[int], pages: int) -> Page:
    """The first page of a TIFF: one band or three, as values (H, W[, 3]) of their own type.

    Args:
        data: The file's bytes.
        limit: What to call it in errors, and how large it may be; looked at before anything is decoded.
        bands: Numbers of one band or of three, from 1 on; without any those that the file calls red, green and blue,
            else the first three, else the first.
        pages: How many pages the file has.

    Raises:
        LoadError: it is too large, has no such band, or its values are no real numbers, or none has data.
        ValueError: it cannot be read.
    """
    name = limit.name
    with opened_raster(data) as raster:
        limit.check(raster.width, raster.height)
        chosen = chosen_bands(raster, bands, name)
        values, has_data = read_bands(raster, chosen)
        taken = raster.tags().get(_DATE, "")
        georeference = georeference_of(raster)
        notes = band_notes(chosen, raster.count)
    if not has_data.any():
        raise LoadError(f"{name}: none of its pixels has data")
    metadata = PixelMetadata(None if has_data.all() else has_data, georeference=georeference, notes=notes)
    return Page(values, _date(taken), pages, metadata)


def read_bands(raster: Any, chosen: list[int], *, window: Any = None) -> tuple[Values, Mask]:  # noqa: ANN401
    """The values (h, w[, 3]) of an opened raster, of their own type, and (h, w) where there are any.

    Args:
        raster: As rasterio opens it.
        chosen: Numbers of one band or of three.
        window: Which part, as rasterio says it; None for all.

    Raises:
        rasterio.errors.RasterioError: it cannot be read.
    """
    values = np.moveaxis(raster.read(chosen, window=window), 0, -1)
    has_data = _has_data(values, raster.read_masks(chosen, window=window))
    return _as_shown(_scaled(values, raster, chosen), raster, chosen), has_data


def band_notes(chosen: list[int], count: int) -> tuple[str, ...]:
    """Which bands of how many are shown, where that is not all."""
    if chosen == list(range(1, count + 1)):
        return ()
    return (f"{'bands' if len(chosen) > 1 else 'band'} {', '.join(map(str, chosen))} of {count}",)


def chosen_bands(raster: Any, bands: Sequence[int], name: str) -> list[int]:  # noqa: ANN401 (rasterio has no types)
    """The numbers of one band or of three: those asked for, or those that an opened raster calls its colours.

    Raises:
        LoadError: there is no such band, or its values are no real numbers.
    """
    chosen = _chosen(raster, bands, name)
    if any(raster.dtypes[band - 1].startswith("complex") for band in chosen):
        raise LoadError(f"{name}: its values are complex numbers; choose other bands with --bands")
    return chosen


def _chosen(raster: Any, bands: Sequence[int], name: str) -> list[int]:  # noqa: ANN401
    count = raster.count
    if bands:
        if max(bands) > count:
            has = f"{count} bands" if count > 1 else "one band"
            raise LoadError(f"{name}: there is no band {max(bands)}, it has {has}; choose others with --bands")
        return list(bands)
    kinds = [kind.name for kind in raster.colorinterp]
    if all(colour in kinds for colour in _COLOURS):
        return [kinds.index(colour) + 1 for colour in _COLOURS]
    seen = [number for number, kind in enumerate(kinds, 1) if kind != "alpha"] or [1]
    return seen[:3] if len(seen) >= 3 else seen[:1]


def _has_data(values: Values, masks: Values) -> Mask:
    """Of a band of 8 bits the value for no data is often a colour as well: a pixel lacks data where all bands do."""
    has_data = masks > 0
    together = has_data.any(0) if values.dtype == np.uint8 else has_data.all(0)
    if values.dtype.kind == "f":
        together &= np.isfinite(values).all(-1)
    return np.asarray(together, bool)


def _scaled(values: Values, raster: Any, chosen: list[int]) -> Values:  # noqa: ANN401
    """The values in the unit that the file means; most files mean the numbers that they hold."""
    factors = np.array([raster.scales[band - 1] for band in chosen])
    offsets = np.array([raster.offsets[band - 1] for band in chosen])
    if (factors == 1).all() and (offsets == 0).all():
        return values
    return np.asarray(values * factors + offsets)


def _as_shown(values: Values, raster: Any, chosen: list[int]) -> Values:  # noqa: ANN401
    if len(chosen) > 1:
        return np.ascontiguousarray(values)
    if raster.colorinterp[chosen[0] - 1].name != "palette" or values.dtype != np.uint8:
        return np.ascontiguousarray(values[..., 0])
    table = np.zeros((256, 3), np.uint8)
    for number, colour in raster.colormap(chosen[0]).items():
        table[number] = colour[:3]
    return table[values[..., 0]]


def georeference_of(raster: Any) -> Georeference | None:  # noqa: ANN401
    """Where an opened raster lies; None where it lacks the place or the coordinate system: one is no use alone."""
    if not raster.crs or raster.transform.is_identity:
        return None
    a, b, c, d, e, f = (float(value) for value in tuple(raster.transform)[:6])
    return Georeference(raster.crs.to_wkt(), (a, b, c, d, e, f))


def _date(written: str) -> datetime | None:
    with suppress(ValueError):
        return datetime.strptime(written, "%Y:%m:%d %H:%M:%S")
    return None

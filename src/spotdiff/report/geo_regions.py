"""Where regions lie on Earth: polygons along the edges of their pixels, and their areas in square metres."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.errors import OptionError
from spotdiff.image.geo_offset import place_of
from spotdiff.image.geotiff import require_rasterio
from spotdiff.image.pillow_reader import quiet
from spotdiff.report.coordinates import SIDES, Side, labels_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Box, Comparison, Georeference, Outline, WindowedAnswer

    Ring = list[tuple[float, float]]
    Polygon = list[Ring]  # an outer ring, and holes

_WGS84 = "OGC:CRS84"  # longitude first, as GeoJSON has it
_RADIUS, _ECCENTRICITY = 6378137.0, 0.0818191908426215  # of the ellipsoid WGS 84, the former in metres
_MOST_HELD = 50_000_000  # pixels of a box of which an array is made
_DECIMALS = 9  # of a degree: a tenth of a millimetre


def placed_side(comparison: Comparison, *, what: str) -> Side:
    """The picture by whose georeference places are told: before, or after where only that has one.

    Args:
        comparison: The answer.
        what: What needs it, for errors.

    Raises:
        OptionError: neither has one, or the answer is over several pages.
        MissingExtra: rasterio is not installed.
    """
    require_rasterio(what)
    if comparison.pages:
        raise OptionError(f"{what} shows one page: give its number")
    for side in SIDES:
        if getattr(comparison.pair, side).georeference is not None:
            return side
    raise OptionError(f"{what} wants a georeference, and neither picture has one; give GeoTIFF files")


def georeference_of(comparison: Comparison, side: Side) -> Georeference:
    """The georeference of a picture that has one."""
    georeference: Georeference = getattr(comparison.pair, side).georeference
    return georeference


def pixel_polygons(comparison: Comparison, side: Side) -> Mapping[int, list[Polygon]]:
    """Polygons of each region by its place in `Comparison.regions`, along the edges of one picture's pixels.

    A region whose ground all bears the label of another has its outlines, or else its box. None for one that is
    nowhere in this picture.
    """
    if comparison.windows is not None:
        return _polygons_by_windows(comparison, comparison.windows, side)
    by_label = _polygons_by_label(labels_in(comparison, side))
    polygons_of: dict[int, list[Polygon]] = {}
    for number, region in enumerate(comparison.regions):
        box, outlines = getattr(region, f"box_{side}"), getattr(region, f"outline_{side}")
        if region.label in by_label:
            polygons_of[number] = by_label[region.label]
        elif box is not None:
            polygons_of[number] = _polygons_by_label(_drawn(box, outlines), box[0], box[1])[1]
    return polygons_of


def _polygons_by_windows(comparison: Comparison, windows: WindowedAnswer, side: Side) -> Mapping[int, list[Polygon]]:
    """`pixel_polygons` of pictures too large to be held: those of each region's box, or of its outlines."""
    polygons_of: dict[int, list[Polygon]] = {}
    for number, region in enumerate(comparison.regions):
        box, outlines = getattr(region, f"box_{side}"), getattr(region, f"outline_{side}")
        if box is None:
            continue
        left, top, right, bottom = box
        polygons: list[Polygon] = []
        if (right - left) * (bottom - top) <= _MOST_HELD:
            own = (windows.labels(side, box) == region.label).astype(np.int32)
            polygons = _polygons_by_label(own, left, top).get(1, [])
        polygons_of[number] = polygons or [[[*_ring(outline)]] for outline in outlines if len(outline) > 2]
    return polygons_of


def _ring(outline: Outline) -> Ring:
    """An outline of pixels as a closed ring."""
    return [(float(x), float(y)) for x, y in (*outline, outline[0])]


def _drawn(box: Box, outlines: Sequence[Outline]) -> NDArray[np.int32]:
    """(h, w) int32 of the box's size, 1 inside of the outlines."""
    left, top, right, bottom = box
    mask = np.zeros((bottom - top, right - left), np.uint8)
    corners = [np.array(outline, np.int32) - (left, top) for outline in outlines if outline]
    cv2.fillPoly(mask, corners, (1,))
    return np.asarray(mask if mask.any() else np.ones_like(mask), np.int32)


def _polygons_by_label(labels: NDArray[np.int32], left: int = 0, top: int = 0) -> dict[int, list[Polygon]]:
    from rasterio.features import shapes

    polygons_of: dict[int, list[Polygon]] = defaultdict(list)
    with quiet():
        for shape, label in shapes(labels, mask=labels > 0, connectivity=4):
            rings = [[(x + left, y + top) for x, y in ring] for ring in shape["coordinates"]]
            polygons_of[int(label)].append(rings)
    return polygons_of


def on_ground(polygons: Sequence[Polygon], place: Georeference) -> dict[str, Any]:
    """Polygons of pixels as a GeoJSON geometry in the coordinates of a georeference; its rings turn either way."""
    moved = [[[list(place_of(place.transform, *corner)) for corner in ring] for ring in rings] for rings in polygons]
    if len(moved) == 1:
        return {"type": "Polygon", "coordinates": moved[0]}
    return {"type": "MultiPolygon", "coordinates": moved}


def in_wgs84(geometries: Sequence[Mapping[str, Any]], place: Georeference) -> list[dict[str, Any]]:
    """Geometries in longitude and latitude, cut where they cross the 180th meridian.

    Raises:
        OptionError: a corner has none.
    """
    from rasterio.warp import transform_geom

    with quiet():
        moved = transform_geom(place.crs, _WGS84, geometries, antimeridian_cutting=True)
    for geometry in moved:
        corners = [corner for ring in _rings(geometry) for corner in ring]
        if not corners or not all(math.isfinite(value) for corner in corners for value in corner[:2]):
            raise OptionError("a region lies where there is no longitude and latitude; ask for --crs keep")
    return [{"type": one["type"], "coordinates": _rounded(one["coordinates"])} for one in moved]


def _rounded(coordinates: Any) -> Any:  # noqa: ANN401 (nested lists of numbers)
    if isinstance(coordinates, (int, float)):
        return round(float(coordinates), _DECIMALS) + 0.0
    return [_rounded(one) for one in coordinates]


def _rings(geometry: Mapping[str, Any]) -> Iterator[Sequence[Sequence[float]]]:
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for rings in polygons:
        yield from rings


def right_handed(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """A geometry whose outer rings turn left and whose holes turn right, as RFC 7946 wants.

    Examples:
        >>> square = {"type": "Polygon", "coordinates": [[(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)]]}
        >>> right_handed(square)["coordinates"][0][1]
        (1, 0)
    """

    def turned(rings: Sequence[Sequence[Sequence[float]]]) -> list[Sequence[Sequence[float]]]:
        return [ring if (_area(ring) > 0) == (number == 0) else ring[::-1] for number, ring in enumerate(rings)]

    if geometry["type"] == "Polygon":
        return {"type": "Polygon", "coordinates": turned(geometry["coordinates"])}
    return {"type": "MultiPolygon", "coordinates": [turned(rings) for rings in geometry["coordinates"]]}


def _area(ring: Sequence[Sequence[float]] | NDArray[np.float64]) -> float:
    """Of a closed ring; negative for one that turns right."""
    x, y = np.array([corner[:2] for corner in ring], np.float64).T
    x, y = x - x[0], y - y[0]  # numbers of a coordinate system are large, and a pixel is small
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def square_metres(polygons_of: Mapping[int, Sequence[Polygon]], place: Georeference) -> dict[int, float]:
    """Areas on the ellipsoid of polygons of pixels, by the same numbers.

    They are taken in an equal-area projection: maps stretch areas, Web Mercator four times at 60 degrees north.

    References:
        Snyder (1987), Map projections: a working manual, equations 3-12 and 10-14: cylindrical equal-area.
    """
    from rasterio.warp import transform

    rings = [
        (key, number > 0, ring)
        for key, polygons in polygons_of.items()
        for part in polygons
        for number, ring in enumerate(part)
    ]
    if not rings:
        return {}
    corners = np.array([place_of(place.transform, x, y) for _, _, ring in rings for x, y in ring])
    with quiet():
        degrees = np.array(transform(place.crs, _WGS84, corners[:, 0], corners[:, 1])[:2])
    longitudes, latitudes = np.radians(degrees)
    across, up = _RADIUS * longitudes, _RADIUS / 2 * _authalic(np.sin(latitudes))
    areas: dict[int, float] = defaultdict(float)
    at = 0
    for key, is_hole, ring in rings:
        x, y = across[at : at + len(ring)], up[at : at + len(ring)]
        turn = 2 * math.pi * _RADIUS
        x = x - turn * np.rint((x - x[0]) / turn)  # over the 180th meridian
        area = abs(_area(np.column_stack([x, y])))
        areas[key] += -area if is_hole else area
        at += len(ring)
    return dict(areas)


def _authalic(sine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of latitudes of which the sine is given, q of Snyder's equation 3-12."""
    e = _ECCENTRICITY
    return np.asarray((1 - e**2) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e))


def region_areas(comparison: Comparison) -> Sequence[float | None]:
    """Square metres of each region; None where neither picture, or not the one that shows it, is georeferenced."""
    pair = comparison.pair
    if comparison.pages or (pair.before.georeference is None and pair.after.georeference is None):
        return [None] * len(comparison.regions)
    side = placed_side(comparison, what="an area")
    areas = square_metres(pixel_polygons(comparison, side), georeference_of(comparison, side))
    return [areas.get(number) for number in range(len(comparison.regions))]


def crs_name(place: Georeference) -> str:
    """A coordinate system as a short name, such as EPSG:32632, or as WKT where it has none."""
    from rasterio.crs import CRS

    with quiet():
        code = CRS.from_wkt(place.crs).to_authority()
    return ":".join(code) if code else place.crs

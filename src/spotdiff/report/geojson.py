"""What changed as GeoJSON (RFC 7946), for QGIS and other systems: a feature a region."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.errors import OptionError
from spotdiff.report.geo_regions import (
    crs_name,
    georeference_of,
    in_wgs84,
    on_ground,
    pixel_polygons,
    placed_side,
    right_handed,
    square_metres,
)
from spotdiff.report.record import plain

if TYPE_CHECKING:
    from spotdiff.types import Comparison, Georeference, Region

CRS = ("wgs84", "keep")


def geojson(comparison: Comparison, *, crs: str = "wgs84") -> dict[str, Any]:
    """The regions as a GeoJSON FeatureCollection, the surest first.

    Each is a polygon, or several, along the edges of the changed pixels, in both places for what moved. Properties are
    number, kind, score, likely, area_m2, pixels, text. A region that the georeferenced picture does not show is left
    out.

    Args:
        comparison: The answer.
        crs: `wgs84` for longitude and latitude, or `keep` for the raster's own coordinate system, named in the member
            `crs` that GeoJSON once had.

    Raises:
        OptionError: neither picture is georeferenced, the answer is over pages, or the coordinate system that is to be
            kept has no code.
        MissingExtra: rasterio is not installed.
    """
    if crs not in CRS:
        raise OptionError(f"crs takes {' or '.join(CRS)}, not {crs!r}")
    side = placed_side(comparison, what="GeoJSON")
    place = georeference_of(comparison, side)
    by_region = pixel_polygons(comparison, side)
    collection: dict[str, Any] = {"type": "FeatureCollection", "name": comparison.name or "changes"}
    if crs == "keep":
        collection["crs"] = {"type": "name", "properties": {"name": _urn(place)}}
    collection |= {"verdict": comparison.verdict, "reason": comparison.reason}
    geometries = [on_ground(polygons, place) for polygons in by_region.values()]
    if crs == "wgs84":
        geometries = in_wgs84(geometries, place)
    areas = square_metres(by_region, place)
    features = [
        {
            "type": "Feature",
            "id": number + 1,
            "geometry": right_handed(geometry),
            "properties": _properties(number + 1, comparison.regions[number], areas[number]),
        }
        for number, geometry in zip(by_region, geometries, strict=True)
    ]
    return collection | {"features": features}


def write_geojson(comparison: Comparison, path: str | Path, *, crs: str = "wgs84") -> None:
    """Write `geojson` to a file, a line a feature; its folder is made when missing.

    Raises:
        OptionError: as `geojson`.
        MissingExtra: rasterio is not installed.
        OSError: it cannot be written.
    """
    collection = geojson(comparison, crs=crs)
    features = ",\n".join(json.dumps(feature, allow_nan=False) for feature in collection.pop("features"))
    head = json.dumps(collection, allow_nan=False).removesuffix("}")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{head}, "features": [\n{features}\n]}}\n', encoding="ascii", newline="\n")


def _properties(number: int, region: Region, area: float) -> dict[str, Any]:
    return {
        "number": number,
        "kind": region.kind,
        "score": plain(float(region.score)),
        "likely": region.likely,
        "area_m2": plain(area),
        "pixels": int(region.area),
        "text": region.text,
    }


def _urn(place: Georeference) -> str:
    authority, _, code = crs_name(place).partition(":")
    if not code or not authority.isalnum():
        raise OptionError("the raster's coordinate system has no code to be named by; leave --crs")
    return f"urn:ogc:def:crs:{authority}::{code}"

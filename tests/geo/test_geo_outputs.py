"""GeoJSON by the rules of RFC 7946, and a mask that lies where the raster lies."""

from __future__ import annotations

import json
import math

import cv2
import jsonschema
import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize
from rasterio.transform import Affine
from rasterio.warp import transform

import spotdiff
from spotdiff.cli import run_verb
from spotdiff.errors import OptionError
from spotdiff.report.geo_regions import right_handed, square_metres
from spotdiff.report.geojson import geojson
from spotdiff.types import Georeference

from .rasters import PIXEL, TRANSFORM, UTM, ground, write

POSITION = {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}}
RING = {"type": "array", "minItems": 4, "items": POSITION}
RINGS = {"type": "array", "minItems": 1, "items": RING}
SCHEMA = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "geometry", "properties"],
                "properties": {
                    "type": {"const": "Feature"},
                    "geometry": {
                        "oneOf": [
                            {"properties": {"type": {"const": "Polygon"}, "coordinates": RINGS}},
                            {
                                "properties": {
                                    "type": {"const": "MultiPolygon"},
                                    "coordinates": {"type": "array", "items": RINGS},
                                }
                            },
                        ],
                        "required": ["type", "coordinates"],
                    },
                    "properties": {
                        "type": "object",
                        "required": ["number", "kind", "score", "likely", "area_m2", "pixels", "text"],
                        "properties": {
                            "kind": {"enum": ["added", "removed", "replaced", "moved", "changed"]},
                            "score": {"type": "number", "minimum": 0, "maximum": 1},
                            "area_m2": {"type": "number", "exclusiveMinimum": 0},
                        },
                    },
                },
            },
        },
    },
}


def polygons_of(feature) -> list[list[np.ndarray]]:
    coordinates = feature["geometry"]["coordinates"]
    parts = [coordinates] if feature["geometry"]["type"] == "Polygon" else coordinates
    return [[np.array(ring) for ring in rings] for rings in parts]


def turn(ring: np.ndarray) -> float:
    x, y = (ring - ring[0]).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum() / 2)


def check_geojson(found: dict, *, degrees: bool = True) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert ("crs" in found) != degrees
    for feature in found["features"]:
        for rings in polygons_of(feature):
            for number, ring in enumerate(rings):
                assert (ring[0] == ring[-1]).all()
                assert (turn(ring) > 0) == (number == 0)
                if degrees:
                    assert np.abs(ring[:, 0]).max() <= 180
                    assert np.abs(ring[:, 1]).max() <= 90


def ring_and_block() -> np.ndarray:
    """Ground with a block, and a frame round a piece of ground that stayed."""
    picture = ground(block=True)
    cv2.rectangle(picture, (290, 240), (370, 320), (20, 20, 230), 18)
    return picture


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rasters")
    before, after = write(folder / "before.tif", ground()), write(folder / "after.tif", ring_and_block())
    return spotdiff.compare(before, after, method="pixel")


def test_geojson_keeps_the_rules_and_the_pixels(compared):
    found = geojson(compared)
    check_geojson(found)
    assert [f["properties"]["kind"] for f in found["features"]] == [r.kind for r in compared.regions]
    assert any(len(rings) > 1 for f in found["features"] for rings in polygons_of(f))  # the frame has a hole
    for feature, region in zip(found["features"], compared.regions, strict=True):
        assert feature["properties"]["pixels"] == region.area
        # a map of zone 32 shows 0.9996 of a length at its middle
        assert feature["properties"]["area_m2"] == pytest.approx(region.area * PIXEL**2 / 0.9996**2, rel=2e-4)
    kept = geojson(compared, crs="keep")
    check_geojson(kept, degrees=False)
    assert kept["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::32632"
    pixels = 0.0
    for feature in kept["features"]:
        pixels += sum(turn(ring) for rings in polygons_of(feature) for ring in rings) / PIXEL**2
    assert pixels == pytest.approx(compared.changed_pixels)
    corners = np.concatenate([ring for rings in polygons_of(kept["features"][0]) for ring in rings])
    assert len(corners) > 4
    assert (corners % PIXEL == 0).all()


def test_qgis_has_what_it_opens(compared, tmp_path):
    """GDAL reads both files, and they lie on each other."""
    assert compared.save(geojson=tmp_path / "new" / "a.geojson", mask_tif=tmp_path / "new" / "a.tif") is compared
    check_geojson(json.loads((tmp_path / "new" / "a.geojson").read_text(encoding="ascii")))
    with rasterio.open(tmp_path / "new" / "a.tif") as raster:
        assert raster.transform == TRANSFORM
        assert raster.crs.to_string() == UTM
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert raster.dtypes == ("uint8",)
        mask, looked_at = raster.read(1), raster.dataset_mask()
    assert (looked_at == 255).all()
    assert set(np.unique(mask)) == {0, 255}
    assert ((mask > 0) == compared.mask("before")).all()
    compared.save(geojson=tmp_path / "kept.geojson", crs="keep")
    kept = json.loads((tmp_path / "kept.geojson").read_text(encoding="ascii"))
    shapes = [feature["geometry"] for feature in kept["features"]]
    assert (rasterize(shapes, mask.shape, transform=TRANSFORM) == (mask > 0)).all()


def test_the_mask_is_masked_where_nothing_was_compared(tmp_path):
    values = ground().astype(np.int16)
    values[:, :100] = -1
    before = write(tmp_path / "a.tif", values, nodata=-1)
    after = write(
        tmp_path / "b.tif", ground(block=True)[:, 20:350].astype(np.int16), TRANSFORM @ Affine.translation(20, 0)
    )
    answer = spotdiff.compare(before, after, method="classic", ignore=[(300, 0, 420, 50)])
    answer.save(mask_tif=tmp_path / "m.tif")
    with rasterio.open(tmp_path / "m.tif") as raster:
        looked_at = raster.dataset_mask() > 0
        assert (raster.width, raster.height) == (420, 360)
    expected = np.zeros((360, 420), bool)
    expected[:, 100:350] = True
    expected[:50, 300:] = False
    assert (looked_at == expected).all()


def test_areas_are_those_of_the_ground_and_not_of_the_map():
    def side(crs, place):
        return square_metres({0: [[[(0, 0), (0, 10), (10, 10), (10, 0), (0, 0)]]]}, Georeference(crs, place))[0]

    degree = 1e-3  # at 60 degrees north one of longitude has 55,800 m and one of latitude 111,412 m
    assert side("EPSG:4326", (degree, 0, 9, 0, -degree, 60.005)) == pytest.approx(558.02 * 1114.12, rel=1e-3)
    mercator = 6378137 * math.log(math.tan(math.radians(75)))
    assert side("EPSG:3857", (10, 0, 1e6, 0, -10, mercator)) == pytest.approx(100**2 / 4, rel=5e-3)
    assert side("EPSG:2263", (10, 0, 987000, 0, -10, 212000)) == pytest.approx((100 * 0.3048006) ** 2, rel=1e-3)  # feet
    across = side("EPSG:4326", (degree, 0, 179.995, 0, -degree, 60.005))  # the 180th meridian
    assert across == pytest.approx(558.02 * 1114.12, rel=1e-3)


def test_what_crosses_the_180th_meridian_is_cut_there(tmp_path):
    x, _ = transform("EPSG:4326", "EPSG:32760", [179.9999999], [-16.2])  # the east end of zone 60
    place = Affine(4, 0, x[0] - 200 * 4, 0, -4, 8207000)
    before = write(tmp_path / "a.tif", ground(), place, "EPSG:32760")
    after = write(tmp_path / "b.tif", ground(block=True), place, "EPSG:32760")
    answer = spotdiff.compare(before, after, method="pixel", join=8)
    found = geojson(answer)
    check_geojson(found)
    (feature,) = found["features"]
    sides = {np.sign(ring[:, 0].mean()) for rings in polygons_of(feature) for ring in rings}
    assert sides == {-1, 1}
    assert all(np.ptp(ring[:, 0]) < 1 for rings in polygons_of(feature) for ring in rings)


def test_rings_are_turned():
    square = [(0, 0), (0, 4), (4, 4), (4, 0), (0, 0)]
    hole = [(1, 1), (2, 1), (2, 2), (1, 2), (1, 1)]
    found = right_handed({"type": "MultiPolygon", "coordinates": [[square, hole]]})
    assert [turn(np.array(ring)) for ring in found["coordinates"][0]] == [16, -1]


def test_an_answer_without_regions_is_an_empty_collection(tmp_path):
    before = write(tmp_path / "a.tif", ground())
    answer = spotdiff.compare(before, before, method="classic").save(geojson=tmp_path / "x", mask_tif=tmp_path / "y")
    found = json.loads((tmp_path / "x").read_text())
    check_geojson(found)
    assert (found["features"], found["verdict"], answer.verdict) == ([], "same", "same")
    with rasterio.open(tmp_path / "y") as raster:
        assert not raster.read(1).any()
        assert raster.dataset_mask().all()


def test_the_command_writes_them_and_says_what_it_cannot(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.tif", ground())
    write(tmp_path / "b.tif", ground(block=True))
    run = ["compare", "a.tif", "b.tif", "--preset", "survey", "--bands", "3,2,1"]
    assert run_verb([*run, "--geojson", "c.geojson", "--mask-tif", "m.tif", "--json", "r.json"]) == 1
    assert "Wrote c.geojson\nWrote m.tif" in capsys.readouterr().out
    record = json.loads((tmp_path / "r.json").read_text())
    assert record["regions"][0]["area_m2"] == pytest.approx(50 * 40 * PIXEL**2, rel=0.2)
    assert record["before"]["notes"] == ["bands 3, 2, 1 of 3"]
    assert json.loads((tmp_path / "c.geojson").read_text())["features"][0]["properties"]["kind"] == "added"
    for more, told in (
        (["--geojson", "b.tif"], "b.tif is read and would be written over"),
        (["--geojson", "c", "--mask-tif", "c"], "c is asked for twice"),
        (["--geojson", "c", "--page", "all"], "show one page"),
        (["--geojson", "c", "--server", "http://127.0.0.1:9"], "a server does not take --geojson"),
        (["--bands", "1,2"], "'1,2' is neither one number from 1 on nor three"),
    ):
        assert run_verb([*run, *more]) == 2
        assert told in capsys.readouterr().err


def test_pictures_without_a_place_have_no_geojson(tmp_path):
    answer = spotdiff.compare(ground(), ground(block=True), method="pixel")
    with pytest.raises(OptionError, match="wants a georeference, and neither picture has one"):
        answer.save(geojson=tmp_path / "a", json=tmp_path / "b")
    assert not (tmp_path / "b").exists()
    with pytest.raises(OptionError, match="wants a georeference, and neither picture has one"):
        answer.save(mask_tif=tmp_path / "a")
    place = "+proj=tmerc +lat_0=50 +lon_0=9.5 +k=1 +ellps=WGS84 +units=m"
    before, after = (write(tmp_path / f"{n}.tif", ground(block=n == 1), crs=place) for n in range(2))
    answer = spotdiff.compare(before, after, method="pixel")
    check_geojson(geojson(answer))
    with pytest.raises(OptionError, match="has no code to be named by; leave --crs"):
        geojson(answer, crs="keep")
    with pytest.raises(OptionError, match="crs takes wgs84 or keep"):
        geojson(answer, crs="EPSG:4326")

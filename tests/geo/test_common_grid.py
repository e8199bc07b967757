"""Rasters of other extents, resolutions and coordinate systems are compared where both lie, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from rasterio.transform import Affine

import spotdiff
from conftest import check_answer
from spotdiff.errors import LoadError
from spotdiff.image.load import load_pair

from .rasters import BLOCK, LEFT, PIXEL, TOP, TRANSFORM, UTM, ground, pixels_of, reprojected, write


def found_block(answer) -> np.ndarray:
    """Left, top, right and bottom of the one region, in pixels of the whole ground, taken from its GeoJSON."""
    from spotdiff.report.geojson import geojson

    (feature,) = geojson(answer)["features"]
    polygons = feature["geometry"]["coordinates"]
    rings = polygons if feature["geometry"]["type"] == "Polygon" else [ring for part in polygons for ring in part]
    corners = np.array([corner for ring in rings for corner in ring])
    pixels = pixels_of(corners[:, 0], corners[:, 1])
    return np.concatenate([pixels.min(0), pixels.max(0)])


def save_plain(path, values) -> str:
    Image.fromarray(values).save(path)
    return str(path)


def cut(picture, left, top, right, bottom):
    return picture[top:bottom, left:right], TRANSFORM @ Affine.translation(left, top)


@pytest.mark.parametrize("method", ["spot", "classic"])
def test_two_cuts_of_one_ground_are_compared_where_both_lie(tmp_path, method):
    before = write(tmp_path / "before.tif", *cut(ground(), 0, 0, 340, 300))
    after = write(tmp_path / "after.tif", *cut(ground(block=True), 60, 40, 420, 360))
    answer = spotdiff.compare(before, after, method=method)
    record = check_answer(answer)
    assert answer.verdict == "changed"
    assert answer.alignment.matrix.tolist() == [[1, 0, -60], [0, 1, -40], [0, 0, 1]]
    assert answer.alignment.overlap == pytest.approx(280 * 260 / (340 * 300))
    assert np.abs(found_block(answer) - BLOCK).max() <= 6
    assert record["before"]["georeference"] == {"crs": UTM, "transform": [0.5, 0, LEFT, 0, -0.5, TOP]}
    box, moved = record["regions"][0]["box_before"], record["regions"][0]["box_after"]
    assert [a - b for a, b in zip(box, moved, strict=True)] == [60, 40, 60, 40]
    mirrored = spotdiff.compare(after, before, method=method)
    assert [r.box_after for r in mirrored.regions] == [r.box_before for r in answer.regions]
    assert "camera moved" not in answer.text


def test_what_only_one_covers_is_not_called_the_same(tmp_path):
    before = write(tmp_path / "before.tif", *cut(ground(), 0, 0, 400, 360))
    after = write(tmp_path / "after.tif", *cut(ground(), 60, 0, 420, 360))
    answer = spotdiff.compare(before, after, method="classic")
    assert (answer.verdict, answer.reason) == ("unsure", "nothing changed in the 85% of before that after shows")
    narrower = write(tmp_path / "narrower.tif", *cut(ground(), 0, 0, 300, 360))  # flush at the top left
    for align in ("auto", "off", "page"):
        answer = spotdiff.compare(before, narrower, method="classic", align=align)
        assert (answer.verdict, answer.regions) == ("unsure", ())
    assert spotdiff.compare(before, before, method="classic").verdict == "same"


@pytest.mark.parametrize(
    ("crs", "pixel", "grid"),
    [("EPSG:4326", 9e-6, "after"), ("EPSG:25833", 0.3, "before"), ("EPSG:3857", 1.2, "after")],
)
def test_other_coordinate_systems_and_resolutions_are_brought_onto_the_coarser_grid(tmp_path, crs, pixel, grid):
    before = write(tmp_path / "before.tif", *cut(ground(), 40, 40, 400, 340))
    after = reprojected(tmp_path / "after.tif", ground(block=True), crs, pixel)
    answer = spotdiff.compare(before, after, method="classic")
    record = check_answer(answer)
    assert record["before"]["georeference"]["crs"] == record["after"]["georeference"]["crs"]
    assert record["after"]["georeference"]["crs"] == (crs if grid == "after" else UTM)
    other = "before" if grid == "after" else "after"
    assert any("brought onto the grid of" in note for note in record[other]["notes"])
    assert not any("brought onto the grid of" in note for note in record[grid]["notes"])
    assert answer.verdict == "changed"
    assert np.abs(found_block(answer) - BLOCK).max() <= 8
    if grid == "before":  # all of after is there, though it reaches beyond before
        assert answer.pair.after.has_data.sum() == pytest.approx(420 * 360, rel=0.01)
    mirrored = spotdiff.compare(after, before, method="classic")
    assert [r.box_after for r in mirrored.regions] == [r.box_before for r in answer.regions]
    assert sum(r["area_m2"] for r in record["regions"]) == pytest.approx(
        sum(r["area_m2"] for r in check_answer(mirrored)["regions"]), rel=1e-6
    )


def test_an_error_of_the_georeference_is_aligned_away(tmp_path):
    before = write(tmp_path / "before.tif", ground())
    after = write(tmp_path / "after.tif", ground(block=True)[3:, 5:])  # says that it begins where before does
    answer = spotdiff.compare(before, after, method="classic")
    assert answer.verdict == "changed"
    assert answer.alignment.matrix[:2, 2] == pytest.approx([-5, -3], abs=0.3)
    assert np.abs(np.array(answer.regions[0].box_before) - BLOCK).max() <= 6


def test_boxes_told_in_pixels_of_before_keep_its_grid(tmp_path):
    before = write(tmp_path / "before.tif", ground())
    after = reprojected(tmp_path / "after.tif", ground(block=True), UTM, 1.0)
    left, top, right, bottom = BLOCK
    box = (left - 12, top - 12, right + 12, bottom + 12)
    pair = load_pair(before, after, options=spotdiff.Options(ignore=[box]))
    assert pair.before.size == (420, 360)
    assert not pair.valid[top, left]
    assert pair.valid[0, 0]
    assert load_pair(before, after).before.size == (210, 180)


def test_no_common_ground_and_no_place_are_told_in_a_line(tmp_path):
    before = write(tmp_path / "before.tif", ground())
    far = write(tmp_path / "far.tif", ground(), Affine(PIXEL, 0, LEFT + 1000, 0, -PIXEL, TOP))
    with pytest.raises(LoadError, match=r"before\.tif and .*far\.tif have no ground in common"):
        spotdiff.compare(before, far)
    other_zone = write(tmp_path / "zone.tif", ground(), crs="EPSG:32633")
    with pytest.raises(LoadError, match="have no ground in common"):
        spotdiff.compare(before, other_zone)


def test_one_raster_without_georeference_is_compared_as_a_picture(tmp_path):
    before = write(tmp_path / "before.tif", ground())
    after = save_plain(tmp_path / "after.tif", ground(block=True))
    answer = spotdiff.compare(before, after, method="classic")
    assert answer.verdict == "changed"
    assert "After has no georeference, so the two were compared as pictures." in answer.text
    assert np.abs(found_block(answer) - BLOCK).max() <= 6
    assert "georeference" not in spotdiff.compare(before, before, method="classic").text


def test_a_history_lies_on_the_same_grid(tmp_path):
    earlier = [write(tmp_path / f"{n}.tif", *cut(ground(), 10 * n, 0, 400, 360)) for n in range(2)]
    before = write(tmp_path / "before.tif", *cut(ground(), 5, 0, 405, 360))
    after = write(tmp_path / "after.tif", *cut(ground(block=True), 0, 0, 420, 360))
    answer = spotdiff.compare(before, after, history=earlier, method="classic")
    assert answer.verdict == "changed"
    assert np.abs(found_block(answer) - BLOCK).max() <= 6

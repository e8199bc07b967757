"""Pictures too large to be held: compared by an overview and by windows, in small, with the limits brought down."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff import window_by_window
from spotdiff.errors import LoadError, OptionError
from spotdiff.image import large_file, large_pair, load_picture

rasterio = pytest.importorskip("rasterio")
CORE, MARGIN = 256, 64
SIZE = 900, 700


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch):
    """Windows of 256 px, so that a picture of 900 x 700 has twelve of them."""
    monkeypatch.setattr(large_file, "MOST_HELD", 0.3)
    monkeypatch.setattr(large_file, "_SMALLEST", 1)
    monkeypatch.setattr(large_pair, "_OVERVIEW", 60_000)
    monkeypatch.setattr(window_by_window, "_CORE", CORE)
    monkeypatch.setattr(window_by_window, "_MARGIN", MARGIN)
    monkeypatch.setattr(window_by_window, "_LOOK", 200)


def ground(seed=0, size=SIZE):
    """A place with texture at every scale."""
    rng = np.random.default_rng(seed)
    width, height = size
    picture = np.zeros((height, width, 3), np.float32)
    for cell in (4, 16, 64):
        grid = rng.uniform(-1, 1, (height // cell + 2, width // cell + 2, 3)).astype(np.float32)
        picture += 24 * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture + 120, 0, 255).astype(np.uint8)


def placed(picture, *boxes, colour=(235, 30, 30)):
    after = picture.copy()
    for left, top, right, bottom in boxes:
        after[top:bottom, left:right] = colour
    return after


def write(path: Path, pixels, *, in_tiles=True, **form):
    """A TIFF in tiles or in strips, or a PNG, by rasterio."""
    planes = np.moveaxis(pixels if pixels.ndim == 3 else pixels[..., None], -1, 0)
    how = {"count": len(planes), "height": planes.shape[1], "width": planes.shape[2], "dtype": planes.dtype}
    if path.suffix == ".tif":
        how |= {"tiled": in_tiles, **({"blockxsize": 64, "blockysize": 64} if in_tiles else {})}
    driver = "PNG" if path.suffix == ".png" else "GTiff"
    with warnings.catch_warnings(action="ignore"), rasterio.open(path, "w", driver=driver, **how, **form) as raster:
        raster.write(planes)
    return str(path)


def pair_of_files(folder: Path, before, after, *, name="{}.tif", **form):
    return [
        write(folder / name.format(side), pixels, **form) for side, pixels in (("before", before), ("after", after))
    ]


def compared(*files, **options):
    answer = spotdiff.compare(*files, **{"method": "pixel", "max_pixels": 10, **options})
    assert answer.windows is not None, "it was read whole"
    return answer


def on_seams():
    """Boxes over every seam between windows, and over the corners where four meet."""
    return [
        (CORE - 10, 40, CORE + 12, 60),
        (CORE - 9, CORE - 11, CORE + 14, CORE + 12),
        (40, CORE - 30, 64, CORE + 30),
        (2 * CORE - 100, 120, 2 * CORE + 130, 140),  # longer than what two windows share
        (600, 2 * CORE - 5, 640, 2 * CORE + 5),
        (3 * CORE - 20, 300, 3 * CORE + 20, 330),
    ]


@pytest.mark.parametrize("name", ["{}.tif", "{}.png"])
@pytest.mark.parametrize("in_tiles", [True, False])
def test_a_thing_on_a_seam_is_one_region_with_its_own_box(tmp_path, name, in_tiles):
    if name.endswith(".png") and in_tiles:
        pytest.skip("a PNG has no tiles")
    before = ground()
    files = pair_of_files(tmp_path, before, placed(before, *on_seams()), name=name, in_tiles=in_tiles)
    answer = compared(*files)
    assert sorted(region.box_after for region in answer.regions) == sorted(on_seams())
    assert answer.changed_pixels == sum((box[2] - box[0]) * (box[3] - box[1]) for box in on_seams())


def test_windows_say_what_the_whole_says(tmp_path, monkeypatch):
    before = ground()
    after = placed(before, *on_seams(), (10, 600, 25, 612))
    by_windows = compared(*pair_of_files(tmp_path, before, after))
    monkeypatch.setattr(large_file, "MOST_HELD", 100)
    whole = spotdiff.compare(
        *[str(tmp_path / f"{side}.tif") for side in ("before", "after")], method="pixel", max_pixels=10
    )
    assert whole.windows is None
    told = [
        sorted((region.kind, region.box_before, region.box_after, region.area) for region in answer.regions)
        for answer in (by_windows, whole)
    ]
    assert told[0] == told[1]
    assert by_windows.verdict == whole.verdict == "changed"
    assert by_windows.changed_fraction == whole.changed_fraction


def test_equal_pictures_are_the_same_and_said_to_be_equal(tmp_path):
    before = ground()
    answer = compared(*pair_of_files(tmp_path, before, before))
    assert answer.verdict == "same"
    assert "equal to the last pixel" in answer.text
    faint = before.copy()
    faint[350, 450] ^= 1  # one level of one pixel: no overview shows it
    assert "last pixel" not in compared(*pair_of_files(tmp_path, before, faint)).text


def test_the_default_method_finds_things_in_other_light_from_a_moved_camera(tmp_path):
    before = ground(size=(1000, 800))
    scene = placed(before, (500, 250, 540, 290), (100, 600, 130, 640))
    angle = np.add(cv2.getRotationMatrix2D((500, 400), 0.7, 1.004), [[0, 0, 6.4], [0, 0, -3.7]])
    moved = cv2.warpAffine(scene, angle, (1000, 800), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    after = np.clip(moved.astype(np.float32) * 0.85 + 6, 0, 255).astype(np.uint8)
    answer = compared(*pair_of_files(tmp_path, before, after), method="spot")
    corners = np.array([(0, 0, 1), (999, 0, 1), (0, 799, 1), (999, 799, 1)], float)
    where = corners @ answer.alignment.matrix.T
    assert np.abs(where[:, :2] / where[:, 2:] - corners @ angle.T).max() < 0.5
    assert answer.light.model != "none"
    boxes = [region.box_before for region in answer.likely]
    for left, top, right, bottom in ((500, 250, 540, 290), (100, 600, 130, 640)):
        near = [b for b in boxes if b and abs(b[0] - left) < 12 and abs(b[3] - bottom) < 12]
        assert len(near) == 1, (boxes, right, top)


@pytest.mark.parametrize("method", ["pixel", "spot"])
def test_exchanged_pictures_have_the_mirrored_answer(tmp_path, method):
    before = ground()
    files = pair_of_files(tmp_path, before, np.roll(placed(before, *on_seams()), (3, 5), (0, 1)))
    one, other = compared(*files, method=method), compared(*files[::-1], method=method)
    mirrored = {"added": "removed", "removed": "added"}
    assert one.regions
    assert [(r.kind, r.box_before, r.box_after, r.score) for r in one.regions] == [
        (mirrored.get(r.kind, r.kind), r.box_after, r.box_before, r.score) for r in other.regions
    ]


def test_what_is_larger_than_a_window_is_one_region(tmp_path):
    before = ground()
    answer = compared(*pair_of_files(tmp_path, before, placed(before, (120, 130, 760, 610))))
    assert len(answer.regions) == 1
    box = answer.regions[0].box_after
    assert all(
        abs(one - other) <= answer.windows.overview.pair.before.full_size[0] // 100
        for one, other in zip(box, (120, 130, 760, 610), strict=True)
    )


def test_ignored_and_focused_places(tmp_path):
    before = ground()
    files = pair_of_files(tmp_path, before, placed(before, *on_seams()))
    ignored = compared(*files, ignore=[(CORE - 20, 0, CORE + 20, CORE + 20)])
    assert sorted(r.box_after for r in ignored.regions) == sorted(on_seams()[2:])
    focused = compared(*files, focus=[(0, CORE - 40, 100, CORE + 40)])
    assert [r.box_after for r in focused.regions] == [on_seams()[2]]


UTM = {"crs": "EPSG:32632"}


def placed_at(left, top, *, metres=0.5):
    return {
        **UTM,
        "transform": rasterio.transform.from_origin(500_000 + left * metres, 5_500_000 - top * metres, metres, metres),
    }


def test_rasters_of_two_extents_lie_by_their_georeferences(tmp_path):
    place = ground(size=(1100, 900))
    changed = placed(place, (500, 400, 530, 440))
    before = write(tmp_path / "before.tif", place[:700, :900], **placed_at(0, 0))
    after = write(tmp_path / "after.tif", changed[100:850, 150:1050], **placed_at(150, 100))
    answer = compared(before, after)
    assert [(r.box_before, r.box_after) for r in answer.regions] == [((500, 400, 530, 440), (350, 300, 380, 340))]
    answer.save(geojson=tmp_path / "changes.geojson", crs="keep", mask_tif=tmp_path / "mask.tif")
    feature = json.loads((tmp_path / "changes.geojson").read_text())["features"][0]
    xs, ys = np.array(feature["geometry"]["coordinates"][0]).T
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (500_250, 500_265, 5_499_780, 5_499_800)
    assert feature["properties"]["area_m2"] == pytest.approx(300, rel=0.01)
    with rasterio.open(tmp_path / "mask.tif") as raster, rasterio.open(before) as given:
        assert (raster.transform, raster.crs, raster.shape) == (given.transform, given.crs, given.shape)
        mask = raster.read(1)
        assert mask[400:440, 500:530].all()
        assert np.count_nonzero(mask) == 30 * 40
        looked_at = raster.dataset_mask() > 0
        assert looked_at[100:, 150:].all()
        assert not looked_at[:100].any()
        assert not looked_at[:, :150].any()


def test_a_raster_of_a_coarser_grid_is_read_on_one(tmp_path):
    place = ground(size=(1200, 1000))
    before = write(tmp_path / "before.tif", place, **placed_at(0, 0))
    changed = placed(place, (600, 400, 680, 480))
    coarse = cv2.resize(changed, (600, 500), interpolation=cv2.INTER_AREA)
    after = write(tmp_path / "after.tif", coarse, **placed_at(0, 0, metres=1.0))
    answer = compared(before, after, method="classic")
    assert answer.likely
    box = answer.likely[0].box_after
    assert all(abs(one - other) <= 4 for one, other in zip(box, (300, 200, 340, 240), strict=True))
    assert any("brought onto the grid" in note for note in answer.pair.before.notes)


def test_16_bits_are_windowed_as_one(tmp_path):
    before = ground().astype(np.uint16) * 8 + 300
    after = placed(before, (CORE - 10, 40, CORE + 12, 60), colour=(2600, 500, 500))
    answer = compared(*pair_of_files(tmp_path, before, after))
    assert [region.box_after for region in answer.regions] == [(CORE - 10, 40, CORE + 12, 60)]
    assert answer.pair.before.rounded


def test_places_without_data_count_nowhere(tmp_path):
    before = ground()
    after = placed(before, *on_seams()[:1])
    after[500:, 600:] = 0
    before[before == 0] = 1
    files = [write(tmp_path / f"{s}.tif", p, nodata=0) for s, p in (("before", before), ("after", after))]
    answer = compared(*files)
    assert [region.box_after for region in answer.regions] == on_seams()[:1]


def test_files_of_an_answer(tmp_path):
    before = ground()
    answer = compared(*pair_of_files(tmp_path, before, placed(before, *on_seams())))
    answer.save(report=tmp_path / "r.html", overlay=tmp_path / "o.png", json=tmp_path / "r.json")
    record = json.loads((tmp_path / "r.json").read_text())
    assert record["before"]["size"] == list(SIZE)
    assert record["method"]["notes"]["windows"] > 0
    overview = cv2.imread(str(tmp_path / "o.png"))
    assert overview.shape[0] * overview.shape[1] <= 60_000
    assert answer.windows.details[0]["after"].pixels.shape[2] == 3
    assert (tmp_path / "r.html").stat().st_size > 20_000
    for wanted in ({"maps": tmp_path / "m"}, {"cutouts": tmp_path / "c"}):
        with pytest.raises(OptionError, match="no maps and no cutouts"):
            answer.save(**wanted)
    with pytest.raises(OptionError, match="mask_tif"):
        answer.mask("after")


def test_what_wants_pictures_whole_is_compared_whole(tmp_path):
    before = ground()
    files = pair_of_files(tmp_path, before, before)
    mask = np.zeros(before.shape[:2], np.uint8)
    for asked in ({"align": "page"}, {"align": "flow"}, {"ignore_mask": mask}, {"history": [before]}):
        answer = spotdiff.compare(*files, method="pixel", max_pixels=10, **asked)
        assert (answer.verdict, answer.windows) == ("same", None)
    assert spotdiff.compare(files[0], before, method="pixel", max_pixels=10).windows is None
    assert load_picture(files[0], options=spotdiff.Options(max_pixels=10)).pixels.shape == before.shape
    with pytest.raises(LoadError, match="million pixels; --max-pixels raises"):
        spotdiff.compare(*files, max_pixels=0.5)


def test_further_pages_are_told_of(tmp_path):
    from PIL import Image

    pages = [Image.fromarray(ground(seed)) for seed in (1, 2)]
    for side in ("before", "after"):
        pages[0].save(tmp_path / f"{side}.tif", save_all=True, append_images=pages[1:])
    answer = compared(tmp_path / "before.tif", tmp_path / "after.tif")
    assert answer.verdict == "same"
    assert "Only page 1 was compared" in answer.text


def test_a_truncated_file_is_told(tmp_path):
    before = ground()
    files = pair_of_files(tmp_path, before, before, in_tiles=False)
    data = Path(files[1]).read_bytes()
    Path(files[1]).write_bytes(data[: len(data) // 2])
    with pytest.raises(LoadError, match=r"after\.tif: the picture is truncated or damaged"):
        compared(*files)


def test_other_places_are_unsure(tmp_path):
    fine = [np.random.default_rng(seed).integers(0, 256, (88, 113, 3), np.uint8) for seed in (1, 2)]
    places = [cv2.resize(one, SIZE, interpolation=cv2.INTER_CUBIC) for one in fine]
    answer = compared(*pair_of_files(tmp_path, *places))
    assert answer.verdict == "unsure"
    assert not answer.regions
    assert answer.to_dict()["after"]["size"] == list(SIZE)


def test_batch_reads_them_too(tmp_path):
    before = ground()
    for side, pixels in (("before", before), ("after", placed(before, *on_seams()))):
        (tmp_path / side).mkdir()
        write(tmp_path / side / "place.tif", pixels)
    folders, options = (tmp_path / "before", tmp_path / "after"), spotdiff.Options(method="pixel", max_pixels=10)
    result = spotdiff.batch(*folders, out=tmp_path / "out", options=options, workers=1)
    assert [row.verdict for row in result.rows] == ["changed"]
    record = json.loads((tmp_path / "out" / "place.json").read_text())
    for side in ("before", "after"):
        assert record[side]["sha256"] == sha256((tmp_path / side / "place.tif").read_bytes()).hexdigest()
    assert spotdiff.batch(*folders, out=tmp_path / "out", options=options, workers=1).resumed == 1


def test_a_picture_without_room_for_its_rows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(large_file, "_BUFFER", 100_000)
    before = ground()
    with pytest.raises(LoadError, match="store it in tiles"):
        compared(*pair_of_files(tmp_path, before, placed(before, *on_seams()), in_tiles=False))


def test_replace_keeps_the_overview(tmp_path):
    before = ground()
    answer = compared(*pair_of_files(tmp_path, before, placed(before, *on_seams())))
    assert replace(answer, name="x").shown is answer.windows.overview

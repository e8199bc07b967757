"""What a raster's bands, types and gaps are read as."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

import spotdiff
from conftest import check_answer
from spotdiff.errors import LoadError, MissingExtra, OptionError
from spotdiff.image import geotiff
from spotdiff.image.load import load_pair, load_picture

from .rasters import BLOCK, ground, write

GAP = (slice(200, 300), slice(20, 150))


@pytest.mark.parametrize("kind", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"])
def test_every_type_is_read_in_one_window(tmp_path, kind):
    factor, added = (0.4, 0) if kind == "int8" else (1, 0) if kind == "uint8" else (7, 300)

    def deep(picture):
        return (picture[..., 0] * np.float64(factor) + added).astype(kind)

    before, after = write(tmp_path / "a.tif", deep(ground())), write(tmp_path / "b.tif", deep(ground(block=True)))
    pair = load_pair(before, after)
    assert pair.before.rounded == (kind != "uint8")
    assert pair.before.notes == pair.after.notes
    unchanged = np.ones(pair.before.pixels.shape[:2], bool)
    unchanged[BLOCK[1] : BLOCK[3], BLOCK[0] : BLOCK[2]] = False
    assert (pair.before.pixels == pair.after.pixels)[unchanged].all()
    assert pair.before.pixels.std() > 20
    assert spotdiff.compare(before, after, method="classic").verdict == "changed"


def with_gap(kind: str, tmp_path):
    """A raster with a gap of some kind, in which its values are wild."""
    values, mask = ground().astype(np.int16), np.full(ground().shape[:2], 255, np.uint8)
    mask[GAP] = 0
    path = tmp_path / f"{kind}.tif"
    if kind == "nodata":
        values[GAP] = -9999
        return write(path, values, nodata=-9999)
    if kind == "nan":
        values = values.astype(np.float32)
        values[GAP] = np.nan
        return write(path, values)
    if kind == "mask":
        values[GAP] = 30000
        return write(path, values, mask=mask)
    values[GAP] = 7
    alpha = write(path, np.dstack([values.astype(np.uint8), mask]))
    with rasterio.open(alpha, "r+") as raster:
        raster.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
    return alpha


@pytest.mark.parametrize("kind", ["nodata", "nan", "mask", "alpha"])
@pytest.mark.parametrize("method", ["spot", "classic", "ssim"])
def test_places_without_data_do_not_count(tmp_path, kind, method):
    before = with_gap(kind, tmp_path)
    picture = load_picture(before)
    assert not picture.has_data[GAP].any()
    assert picture.has_data.sum() == picture.has_data.size - 100 * 130
    assert not picture.pixels[GAP].any()
    kept = ground().astype(np.uint8 if kind == "alpha" else np.int16)
    after = write(tmp_path / "after.tif", kept)
    for pair in ((before, after), (after, before)):
        answer = spotdiff.compare(*pair, method=method)
        check_answer(answer)
        assert (answer.verdict, answer.regions) == ("unsure", ())
        assert "91%" in answer.reason  # of the one without a gap; that is no `same`
    assert spotdiff.compare(before, before, method=method).verdict == "same"
    changed = write(tmp_path / "changed.tif", ground(block=True).astype(kept.dtype))
    answer = spotdiff.compare(before, changed, method=method)
    assert answer.verdict == "changed"
    assert not answer.mask("before")[210:290, 30:140].any()


def test_gaps_in_two_places_leave_what_both_show(tmp_path):
    one, other = ground().astype(np.int16), ground(block=True).astype(np.int16)
    one[:, :140], other[:, 250:] = -1, -1
    before, after = write(tmp_path / "a.tif", one, nodata=-1), write(tmp_path / "b.tif", other, nodata=-1)
    answer = spotdiff.compare(before, after, method="classic")
    assert answer.verdict == "changed"
    assert answer.alignment.model == "none"
    assert np.abs(np.array(answer.regions[0].box_before) - BLOCK).max() <= 6
    one[:, :260] = -1
    apart = write(tmp_path / "c.tif", one, nodata=-1)
    for align in ("auto", "off"):
        answer = spotdiff.compare(apart, after, method="classic", align=align)
        assert (answer.verdict, answer.reason) == ("unsure", "no place has data in both pictures")


def test_bands_are_chosen_by_number(tmp_path):
    planes = np.dstack([ground()[..., 0] // 4, ground()[..., ::-1], np.full(ground().shape[:2], 9, np.uint8)])
    path = write(tmp_path / "a.tif", planes, photometric="MINISBLACK")
    assert (load_picture(path).pixels == planes[..., :3]).all()
    picture = load_picture(path, options=spotdiff.Options(bands=(4, 3, 2)))
    assert (picture.pixels == ground()).all()
    assert picture.notes == ("bands 4, 3, 2 of 5",)
    single = load_picture(path, options=spotdiff.Options(bands=[2]))
    assert (single.pixels == ground()[..., 2:]).all()
    with pytest.raises(LoadError, match="no band 6, it has 5 bands; choose others with --bands"):
        load_picture(path, options=spotdiff.Options(bands=(6,)))
    for wrong in ((1, 2), "4,3,2", (0,), (1.5,), 3):
        with pytest.raises(OptionError, match="bands takes the number of one band or of three"):
            spotdiff.Options(bands=wrong)


def test_colours_are_found_by_what_the_file_calls_them(tmp_path):
    path = write(tmp_path / "a.tif", np.dstack([ground()[..., 0] // 4, ground()[..., ::-1]]), photometric="MINISBLACK")
    with rasterio.open(path, "r+") as raster:
        raster.colorinterp = [ColorInterp.gray, ColorInterp.blue, ColorInterp.green, ColorInterp.red]
    assert (load_picture(path).pixels == ground()).all()


def test_scale_and_palette_mean_what_is_shown(tmp_path):
    values = ground()[..., 0].astype(np.uint16)
    shifted = write(tmp_path / "a.tif", values * 2 + 1000, scales=((0.5,), (-500.0,)))
    plain = write(tmp_path / "b.tif", values)
    assert spotdiff.compare(shifted, plain, method="pixel", light="off").verdict == "same"
    classes = write(tmp_path / "c.tif", (ground()[..., 0] // 100).astype(np.uint8))
    with rasterio.open(classes, "r+") as raster:
        raster.write_colormap(1, {0: (9, 99, 9, 255), 1: (0, 0, 200, 255), 2: (250, 240, 0, 255)})
    assert {tuple(colour) for colour in load_picture(classes).pixels.reshape(-1, 3)} == {
        (9, 99, 9),
        (0, 0, 200),
        (250, 240, 0),
    }


def test_smaller_copies_in_a_file_are_no_pages(tmp_path):
    path = write(tmp_path / "a.tif", ground(), mask=np.full((360, 420), 255, np.uint8), tiled=True)
    with rasterio.open(path, "r+") as raster:
        raster.build_overviews([2, 4])
    picture = load_picture(path)
    assert (picture.pages, picture.georeference is not None) == (1, True)
    answer = spotdiff.compare(path, path, page="all", method="pixel")
    assert (answer.verdict, len(answer.pages)) == ("same", 1)


def test_what_cannot_be_shown_is_told(tmp_path):
    empty = write(tmp_path / "a.tif", np.full((40, 40), -1, np.int16), nodata=-1)
    with pytest.raises(LoadError, match="none of its pixels has data"):
        load_picture(empty)
    waves = write(tmp_path / "b.tif", np.ones((40, 40), np.complex64))
    with pytest.raises(LoadError, match="its values are complex numbers"):
        load_picture(waves)
    large = write(tmp_path / "c.tif", ground())
    with pytest.raises(LoadError, match="--max-pixels raises the limit"):
        load_picture(large, options=spotdiff.Options(max_pixels=0.1))
    (tmp_path / "d.tif").write_bytes((tmp_path / "c.tif").read_bytes()[:-90_000])
    with pytest.raises(LoadError, match=r"d\.tif: the picture is truncated or damaged"):
        load_picture(tmp_path / "d.tif")


def test_without_rasterio_a_raster_is_a_picture_and_bands_are_refused(tmp_path, monkeypatch):
    before, after = write(tmp_path / "a.tif", ground()), write(tmp_path / "b.tif", ground(block=True))
    monkeypatch.setattr(geotiff, "is_installed", lambda: False)
    answer = spotdiff.compare(before, after, method="classic")
    assert answer.verdict == "changed"
    assert answer.pair.before.georeference is None
    for ask in (lambda: answer.save(geojson=tmp_path / "x"), lambda: answer.save(mask_tif=tmp_path / "x")):
        with pytest.raises(MissingExtra, match=r"this needs rasterio, for .*: pip install 'spotdiff\[geo\]'"):
            ask()
    with pytest.raises(LoadError, match=r"this needs rasterio, for --bands: pip install 'spotdiff\[geo\]'"):
        load_picture(before, options=spotdiff.Options(bands=(1,)))

"""Files that are whole come out as the picture that a person would see."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import spotdiff
from robust import corpus
from spotdiff.errors import LoadError, SpotdiffError
from spotdiff.image import load_picture

SCENE = corpus.scene()
LOSSLESS = ("rgb.png", "rgba.png", "interlaced.png", "lossless.webp", "raw.tif", "lzw.tif", "deflate.tif", "rgb.bmp")
LOSSLESS += ("rgb.ppm", "pages.tif", "film.png", "film.webp", "rgb.jp2", "rgb16.png", "rgb16.tif")
LOSSY = ("base.jpg", "progressive.jpg", "lossy.webp", "rgb.avif", "cmyk.jpg")
TURNED = {  # EXIF orientation: how a camera held that way would store an upright picture
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_files_give_back_every_pixel(name):
    picture = load_picture(corpus.whole()[name])
    assert np.array_equal(picture.pixels, SCENE)
    assert picture.alpha is None


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_files_give_back_nearly_every_pixel(name):
    apart = load_picture(corpus.whole()[name]).pixels.astype(int) - SCENE
    assert np.abs(apart).mean() < 6


@pytest.mark.parametrize("name", ["grey16.png"])
def test_deep_grey_is_scaled(name):
    grey = cv2.cvtColor(SCENE, cv2.COLOR_RGB2GRAY)
    assert np.array_equal(load_picture(corpus.whole()[name]).pixels, np.repeat(grey[..., None], 3, 2))


@pytest.mark.parametrize("name", ["pages.tif", "film.gif", "film.webp", "film.png"])
def test_the_first_of_several_is_taken_and_said(name):
    picture = load_picture(corpus.whole()[name])
    assert "page 1 of 2" in picture.notes
    assert (picture.page, picture.pages) == (1, 2)
    assert np.abs(picture.pixels.astype(int) - SCENE).mean() < 12


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", TURNED)
def test_orientations_come_out_upright(orientation, form):
    how = {"quality": 100, "subsampling": 0} if form == "JPEG" else {"lossless": True} if form == "WEBP" else {}
    stored = np.ascontiguousarray(TURNED[orientation](SCENE))
    picture = load_picture(corpus.saved(stored, form, exif=exif_of(orientation), **how))
    assert picture.size == corpus.SIZE
    assert np.abs(picture.pixels.astype(int) - SCENE).max() <= (12 if form == "JPEG" else 0)


@pytest.mark.parametrize("orientation", [3, 6])
def test_an_orientation_after_the_pixels_counts_too(orientation):
    stored = np.ascontiguousarray(TURNED[orientation](SCENE))
    body = exif_of(orientation).tobytes()
    data = corpus.with_chunk(corpus.saved(stored, "PNG"), b"eXIf", body.removeprefix(b"Exif\0\0"), late=True)
    assert np.array_equal(load_picture(data).pixels, SCENE)


def test_an_opened_file_says_what_the_file_says(tmp_path):
    path = tmp_path / "turned.png"
    path.write_bytes(corpus.saved(np.ascontiguousarray(TURNED[6](SCENE)), "PNG", exif=exif_of(6)))
    with Image.open(path) as opened:
        assert np.array_equal(load_picture(opened).pixels, load_picture(path).pixels)


@pytest.mark.parametrize("name", sorted(corpus.whole()))
@pytest.mark.parametrize("ending", [".png", ".jpg", ".txt", ""])
def test_the_ending_of_a_name_decides_nothing(name, ending, tmp_path):
    path = tmp_path / f"picture{ending}"
    path.write_bytes(corpus.whole()[name])
    right = load_picture(corpus.whole()[name])
    assert np.array_equal(load_picture(path).pixels, right.pixels)
    assert np.array_equal(load_picture(str(path)).pixels, right.pixels)


def test_transparency_is_kept():
    alpha = np.arange(SCENE.shape[0] * SCENE.shape[1], dtype=np.uint32).reshape(SCENE.shape[:2]) % 256
    data = np.dstack([SCENE, alpha.astype(np.uint8)])
    for form, how in (("PNG", {}), ("WEBP", {"lossless": True, "exact": True}), ("TIFF", {})):
        picture = load_picture(corpus.saved(data, form, **how))
        assert np.array_equal(picture.alpha, alpha)
        assert np.array_equal(picture.pixels, SCENE)


def test_a_clear_palette_colour_is_clear():
    indices = np.zeros((20, 20), np.uint8)
    indices[5:10] = 1
    image = Image.fromarray(indices, "L").convert("P")
    image.putpalette([255, 0, 0, 0, 255, 0])
    picture = load_picture(corpus.saved(image, "PNG", transparency=1))
    assert (picture.alpha[5:10] == 0).all()
    assert (picture.alpha[:5] == 255).all()
    assert tuple(picture.pixels[0, 0]) == (255, 0, 0)


WRONG_PLACES = {
    "missing": "nowhere.png",
    "missing folder": "no/where.png",
    "empty name": "",
    "null character": "bad\0name.png",
    "much too long": "x" * 5000,
    "a line feed": "two\nlines.png",
    "no text": "\udcff\udcfe.png",
    "unknown scheme": "nosuch://bucket/picture.png",
    "nothing in memory": "memory://nothing/here.png",
    "a folder": ".",
    "a device": "/dev/null",
    "through a file": "/dev/null/picture.png",
}


@pytest.mark.parametrize("name", WRONG_PLACES)
@pytest.mark.parametrize("kind", [str, Path, bytes])
def test_a_place_without_a_picture_is_one_line(name, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = WRONG_PLACES[name]
    place = text.encode("utf-8", "surrogateescape") if kind is bytes else kind(text)
    for before, after in ((place, SCENE), (SCENE, place)):
        with pytest.raises(LoadError) as caught:
            spotdiff.compare(before, after)
        assert len(str(caught.value).splitlines()) == 1


def test_a_file_without_permission_is_one_line(tmp_path):
    path = tmp_path / "mine.png"
    path.write_bytes(corpus.whole()["rgb.png"])
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        with pytest.raises(LoadError, match=r"mine\.png"):
            spotdiff.compare(path, SCENE)
    else:
        pytest.skip("this user may read everything")


@pytest.mark.parametrize("share", [0.3, 0.7])
@pytest.mark.parametrize("name", sorted(corpus.whole()))
def test_an_opened_picture_that_is_cut_is_one_line(name, share, tmp_path):
    """Pillow decodes when the pixels are asked for, which is in our hands by then."""
    path = tmp_path / name
    path.write_bytes(corpus.whole()[name][: int(len(corpus.whole()[name]) * share)])
    try:
        opened = Image.open(path)
    except Exception:
        return
    with opened:
        try:
            told, size = "one line", load_picture(opened).size
        except SpotdiffError as error:
            told, size = str(error), corpus.SIZE
    assert len(told.splitlines()) == 1
    assert size == corpus.SIZE

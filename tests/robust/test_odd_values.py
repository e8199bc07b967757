"""Arrays, Pillow images and other things that a caller may hand over."""

from __future__ import annotations

from io import BytesIO, StringIO

import numpy as np
import pytest
from PIL import Image

import spotdiff
from robust import corpus
from spotdiff.errors import LoadError, SpotdiffError
from spotdiff.image import load_picture

SCENE = corpus.scene()
GREY = SCENE[..., 0]
RAMP = np.linspace(0, 1, GREY.size).reshape(GREY.shape)

READ = {
    "grey": GREY,
    "grey, one channel": GREY[..., None],
    "grey and alpha": SCENE[..., :2],
    "rgba": np.dstack([SCENE, GREY]),
    "bool": GREY > 100,
    "uint16": GREY.astype(np.uint16) * 257,
    "uint16 of 12 bits": GREY.astype(np.uint16) * 16,
    "uint32": GREY.astype(np.uint32) * 1_000_000,
    "uint64": GREY.astype(np.uint64) * 10**15,
    "int8": (GREY >> 1).astype(np.int8),
    "int16": SCENE.astype(np.int16),
    "int64": SCENE.astype(np.int64),
    "int64, as large as they come": np.where(GREY > 100, np.iinfo(np.int64).max, 0),
    "float16": RAMP.astype(np.float16),
    "float32": SCENE.astype(np.float32) / 255,
    "float64 to 255": SCENE.astype(np.float64),
    "float64, tiny": RAMP * 1e-300,
    "float64, subnormal": RAMP * 1e-310,
    "float32, flat": np.full(GREY.shape, 0.25, np.float32),
    "longdouble": RAMP.astype(np.longdouble),
    "big endian": (GREY.astype(np.uint16) * 257).astype(">u2"),
    "upside down view": SCENE[::-1, ::-1],
    "every second pixel": np.repeat(SCENE, 2, 1)[:, ::2],
    "column order": np.asfortranarray(SCENE),
    "read only": np.frombuffer(SCENE.tobytes(), np.uint8).reshape(SCENE.shape),
    "one pixel": np.zeros((1, 1, 3), np.uint8),
    "one row": SCENE[:1],
    "one column": SCENE[:, :1],
    "two by two": SCENE[:2, :2],
    "all clear": np.zeros((*GREY.shape, 4), np.uint8),
}
REFUSED = {
    "not a number": np.where(RAMP > 0.5, np.nan, RAMP),
    "infinite": np.where(RAMP > 0.5, np.inf, RAMP).astype(np.float32),
    "all nan": np.full(GREY.shape, np.nan),
    "int8, negative": GREY.astype(np.int8),
    "int16, negative": SCENE.astype(np.int16) - 128,
    "int64, negative": np.where(GREY > 100, np.iinfo(np.int64).max, np.iinfo(np.int64).min),
    "masked": np.ma.masked_less(SCENE, 100),
    "float64, as large as they come": (RAMP - 0.5) * np.finfo(np.float64).max * 2,
    "float64, negative": RAMP - 0.5,
    "float64, large": RAMP * 1e30,
    "float64, beyond float32": RAMP * 1e300,
    "float64, one hot pixel": np.where(RAMP == 1, 1e12, RAMP),
    "float32, flat and large": np.full(GREY.shape, 1e9, np.float32),
    "float32, flat and negative": np.full(GREY.shape, -7, np.float32),
    "float64, of a mean": SCENE * 0.5,
    "complex": RAMP.astype(complex),
    "objects": GREY.astype(object),
    "texts": GREY.astype(str),
    "dates": GREY.astype("datetime64[s]"),
    "records": np.zeros((4, 4), [("r", "u1"), ("g", "u1")]),
    "a number": np.array(3),
    "a line": GREY[0],
    "four sides": SCENE[None],
    "five channels": np.zeros((9, 9, 5), np.uint8),
    "no channels": np.zeros((9, 9, 0), np.uint8),
    "channels first": np.zeros((3, 40, 40), np.uint8),
    "no rows": np.zeros((0, 9, 3), np.uint8),
    "no columns": np.zeros((9, 0), np.uint8),
    "none": None,
    "a whole number": 7,
    "a list": [[1, 2], [3, 4]],
    "a type": np.ndarray,
    "a text file": StringIO("not bytes"),
    "an empty file": BytesIO(),
    "bytes of nothing": b"",
    "a picture of no width": Image.new("RGB", (0, 5)),
    "a float picture of nan": Image.fromarray(np.full((9, 9), np.nan, np.float32)),
}
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F")


@pytest.mark.parametrize("name", READ)
def test_numbers_of_any_type_are_a_picture(name, checked):
    values = READ[name]
    kept = values.copy()
    after = values.copy()
    found = spotdiff.compare(values, after)
    checked(found)
    assert found.verdict == "same"
    assert np.array_equal(values, kept)
    assert found.pair.before.pixels.dtype == np.uint8
    assert found.pair.before.pixels.shape == (*values.shape[:2], 3)
    assert not np.shares_memory(found.pair.before.pixels, values)


@pytest.mark.parametrize("name", READ)
def test_any_two_types_can_be_compared(name, checked):
    for before, after in ((SCENE, READ[name]), (READ[name], SCENE)):
        checked(spotdiff.compare(before, after))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_is_refused_in_one_line(name):
    for before, after in ((REFUSED[name], SCENE), (SCENE, REFUSED[name])):
        with pytest.raises(LoadError) as caught:
            spotdiff.compare(before, after)
        assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_pillow_is_read(mode, checked):
    image = Image.fromarray(SCENE)
    if mode in ("RGBa", "PA"):
        image = image.convert({"RGBa": "RGBA", "PA": "P"}[mode])
    elif mode == "LAB":
        from PIL import ImageCms

        spaces = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image, *spaces, outputMode="LAB")
    checked(spotdiff.compare(SCENE, image.convert(mode)))


@pytest.mark.parametrize("mode", ["RGBX", "YCbCr", "HSV"])
def test_a_picture_in_another_mode_looks_alike(mode):
    apart = load_picture(Image.fromarray(SCENE).convert(mode)).pixels.astype(int) - SCENE
    assert np.abs(apart).mean() < 4


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I;16L"])
def test_deep_grey_of_pillow_keeps_its_values(mode):
    deep = np.arange(36 * 44, dtype=np.uint16).reshape(36, 44) * 40
    image = Image.frombytes(mode, (44, 36), deep.astype(">u2" if mode.endswith("B") else "<u2").tobytes())
    pixels = load_picture(image).pixels[..., 0]
    assert np.array_equal(pixels, load_picture(deep).pixels[..., 0])


def test_files_in_memory_are_read():
    data = corpus.whole()["rgb.png"]
    for source in (BytesIO(data), data, bytearray(data), memoryview(data)):
        assert np.array_equal(load_picture(source).pixels, SCENE)


class Surprising:
    """A file that gives what no file should."""

    def __init__(self, given):
        self.given = given

    def read(self, size=-1):
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


@pytest.mark.parametrize("given", [None, "text", 7, OSError("gone"), ValueError("closed")], ids=repr)
def test_a_file_that_misbehaves_is_one_line(given):
    with pytest.raises(SpotdiffError) as caught:
        spotdiff.compare(Surprising(given), SCENE)
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_already_closed_is_one_line(tmp_path):
    path = tmp_path / "closed.png"
    path.write_bytes(corpus.whole()["rgb.png"])
    with path.open("rb") as file:
        pass
    with pytest.raises(SpotdiffError):
        spotdiff.compare(file, SCENE)


def test_a_picture_is_not_changed_by_writing_to_its_source():
    source = SCENE.copy()
    found = spotdiff.compare(source, SCENE)
    source[:] = 0
    assert np.array_equal(found.pair.before.pixels, SCENE)

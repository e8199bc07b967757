"""Limits hold before anything is decoded, whatever the picture is read for, and libraries say nothing of their own."""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
import tracemalloc
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

import spotdiff
from robust import corpus
from spotdiff.data.dataset import read_mask
from spotdiff.data.picture_size import picture_size
from spotdiff.errors import DataError, LoadError
from spotdiff.image import load_picture
from spotdiff.image.capture_time import date_in_exif

COLOURS = {
    "grey": (8, 0),
    "deep grey": (16, 0),
    "rgb": (8, 2),
    "deep rgb": (16, 2),
    "palette": (8, 3),
    "with alpha": (8, 4),
}
KINDS = {name: {"depth": depth, "colour": colour} for name, (depth, colour) in COLOURS.items()}
KINDS |= {"interlaced": {"interlace": 1}, "rgba": {"colour": 6}}


@pytest.fixture
def undecoded(monkeypatch):
    """Fails whoever decodes: Pillow, OpenCV, kornia."""

    def decode(*_, **__):
        raise AssertionError("a pixel was decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    monkeypatch.setattr(cv2, "imdecode", decode)
    monkeypatch.setattr("kornia_rs.io.decode_image_png_u8", decode)


@pytest.mark.parametrize("size", [(44, 268_435_492), (20_000, 20_000), (2**31 - 1, 1)])
@pytest.mark.parametrize("kind", KINDS)
def test_no_png_is_decoded_that_is_too_large(kind, size, undecoded):
    data = corpus.png(*size, **KINDS[kind])
    for read in (load_picture, lambda data: spotdiff.compare(np.zeros((4, 4), np.uint8), data)):
        with pytest.raises(LoadError, match="--max-pixels"):
            read(data)


@pytest.mark.parametrize("chunk", [b"tRNS", b"eXIf", b"acTL"])
def test_nor_one_that_takes_the_other_way(chunk, undecoded):
    data = corpus.with_chunk(corpus.png(20_000, 20_000), chunk, bytes(8), late=True)
    with pytest.raises(LoadError, match="--max-pixels"):
        load_picture(data)


@pytest.mark.parametrize("name", sorted(corpus.whole()))
def test_no_format_is_decoded_that_is_too_large(name, undecoded):
    with pytest.raises(LoadError, match="--max-pixels"):
        load_picture(corpus.whole()[name], options=spotdiff.Options(max_pixels=0.001))


def test_a_picture_to_ignore_is_limited_too(undecoded):
    with pytest.raises(LoadError, match="--max-pixels"):
        spotdiff.compare(corpus.scene(), corpus.scene(), ignore_mask=corpus.png(20_000, 20_000, colour=0))


def test_a_mask_of_a_dataset_is_limited_too(tmp_path, undecoded):
    path = tmp_path / "mask.png"
    path.write_bytes(corpus.png(20_000, 20_000, colour=0))
    with pytest.raises(DataError, match=r"more than 200 million pixels$"):
        read_mask(path)


def gif(*frames: tuple[int, int]) -> bytes:
    """A GIF of a 4 x 4 screen whose frames claim to be of some sizes."""
    data = b"GIF89a\4\0\4\0\x80\0\0" + b"\0\0\0\xff\xff\xff"
    for size in frames:
        data += b"!\xf9\4\x08\0\0\0\0," + struct.pack("<HHHHB", 0, 0, *size, 0) + b"\2\2L\1\0"
    return data + b";"


@pytest.mark.parametrize("frames", [[(65_535, 65_535)], [(4, 4), (65_535, 65_535)]], ids=["first", "second"])
def test_room_is_made_for_no_frame_of_a_gif_that_is_too_large(frames):
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for page in range(1, len(frames) + 1):
        with pytest.raises(LoadError):
            load_picture(gif(*frames), options=spotdiff.Options(page=page))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < resident + 100_000  # kB
    assert Image.MAX_IMAGE_PIXELS == 89_478_485  # Pillow's own limit holds again


def tiff(*entries: tuple[int, int, int, int]) -> bytes:
    """A TIFF with the tags of grey and some more, each a number, its type, how many and the value."""
    tags = [*entries, (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 16)]
    packed = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + packed + bytes(4)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([(256, 9, 1, 40_000), (257, 9, 1, 40_000)], "does not say how large"),
        ([(256, 3, 1, 4), (256, 4, 1, 40_000), (257, 4, 1, 40_000)], "says twice"),
        ([(256, 3, 1, 4), (257, 3, 1, 4), (322, 4, 1, 60_000), (323, 4, 1, 60_000)], "--max-pixels"),
    ],
    ids=["signed", "twice", "tiles"],
)
def test_a_tiff_cannot_hide_how_large_it_is(entries, told, undecoded):
    with pytest.raises(LoadError, match=told):
        load_picture(tiff(*entries))


def test_an_image_that_was_opened_is_not_decoded_either(undecoded):
    with Image.open(BytesIO(corpus.png(9_000, 9_000, colour=0))) as image, pytest.raises(LoadError, match="--max-"):
        load_picture(image, options=spotdiff.Options(max_pixels=50))


def test_the_date_of_a_png_needs_no_pixel(tmp_path, undecoded):
    exif = Image.Exif()
    exif[0x0132] = "2020:01:02 03:04:05"
    path = tmp_path / "late.png"
    path.write_bytes(corpus.with_chunk(corpus.whole()["rgb.png"], b"eXIf", exif.tobytes()[6:], late=True))
    assert str(date_in_exif(path)) == "2020-01-02 03:04:05"
    path.write_bytes(corpus.whole()["rgb.png"])
    assert date_in_exif(path) is None


def test_a_header_that_lies_is_no_bug(tmp_path):
    path = tmp_path / "huge.png"
    path.write_bytes(corpus.png(200_000, 200_000, colour=0))
    assert date_in_exif(path) is None
    with pytest.raises(DataError, match="more pixels than can be used"):
        picture_size(path)


@pytest.mark.parametrize("sizes", [((20_000, 1), (1, 20_000)), ((15_000, 3), (3, 15_000))])
def test_the_canvas_of_two_pictures_is_limited(sizes):
    pictures = [np.zeros((high, wide, 3), np.uint8) for wide, high in sizes]
    tracemalloc.start()
    with pytest.raises(LoadError, match=r"both pictures, laid flush: .*--max-pixels"):
        spotdiff.compare(*pictures, align="off", method="pixel")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_so_is_that_of_pages_and_of_pictures_found_to_lie_flush():
    wide, high = np.zeros((1, 20_000, 3), np.uint8), np.zeros((20_000, 1, 3), np.uint8)
    high[::2] = 200
    with pytest.raises(LoadError, match=r"the rows of both pages: .*--max-pixels"):
        spotdiff.compare(wide, high, align="page", method="pixel")
    shared = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
    wide, high = (np.pad(shared, (*more, (0, 0))) for more in (((0, 0), (0, 1800)), ((0, 1800), (0, 0))))
    assert spotdiff.compare(wide, high, method="pixel").aligned.before.size == (2000, 2000)
    with pytest.raises(LoadError, match=r"both pictures, laid flush: .*--max-pixels"):
        spotdiff.compare(wide, high, method="pixel", max_pixels=3)


def test_a_canvas_within_the_limit_is_laid():
    wide, high = np.zeros((1, 300, 3), np.uint8), np.zeros((300, 1, 3), np.uint8)
    assert spotdiff.compare(wide, high, align="off", method="pixel").aligned.before.size == (300, 300)


def grumbling() -> dict[str, bytes]:
    """Files of which Pillow, libtiff or OpenCV has something to say."""
    rgb = Image.fromarray(corpus.scene())
    exif = Image.Exif()
    exif[0x010E] = "a description that is cut" * 4
    tif = bytearray(corpus.saved(rgb, "TIFF", exif=exif))
    tif += b"\0" * 8
    first = int.from_bytes(tif[4:8], "little")
    entries = range(first + 2, first + 2 + 12 * int.from_bytes(tif[first : first + 2], "little"), 12)
    many = bytearray(tif)
    for at in entries:
        tag = int.from_bytes(tif[at : at + 2], "little")
        if tag == 0x010E:
            tif[at + 4 : at + 12] = struct.pack("<II", 6, len(tif) - 3)
        if tag == 277:
            many[at + 8 : at + 10] = b"\xff\xff"
    packed = bytearray(corpus.saved(rgb, "TIFF", compression="tiff_lzw"))
    packed[60:90] = bytes(30)
    return {
        "a text that is cut": bytes(tif),
        "65535 channels": bytes(many),
        "a damaged strip": bytes(packed),
        "a deep one cut": corpus.whole()["rgb16.tif"][:-900],
        "a large one": corpus.saved(Image.new("1", (13_000, 8_000)), "TIFF", compression="group4"),
        "broken exif": corpus.with_chunk(corpus.whole()["rgb.png"], b"eXIf", b"II*\0\x08\0\0\0\xff\xff" + bytes(5)),
    }


@pytest.mark.parametrize("name", grumbling())
@pytest.mark.parametrize("more", [(), ("--json", "-")], ids=["text", "json"])
def test_libraries_say_nothing_on_the_terminal(name, more, tmp_path):
    path = tmp_path / "odd"
    path.write_bytes(grumbling()[name])
    command = [sys.executable, "-m", "spotdiff", "compare", path, path, "--method", "pixel", *more]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    lines = ran.stderr.splitlines()
    assert len(lines) == int(ran.returncode == 2)
    assert all(line.startswith("spotdiff: ") for line in lines)
    assert ran.returncode in (0, 2)


def test_a_png_with_much_behind_its_end_is_read():
    for name in ("rgb.png", "palette.png", "grey16.png"):
        data = corpus.whole()[name]
        long = data + zlib.compress(np.random.default_rng(0).bytes(9000)) + b"IEND\xaeB`\x82 and more"
        assert np.array_equal(load_picture(long).pixels, load_picture(data).pixels)


def test_nor_do_they_where_no_pair_is_compared(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "large.png").write_bytes(corpus.png(10_000, 9_000, colour=0))  # enough for Pillow to warn
    command = [sys.executable, "-m", "spotdiff", "synth", "--photos", tmp_path / "photos", "--out", tmp_path / "made"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1

import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from spotdiff.quick_identity import identical_pictures, jpeg_size, png_size


def encoded(mode="RGB", kind="PNG", size=(37, 21), **more):
    pixels = np.random.default_rng(3).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    target = BytesIO()
    Image.fromarray(pixels).convert(mode).save(target, kind, **more)
    return target.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_whole_png(mode):
    assert png_size(encoded(mode)) == (37, 21)


@pytest.mark.parametrize("more", [{}, {"progressive": True}, {"quality": 30, "subsampling": 0}], ids=str)
def test_whole_jpeg(more):
    assert jpeg_size(encoded(kind="JPEG", **more)) == (37, 21)


def test_every_damaged_byte_of_a_png_is_seen():
    data = encoded(size=(9, 7))
    for at in range(len(data)):
        bad = bytearray(data)
        bad[at] ^= 0x41
        assert png_size(bytes(bad)) is None, at


def test_every_cut_is_seen():
    png, jpeg = encoded(size=(9, 7)), encoded(kind="JPEG", size=(9, 7))
    assert not any(png_size(png[:end]) for end in range(len(png)))
    assert not any(jpeg_size(jpeg[:end]) for end in range(len(jpeg)))
    assert png_size(png + b"x") == (9, 7)
    assert png_size(png + b"IEND\xaeB`\x82") == (9, 7)
    assert jpeg_size(jpeg + b"x") is None


def chunk(kind, content):
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


@pytest.mark.parametrize("header", [b"\x07\x02\0\0\0", b"\x08\x05\0\0\0", b"\x08\x03\0\0\0", b"\x08\x02\x01\0\0"])
def test_a_header_that_cannot_be_is_not_whole(header):
    size = (37).to_bytes(4, "big") * 2
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size + header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    assert png_size(data) is None


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff" + b"garbage" * 9 + b"\xff\xd9", b"GIF89a"])
def test_what_is_neither(data):
    assert png_size(data) is None
    assert jpeg_size(data) is None


def test_identical(tmp_path):
    one, other, third = (tmp_path / name for name in ("one", "other", "third"))
    one.write_bytes(encoded())
    other.write_bytes(encoded())
    third.write_bytes(encoded(compress_level=0))
    assert identical_pictures(str(one), str(other), max_pixels=1)
    assert not identical_pictures(str(one), str(other), max_pixels=0.0001)
    assert not identical_pictures(str(one), str(third), max_pixels=1)
    assert not identical_pictures(str(one), str(tmp_path / "none"), max_pixels=1)
    assert not identical_pictures(str(one), str(tmp_path), max_pixels=1)
    assert not identical_pictures("\0", "\0", max_pixels=1)


def test_difference_in_the_last_byte(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    data = encoded(size=(400, 400), compress_level=0)
    one.write_bytes(data)
    other.write_bytes(data[:-1] + b"\x83")
    assert not identical_pictures(str(one), str(other), max_pixels=1)
    assert not identical_pictures(str(other), str(one), max_pixels=1)

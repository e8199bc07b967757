import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from spotdiff.quick_identity import identical_pictures, jpeg_size, png_size, sound_png


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


def png_of(rows, *, size=(5, 4), colour=2, depth=8, extra=(), data=None):
    """A PNG with right checksums around whatever pixels it is given."""
    header = size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big") + bytes([depth, colour, 0, 0, 0])
    body = b"".join(chunk(*one) for one in extra)
    packed = zlib.compress(rows) if data is None else data
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


ROWS = (b"\0" + bytes(15)) * 4
UNSOUND = {
    "too few rows": png_of(ROWS[:-1]),
    "too many rows": png_of(ROWS + b"\0"),
    "no rows": png_of(b""),
    "an unknown filter": png_of(b"\5" + ROWS[1:]),
    "an unknown filter in the last row": png_of(ROWS[:-16] + b"\x09" + bytes(15)),
    "no zlib": png_of(b"", data=b"nonsense"),
    "zlib cut": png_of(b"", data=zlib.compress(ROWS)[:-5]),
    "a wrong sum of zlib": png_of(b"", data=zlib.compress(ROWS)[:-1] + b"!"),
    "bytes after zlib": png_of(b"", data=zlib.compress(ROWS) + b"!"),
    "a palette of none": png_of((b"\0" + bytes(5)) * 4, colour=3, extra=[(b"PLTE", b"")]),
    "half a colour": png_of((b"\0" + bytes(5)) * 4, colour=3, extra=[(b"PLTE", b"12345")]),
    "two headers": png_of(ROWS, extra=[(b"IHDR", bytes(13))]),
    "an unknown chunk that must be known": png_of(ROWS, extra=[(b"ABCD", b"")]),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_what_no_decoder_need_read_is_not_sound(name):
    assert not (png_size(UNSOUND[name]) and sound_png(UNSOUND[name]))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (37, 21), (300, 200)])
def test_a_whole_png_is_sound(mode, size):
    assert sound_png(encoded(mode, size=size))
    assert sound_png(encoded(mode, size=size, compress_level=0))


def cut_short(data):
    """A JPEG whose scans are cut, but which has its end mark."""
    return data[: len(data) // 2] + b"\xff\xd9"


def with_marks(data):
    """A progressive JPEG in whose last scan stands a mark that ends it too early."""
    at = data.rindex(b"\xff\xda") + 14
    return data[:at] + b"\xff\xd8" + data[at + 2 :]


DAMAGED = {f"{name}.png": data for name, data in UNSOUND.items()} | {
    "cut.jpg": cut_short(encoded(kind="JPEG", size=(200, 100))),
    "cut progressive.jpg": cut_short(encoded(kind="JPEG", size=(200, 100), progressive=True)),
    "marks.jpg": with_marks(encoded(kind="JPEG", size=(200, 100), progressive=True)),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_has_one_answer_in_both_ways(name, tmp_path, spotdiff):
    path = tmp_path / name
    path.write_bytes(DAMAGED[name])
    pair = "compare", path, path, "--method", "pixel"
    short, long = spotdiff(*pair), spotdiff(*pair, "--json", "-")
    assert short.code == long.code
    assert short.err == long.err


def test_files_of_several_pages_take_the_long_way(tmp_path, spotdiff):
    page = Image.fromarray(np.zeros((9, 9, 3), np.uint8))
    for form in ("PNG", "MPO"):
        path = tmp_path / f"pages.{form}"
        page.save(path, form, save_all=True, append_images=[Image.fromarray(np.full((9, 9, 3), 99, np.uint8))])
        assert not identical_pictures(str(path), str(path), max_pixels=1)
        assert "Only page 1 was compared" in spotdiff("compare", path, path, "--method", "pixel").out

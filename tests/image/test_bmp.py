"""BMP files of every kind, made here byte by byte: each gives its picture, or one line that names its kind."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

import spotdiff
from robust import corpus
from spotdiff.errors import LoadError
from spotdiff.image import load_picture

SIZES = [(1, 1), (2, 3), (7, 5), (8, 4), (33, 2)]
PALETTE = np.random.default_rng(1).integers(0, 256, (256, 3), np.uint8)


def bmp(
    size,
    bits,
    pixels,
    *,
    packing=0,
    header=40,
    palette=None,
    used=None,
    masks=(),
    gap=0,
    length=None,
    planes=1,
):
    """A BMP of what it is told; masks stand behind a header of 40 bytes and in longer ones."""
    width, height = size
    body = struct.pack(
        "<iiHHIIiiII", width, height, planes, bits, packing, len(pixels) if length is None else length, 0, 0, 0, 0
    )
    if header == 12:
        body = struct.pack("<HHHH", width, height, planes, bits)
    if palette is not None and used is not None:
        body = body[:28] + struct.pack("<I", used) + body[32:]
    packed = b"".join(struct.pack("<I", mask) for mask in masks)
    head = struct.pack("<I", header) + (body + (packed if header > 40 else b"")).ljust(header - 4, b"\0")[: header - 4]
    colours = b""
    if palette is not None:
        rest = b"" if header == 12 else b"\0"
        colours = b"".join(bytes(colour[::-1]) + rest for colour in palette)
    before = head + (packed if header == 40 else b"") + colours + bytes(gap)
    return b"BM" + struct.pack("<IHHI", 14 + len(before) + len(pixels), 0, 0, 14 + len(before)) + before + pixels


def rows(values, bits):
    """Indices or numbers (H, W) as rows from the bottom up, each filled up to four bytes."""
    packed = []
    for row in values[::-1]:
        if bits < 8:
            text = "".join(f"{int(value):0{bits}b}" for value in row)
            data = int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")
        else:
            data = b"".join(int(value).to_bytes(bits // 8, "little") for value in row)
        packed.append(data.ljust(-(-len(data) // 4) * 4, b"\0"))
    return b"".join(packed)


def indices(size, bits, *, seed=0):
    return np.random.default_rng(seed).integers(0, 1 << bits, size[::-1])


def colours(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)


def numbers(pixels, masks, alpha=None):
    """Pixels (H, W, 3) as numbers with the masks' channels, and what they say of 0..255 after that."""
    channels = [*np.moveaxis(pixels.astype(np.uint64), -1, 0), *([] if alpha is None else [alpha.astype(np.uint64)])]
    total, told = np.zeros(pixels.shape[:2], np.uint64), []
    for channel, mask in zip(channels, masks, strict=True):
        shift = (mask & -mask).bit_length() - 1
        highest = mask >> shift
        value = np.rint(channel.astype(float) * highest / 255).astype(np.uint64)
        total |= value << np.uint64(shift)
        told.append(np.rint(value.astype(float) * 255 / highest).astype(np.uint8))
    return total, np.stack(told, -1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("header", [12, 16, 40, 52, 56, 64, 108, 124])
def test_palettes(size, bits, header):
    values = indices(size, bits)
    data = bmp(size, bits, rows(values, bits), header=header, palette=PALETTE[: 1 << bits])
    assert np.array_equal(load_picture(data).pixels, PALETTE[values])


@pytest.mark.parametrize("count", [1, 3, 17, 200, 256, 300])
def test_a_palette_of_any_length(count):
    values = indices((9, 5), 8) % min(count, 256)
    palette = np.resize(PALETTE, (count, 3))
    data = bmp((9, 5), 8, rows(values, 8), palette=palette, used=count, gap=6)
    assert np.array_equal(load_picture(data).pixels, palette[values])


def test_a_short_palette_of_os2_ends_where_the_pixels_begin():
    values = indices((9, 5), 8)
    data = bmp((9, 5), 8, rows(values, 8), header=12, palette=PALETTE[:100])
    right = PALETTE.copy()
    right[100:] = 0
    assert np.array_equal(load_picture(data).pixels, right[values])


@pytest.mark.parametrize("header", [12, 40, 64, 124])
@pytest.mark.parametrize("size", SIZES)
def test_24_bits(size, header):
    pixels = colours(size)
    codes = pixels.astype(int) @ [1 << 16, 1 << 8, 1]
    assert np.array_equal(load_picture(bmp(size, 24, rows(codes, 24), header=header)).pixels, pixels)


FIELDS = {
    "565": (16, (0xF800, 0x7E0, 0x1F)),
    "555": (16, (0x7C00, 0x3E0, 0x1F)),
    "444": (16, (0xF00, 0xF0, 0xF)),
    "231": (16, (0x60, 0x1C, 0x2)),
    "bgr of 16": (16, (0x1F, 0x7E0, 0xF800)),
    "888": (32, (0xFF0000, 0xFF00, 0xFF)),
    "bgrx": (32, (0xFF, 0xFF00, 0xFF0000)),
    "rgbx": (32, (0xFF000000, 0xFF0000, 0xFF00)),
    "ten bits": (32, (0x3FF00000, 0xFFC00, 0x3FF)),
    "7187": (32, (0x7F << 25, 0x3FFFF << 7, 0x7F)),
}


@pytest.mark.parametrize("header", [40, 52, 56, 108, 124])
@pytest.mark.parametrize("name", FIELDS)
def test_bit_fields(name, header):
    bits, masks = FIELDS[name]
    codes, told = numbers(colours((7, 5)), masks)
    data = bmp((7, 5), bits, rows(codes, bits), packing=3, header=header, masks=masks)
    picture = load_picture(data)
    assert np.array_equal(picture.pixels, told)
    assert picture.alpha is None


ALPHAS = {
    "4444": (16, (0xF00, 0xF0, 0xF, 0xF000)),
    "5551": (16, (0x7C00, 0x3E0, 0x1F, 0x8000)),
    "8888": (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
    "1010102": (32, (0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000)),
}


@pytest.mark.parametrize(("packing", "header"), [(3, 56), (3, 108), (3, 124), (6, 40)])
@pytest.mark.parametrize("name", ALPHAS)
def test_bit_fields_with_opacity(name, packing, header):
    bits, masks = ALPHAS[name]
    pixels, alpha = colours((7, 5)), np.random.default_rng(5).integers(0, 256, (5, 7))
    codes, told = numbers(pixels, masks, alpha)
    picture = load_picture(bmp((7, 5), bits, rows(codes, bits), packing=packing, header=header, masks=masks))
    assert np.array_equal(picture.pixels, told[..., :3])
    assert np.array_equal(picture.alpha, told[..., 3])


def test_an_opacity_that_is_nowhere_set_is_none():
    bits, masks = ALPHAS["8888"]
    codes, told = numbers(colours((7, 5)), masks, np.zeros((5, 7)))
    picture = load_picture(bmp((7, 5), bits, rows(codes, bits), packing=3, header=108, masks=masks))
    assert picture.alpha is None
    assert np.array_equal(picture.pixels, told[..., :3])


def test_the_fourth_byte_without_masks_means_nothing():
    pixels = colours((7, 5))
    codes = pixels.astype(int) @ [1 << 16, 1 << 8, 1] | 0x7F000000
    picture = load_picture(bmp((7, 5), 32, rows(codes, 32)))
    assert np.array_equal(picture.pixels, pixels)
    assert picture.alpha is None


def test_16_bits_without_masks_are_555():
    codes, told = numbers(colours((7, 5)), FIELDS["555"][1])
    assert np.array_equal(load_picture(bmp((7, 5), 16, rows(codes, 16))).pixels, told)


def test_the_first_row_on_top():
    values = indices((7, 5), 8)
    data = bmp((7, -5), 8, rows(values[::-1], 8), palette=PALETTE)
    assert np.array_equal(load_picture(data).pixels, PALETTE[values])


def runs(values, four_bits):
    """Rows as runs, absolute pieces and steps, from the bottom up."""
    data = b""
    for row in values[::-1]:
        at = 0
        while at < len(row):
            same = 1
            while at + same < len(row) and row[at + same] == row[at] and same < 255:
                same += 1
            if same > 1:
                code = row[at] * 17 if four_bits else row[at]
                data += bytes([same, code])
            else:
                piece = row[at : at + 9]
                same = len(piece)
                if same < 3:
                    data += b"".join(bytes([1, v * 17 if four_bits else v]) for v in piece)
                else:
                    packed = bytes(piece)
                    if four_bits:
                        even = [*piece, 0][: same + same % 2]
                        packed = bytes(a << 4 | b for a, b in zip(even[::2], even[1::2], strict=True))
                    data += bytes([0, same]) + packed + bytes(len(packed) % 2)
            at += same
        data += b"\0\0"
    return data + b"\0\1"


@pytest.mark.parametrize("size", [*SIZES, (300, 3)])
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("header", [40, 64, 124])
def test_runs(size, bits, header):
    values = np.where(indices(size, 1, seed=3) > 0, indices(size, bits), 5).tolist()
    data = bmp(
        size, bits, runs(values, bits == 4), packing=2 if bits == 4 else 1, header=header, palette=PALETTE[: 1 << bits]
    )
    assert np.array_equal(load_picture(data).pixels, PALETTE[np.array(values)])


@pytest.mark.parametrize(("bits", "packing"), [(4, 2), (8, 1)])
def test_what_steps_and_early_ends_leave_out_is_the_first_colour(bits, packing):
    code = 0x33 if bits == 4 else 3
    data = bytes([2, code, 0, 2, 3, 1, 4, code, 0, 0, 1, code, 0, 1])  # 2, three right and one up, 4, next row, 1, end
    values = np.zeros((5, 9), int)
    values[4, :2] = values[3, 5:9] = values[2, 0] = 3
    picture = load_picture(bmp((9, 5), bits, data, packing=packing, palette=PALETTE[: 1 << bits]))
    assert np.array_equal(picture.pixels, PALETTE[values])


def test_runs_of_colours_of_os2():
    pixels = colours((4, 2))
    data = b"".join(
        b"".join(bytes([1, *pixel[::-1]]) for pixel in row.tolist()[:1])
        + bytes([0, 3])
        + row[1:, ::-1].tobytes()
        + b"\0"
        + b"\0\0"
        for row in pixels[::-1]
    )
    picture = load_picture(bmp((4, 2), 24, data + b"\0\1", packing=4, header=64))
    assert np.array_equal(picture.pixels, pixels)


@pytest.mark.parametrize(("form", "packing"), [("PNG", 5), ("JPEG", 4)])
@pytest.mark.parametrize("header", [40, 108, 124])
def test_a_whole_file_inside(form, packing, header):
    inner = corpus.saved(corpus.scene(), form)
    data = bmp(corpus.SIZE, 0, inner, packing=packing, header=header)
    assert np.array_equal(load_picture(data).pixels, load_picture(inner).pixels)


@pytest.mark.parametrize("inner", [b"", b"no picture", bmp((4, 4), 24, bytes(48))])
def test_something_else_inside_is_damage(inner):
    for packing in (4, 5):
        data = bmp(corpus.SIZE, 0, inner, packing=packing)
        for start in (struct.unpack_from("<I", data, 10)[0], 0):
            with pytest.raises(LoadError, match="damaged"):
                load_picture(data[:10] + struct.pack("<I", start) + data[14:])


def test_a_profile_behind_the_pixels_is_no_harm():
    pixels = colours((7, 5))
    data = bmp((7, 5), 24, rows(pixels.astype(int) @ [1 << 16, 1 << 8, 1], 24), header=124) + bytes(500)
    assert np.array_equal(load_picture(data).pixels, pixels)


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ({"bits": 1, "packing": 3, "header": 64}, "Huffman 1D"),
        ({"bits": 64}, "64 bits a pixel"),
        ({"bits": 3}, "3 bits a pixel"),
        ({"bits": 8, "packing": 11}, "compression 11"),
        ({"bits": 24, "packing": 1}, "24 bits a pixel, compression 1"),
    ],
)
def test_a_kind_that_is_not_read_is_not_called_damaged(how, kind):
    how = dict(how)
    with pytest.raises(LoadError) as caught:
        load_picture(bmp((8, 4), how.pop("bits"), bytes(400), **how))
    assert kind in str(caught.value)
    assert "is not read: save it as PNG" in str(caught.value)


def sound():
    values = indices((9, 5), 8)
    yield bmp((9, 5), 8, rows(values, 8), palette=PALETTE)
    yield bmp((9, 5), 8, runs(values.tolist(), four_bits=False), packing=1, palette=PALETTE)
    codes, _ = numbers(colours((9, 5)), FIELDS["565"][1])
    yield bmp((9, 5), 16, rows(codes, 16), packing=3, masks=FIELDS["565"][1])


@pytest.mark.parametrize("data", list(sound()), ids=["rows", "runs", "fields"])
def test_every_cut_is_seen(data):
    right = load_picture(data).pixels
    for end in range(len(data)):
        try:
            pixels = load_picture(data[:end]).pixels
        except LoadError:
            continue
        assert np.array_equal(pixels, right), end  # what fills the last row up, or ends the runs, may be missing


@pytest.mark.parametrize(
    "how",
    [
        {"size": (0, 4)},
        {"size": (4, 0)},
        {"size": (-4, 4)},
        {"planes": 2},
        {"bits": 16, "packing": 3, "masks": (0, 0, 0)},
        {"bits": 16, "packing": 3, "masks": (0xF0F0, 0, 0xF)},
        {"packing": 1, "pixels": bytes([4, 1] * 3)},
        {"packing": 1, "pixels": bytes([9, 1, 0, 0] * 9)},
    ],
)
def test_what_cannot_be_is_damaged(how):
    how = {"size": (9, 5), "bits": 8, "pixels": bytes(400), "palette": PALETTE} | how
    with pytest.raises(LoadError, match="damaged"):
        load_picture(bmp(how.pop("size"), how.pop("bits"), how.pop("pixels"), **how))


def test_the_limit_holds_before_a_pixel_is_made():
    for how in ({}, {"packing": 1}):
        with pytest.raises(LoadError, match="--max-pixels"):
            load_picture(bmp((60_000, 60_000), 8, b"\0\1", palette=PALETTE, **how))


def test_it_compares_equal_to_the_same_picture_in_another_format():
    codes, told = numbers(corpus.scene(), FIELDS["565"][1])
    data = bmp(corpus.SIZE, 16, rows(codes, 16), packing=3, masks=FIELDS["565"][1])
    answer = spotdiff.compare(
        corpus.saved(Image.fromarray(told), "PNG"), data, method="pixel", align="off", light="off"
    )
    assert answer.text == "No change found. The pictures are equal to the last pixel."

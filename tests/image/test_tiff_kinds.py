"""TIFF files of every depth and number of channels: each gives its picture, or one line that names its kind."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from robust import corpus
from spotdiff.errors import LoadError
from spotdiff.image import load_picture

SCENE = corpus.scene()
FOUR, SIX = np.dstack([SCENE, SCENE[..., 0]]), np.dstack([SCENE, SCENE])
OPAQUE = np.dstack([SCENE, np.full(SCENE.shape[:2], 255, np.uint8)])
GREY, RGB, SEPARATED = 1, 2, 5
FLOAT = 3


def tiff(values, photometric, *, form=1, extra=(), planes=1, order="<"):
    """A TIFF of one strip, or of one a plane, of values (H, W[, N]) of any type."""
    height, width = values.shape[:2]
    samples = values.shape[2] if values.ndim == 3 else 1
    pixels = np.ascontiguousarray(np.moveaxis(values, -1, 0) if planes == 2 else values)
    body = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    strips = samples if planes == 2 else 1
    bits = values.dtype.itemsize * 8
    tags = {
        256: [width],
        257: [height],
        258: [bits] * samples,
        259: [1],
        262: [photometric],
        273: [8 + i * len(body) // strips for i in range(strips)],
        277: [samples],
        278: [height],
        279: [len(body) // strips] * strips,
        284: [planes],
        338: list(extra),
        339: [form] * samples,
    }
    tags = {tag: numbers for tag, numbers in tags.items() if numbers}
    start = 8 + len(body)
    beyond, far = start + 2 + 12 * len(tags) + 4, b""
    entries = b""
    for tag, numbers in tags.items():
        kind, code = (4, "I") if tag in (273, 279) else (3, "H")
        packed = struct.pack(f"{order}{len(numbers)}{code}", *numbers)
        if len(packed) > 4:
            packed, far = struct.pack(f"{order}I", beyond + len(far)), far + packed
        entries += struct.pack(f"{order}HHI", tag, kind, len(numbers)) + packed.ljust(4, b"\0")
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, start)
    return head + body + struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + far


def deep(values):
    return values.astype(np.uint16) * 257


READ = {
    "rgb": tiff(SCENE, RGB),
    "rgb of planes": tiff(SCENE, RGB, planes=2),
    "rgb of 16 bits": tiff(deep(SCENE), RGB),
    "rgb of 16 bits, big-endian": tiff(deep(SCENE), RGB, order=">"),
    "rgb and what is not opacity": tiff(FOUR, RGB, extra=[0]),
    "rgb and what is not opacity, of 16 bits": tiff(deep(FOUR), RGB, extra=[0]),
    "rgba": tiff(OPAQUE, RGB, extra=[2]),
    "rgba of 16 bits": tiff(deep(OPAQUE), RGB, extra=[2]),
    "rgba that does not say so, of 16 bits": tiff(deep(OPAQUE), RGB),
    "rgb and three more": tiff(SIX, RGB, extra=[0, 0, 0]),
    "rgba and one more": tiff(np.dstack([OPAQUE, SCENE[..., 0]]), RGB, extra=[2, 0]),
    "rgb of floats": tiff(SCENE.astype(np.float32) / 255, RGB, form=FLOAT),
    "rgb of floats, big-endian": tiff(SCENE.astype(np.float32) / 255, RGB, form=FLOAT, order=">"),
    "rgb of doubles": tiff(SCENE / 255, RGB, form=FLOAT),
    "rgba of floats": tiff(OPAQUE.astype(np.float32) / 255, RGB, form=FLOAT, extra=[2]),
    "cmyk": tiff(255 - OPAQUE, SEPARATED),
    "cmyk of 16 bits": tiff(deep(255 - OPAQUE), SEPARATED),
}


@pytest.mark.parametrize("name", READ)
def test_colours(name):
    picture = load_picture(READ[name])
    assert np.array_equal(picture.pixels, SCENE)
    assert picture.alpha is None or (picture.alpha == 255).all()


@pytest.mark.parametrize(
    "values", [SCENE[..., 0] / np.float32(255), SCENE[..., 0] / 255, deep(SCENE[..., 0]), SCENE[..., 0]]
)
@pytest.mark.parametrize("order", "<>")
def test_grey(values, order):
    data = tiff(values, GREY, form=FLOAT if values.dtype.kind == "f" else 1, order=order)
    assert np.array_equal(load_picture(data).pixels, np.repeat(SCENE[..., :1], 3, axis=2))


def test_opacity_of_16_bits_is_kept():
    alpha = np.arange(SCENE[..., 0].size).reshape(SCENE.shape[:2]) % 256
    picture = load_picture(tiff(deep(np.dstack([SCENE, alpha.astype(np.uint8)])), RGB, extra=[2]))
    assert np.array_equal(picture.alpha, alpha)


NOT_READ = {
    "4 channels of 8 bits": tiff(FOUR, GREY, extra=[0, 0, 0]),
    "6 channels of 8 bits": tiff(SIX, GREY, extra=[0] * 5),
    "6 channels of 16 bits": tiff(deep(SIX), RGB, extra=[0, 0, 0]),
    "5 channels of 16 bits": tiff(deep(SIX[..., :5]), RGB, extra=[2, 0]),
    "6 channels of 8 bits in separate planes": tiff(SIX, GREY, extra=[0] * 5, planes=2),
    "3 channels of 16 bits in separate planes": tiff(deep(SCENE), RGB, planes=2),
    "3 channels of 16 floating-point bits": tiff((SCENE / 255).astype(np.float16), RGB, form=FLOAT),
    "1 channel of 16 floating-point bits": tiff((SCENE[..., 0] / 255).astype(np.float16), GREY, form=FLOAT),
}


@pytest.mark.parametrize("kind", NOT_READ)
def test_what_is_not_read_is_named_and_not_called_damaged(kind):
    with pytest.raises(LoadError) as caught:
        load_picture(NOT_READ[kind])
    assert f"a TIFF of {kind} is not read: save it as RGB or grey of 8 or 16 bits" in str(caught.value)


@pytest.mark.parametrize("name", [name for name in READ if "16" in name or "float" in name or "double" in name])
def test_what_is_cut_is_damaged(name):
    values = READ[name]
    start = int.from_bytes(values[4:8], "little" if values[:2] == b"II" else "big")
    pixels = start - 8
    cut = values[:8] + values[8 + pixels // 2 : start]  # the directory is gone with half of the pixels
    with pytest.raises(LoadError, match="damaged"):
        load_picture(cut)
    lost = bytearray(values)
    order = "<" if values[:2] == b"II" else ">"
    count = struct.unpack_from(f"{order}H", values, start)[0]
    for at in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from(f"{order}H", values, at)[0] == 273:
            struct.pack_into(f"{order}I", lost, at + 8, len(values) - pixels // 2)
    with pytest.raises(LoadError, match="damaged"):
        load_picture(bytes(lost))

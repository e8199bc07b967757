import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from spotdiff.image.png import encode_grey, encode_indexed

shapes = st.tuples(st.integers(1, 40), st.integers(1, 40))
small = settings(max_examples=30, deadline=None)


def decoded(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@small
@given(arrays(np.uint8, shapes))
def test_grey_comes_back(pixels):
    data = encode_grey(pixels)
    assert np.array_equal(np.asarray(decoded(data)), pixels)
    assert np.array_equal(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), pixels)


@small
@given(arrays(np.bool_, shapes))
def test_a_mask_comes_back_from_one_bit_a_pixel(mask):
    picture = decoded(encode_grey(mask))
    assert picture.mode == "1"
    assert np.array_equal(np.asarray(picture), mask)


@small
@given(arrays(np.uint8, shapes, elements=st.integers(0, 6)))
def test_indices_and_palette_come_back(indices):
    palette = np.random.default_rng(0).integers(0, 256, (7, 4), dtype=np.uint8)
    assert np.array_equal(
        np.asarray(decoded(encode_indexed(indices, palette[:, :3])).convert("RGB")), palette[indices, :3]
    )
    assert np.array_equal(np.asarray(decoded(encode_indexed(indices, palette)).convert("RGBA")), palette[indices])


@pytest.mark.parametrize("spread", [pytest.param(1, id="flat"), pytest.param(256, id="noise")])
def test_both_ways_to_pack_come_back(spread):
    pixels = np.random.default_rng(0).integers(0, spread, (300, 500), dtype=np.uint8)
    assert np.array_equal(np.asarray(decoded(encode_grey(pixels))), pixels)


def test_a_flat_picture_is_small_and_noise_grows_little():
    noise = np.random.default_rng(0).integers(0, 256, (300, 500), dtype=np.uint8)
    assert len(encode_grey(np.zeros((300, 500), np.uint8))) < 1500
    assert len(encode_grey(noise)) < 1.02 * noise.size


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((2, 3, 3), np.uint8), np.zeros((2, 3), np.int32), np.zeros((0, 3), np.uint8)],
    ids=["colour", "int32", "empty"],
)
def test_other_pixels_are_refused(pixels):
    with pytest.raises(ValueError, match="pixels are"):
        encode_grey(pixels)


def test_other_palettes_are_refused():
    with pytest.raises(ValueError, match="a palette is"):
        encode_indexed(np.zeros((2, 2), np.uint8), np.zeros((257, 3), np.uint8))

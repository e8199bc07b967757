"""Deep values to 8 bits, and the mask of what counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from spotdiff.errors import LoadError, OptionError
from spotdiff.image import load_pair, load_picture
from spotdiff.image.load import valid_mask
from spotdiff.options import Options

RAMP = np.linspace(0, 1, 40 * 50).reshape(40, 50)


@pytest.mark.parametrize("scale", [1e-310, 1e-300, 1e-40, 1e-6, 0.1, 1, 100, 5e4, 1e30, 1e200, 1e307])
def test_a_ramp_is_a_ramp_at_any_scale(scale):
    pixels = load_picture(RAMP * scale, options=Options(data_range=scale)).pixels[..., 0]
    assert (np.diff(pixels.ravel().astype(int)) >= 0).all()
    assert pixels.min() == 0
    assert pixels.max() == 255


@pytest.mark.parametrize("kind", [np.uint16, np.uint32, np.uint64, np.int32, np.int64])
def test_one_window_serves_both(kind):
    before, after = (RAMP * 3000 + 1000).astype(kind), (RAMP * 3000 + 3000).astype(kind)
    pair = load_pair(before, after)
    assert pair.after.pixels.mean() > pair.before.pixels.mean() + 60
    assert pair.before.notes == pair.after.notes
    assert "shown as 0 to 255" in pair.before.notes[0]


@settings(deadline=None, max_examples=60)
@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int16, np.uint16, np.int64, np.float32, np.float64, np.bool_]),
        st.tuples(st.integers(1, 6), st.integers(1, 6)),
    )
)
def test_any_numbers_are_a_picture_or_an_error(values):
    try:
        picture = load_picture(values)
    except LoadError:
        assert values.dtype.kind in "fi"
        assert not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1)
    else:
        assert picture.pixels.shape == (*values.shape, 3)
        assert picture.pixels.dtype == np.uint8
        order = np.argsort(values, axis=None)
        assert (np.diff(picture.pixels[..., 0].ravel()[order].astype(int)) >= 0).all()


def test_a_hot_pixel_does_not_darken_the_picture():
    values = np.tile((RAMP * 4000).astype(np.uint16), (6, 6))
    values[3, 3] = 65535
    assert load_picture(values).pixels.mean() > 100


def test_deep_alpha_becomes_alpha():
    values = np.dstack([np.full((9, 9, 3), 30000, np.uint16), np.full((9, 9), 65535, np.uint16)])
    values[:4, :, 3] = 0
    picture = load_picture(values)
    assert (picture.alpha[:4] == 0).all()
    assert (picture.alpha[4:] == 255).all()


boxes = st.tuples(st.integers(-20, 60), st.integers(-20, 60), st.integers(1, 60), st.integers(1, 60)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@settings(deadline=None, max_examples=60)
@given(st.lists(boxes, max_size=3), st.lists(boxes, max_size=3))
def test_ignore_and_focus_are_sets_of_pixels(ignore, focus):
    before = load_picture(np.zeros((30, 40), np.uint8))
    expected = np.full((30, 40), not focus)
    outside = False
    for some, value in ((focus, True), (ignore, False)):
        for left, top, right, bottom in some:
            outside |= left >= 40 or top >= 30 or right <= 0 or bottom <= 0
            for y in range(max(top, 0), min(bottom, 30)):
                expected[y, max(left, 0) : max(right, 0)] = value
    try:
        mask = valid_mask(before, Options(ignore=ignore, focus=focus))
    except OptionError:
        assert outside
    else:
        assert not outside
        assert mask is None if not (ignore or focus) else np.array_equal(mask, expected)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(OptionError, match="one size"):
        load_pair(RAMP, RAMP, options=Options(ignore_mask=np.zeros((9, 9), np.uint8)))


def test_a_value_far_outside_of_the_window_is_white_or_black_without_a_word():
    values = np.tile(np.linspace(2, 3, 100, dtype=np.float32), (100, 1))
    values[0, 0], values[0, 1] = 3e38, -3e37
    pixels = load_picture(Image.fromarray(values)).pixels
    assert (pixels[0, 0] == 255).all()
    assert (pixels[0, 1] == 0).all()

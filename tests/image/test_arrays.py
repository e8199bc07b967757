"""Arrays as OpenCV, torch and others hand them over: read as they are meant, or a line that says what to say."""

from __future__ import annotations

import numpy as np
import pytest

import spotdiff
from spotdiff.errors import LoadError, OptionError
from spotdiff.image import load_pair, load_picture
from spotdiff.options import Options

RGB = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
ALPHA = np.full((40, 50, 1), 7, np.uint8)
FIRST = np.moveaxis(RGB, 2, 0)


def pixels(source, **options):
    return load_picture(source, options=Options(**options)).pixels


@pytest.mark.parametrize(
    ("source", "options"),
    [
        (RGB[..., ::-1], {"colour": "bgr"}),
        (np.concatenate([RGB[..., ::-1], ALPHA], 2), {"colour": "bgr"}),
        (FIRST, {"layout": "chw"}),
        (FIRST[::-1], {"layout": "chw", "colour": "bgr"}),
        (RGB / 255, {}),
        (RGB / 255 * (1 + 1e-6), {}),
        (RGB.astype(np.float32), {}),
        (RGB / 255, {"data_range": 1}),
        (RGB / 127.5 - 1, {"data_range": (-1, 1)}),
        (RGB.astype(np.uint16) * 16, {"data_range": 4080}),
        (RGB.astype(np.uint16) * 257, {}),
        (RGB.astype(">u2") * 257, {}),
        (RGB.astype(np.int16), {}),
        (RGB.astype(np.uint64), {}),
        (RGB.astype(np.int16) - 128, {"data_range": (-128, 127)}),
        (RGB.astype(np.int64) + 10**9, {"data_range": (10**9, 10**9 + 255)}),
        (RGB.astype(np.uint32) * 16843009, {"data_range": 2**32 - 1}),
    ],
)
def test_an_array_is_read_as_it_is_meant(source, options):
    kept = source.copy()
    assert np.array_equal(pixels(source, **options), RGB)
    assert np.array_equal(source, kept)


def test_alpha_stays_last_and_grey_has_no_order():
    assert load_picture(np.concatenate([RGB, ALPHA], 2), options=Options(colour="bgr")).alpha.max() == 7
    assert np.array_equal(pixels(RGB[..., 0], colour="bgr", layout="chw")[..., 2], RGB[..., 0])


def test_only_arrays_are_turned(tmp_path):
    from PIL import Image

    Image.fromarray(RGB).save(tmp_path / "scene.png")
    for source in (tmp_path / "scene.png", Image.fromarray(RGB)):
        assert np.array_equal(pixels(source, colour="bgr", layout="chw"), RGB)


@pytest.mark.parametrize(
    ("source", "options", "told"),
    [
        (FIRST, {}, 'say layout="chw"'),
        (RGB[..., :1].transpose(2, 0, 1), {}, 'say layout="chw"'),
        (RGB, {"layout": "chw"}, "1 to 4 channels, height, width"),
        (RGB[None], {}, "one of a stack"),
        (RGB * 0.5, {}, "data_range=255"),
        (RGB / 255 - 0.5, {}, r"data_range=\(black, white\)"),
        (RGB.astype(float) * 257, {}, r"data_range=\(black, white\)"),
        (np.where(RGB > 9, np.nan, RGB), {"data_range": 255}, "not finite"),
        (np.dstack([RGB / 255, np.full(RGB.shape[:2], np.nan)]), {}, "not finite"),
        (RGB.astype("int8"), {}, r"data_range=\(black, white\)"),
        *((RGB.astype(kind) - 128, {}, r"data_range=\(black, white\)") for kind in ("int16", "int32", "int64", ">i2")),
        (np.dstack([RGB.astype(np.int16), np.full(RGB.shape[:2], -1, np.int16)]), {}, "from -1 to 255"),
        *((RGB.astype(kind), {}, "holds numbers") for kind in ("complex64", "object", "S3", "m8[s]")),
        (np.ma.masked_greater(RGB, 250), {}, "give the mask as ignore_mask"),
    ],
)
def test_what_may_mean_anything_is_asked_for(source, options, told):
    with pytest.raises(LoadError, match=told):
        pixels(source, **options)


def test_a_masked_array_that_hides_nothing_is_taken():
    assert np.array_equal(pixels(np.ma.masked_array(RGB)), RGB)


def test_yes_and_no_are_white_and_black_whatever_the_range_of_others():
    assert np.array_equal(pixels(RGB[..., 0] > 99, data_range=255)[..., 0], np.where(RGB[..., 0] > 99, 255, 0))


def test_of_two_arrays_either_may_have_a_sign():
    signed = RGB.astype(np.int16) - 1
    for before, after in ((RGB, signed), (signed, RGB)):
        with pytest.raises(LoadError, match="from -1 to 254"):
            load_pair(before, after)


def test_what_floats_mean_is_read_from_both_pictures():
    dark, bright = np.zeros((9, 9)), np.full((9, 9), 200.0)
    dark[0, 0] = 1
    assert load_pair(dark, bright).before.pixels.max() == 1
    assert load_pair(dark, RGB[:9, :9]).before.pixels.max() == 255


def test_what_lies_outside_of_the_range_is_told():
    picture = load_picture(RGB.astype(float), options=Options(data_range=(50, 200)))
    assert picture.notes == ("50 to 200 shown as 0 to 255", "values outside of 50 to 200 shown as black or white")
    assert picture.pixels.min() == 0
    assert picture.pixels.max() == 255


def test_a_mask_is_not_windowed():
    mask = np.zeros((40, 50))
    mask[:20] = 1e-4
    valid = load_pair(RGB / 255, RGB / 255, options=Options(ignore_mask=mask, data_range=1)).valid
    assert not valid[:20].any()
    assert valid[20:].all()


@pytest.mark.parametrize(
    "options",
    [
        {"colour": "gbr"},
        {"layout": "nchw"},
        {"data_range": 0},
        {"data_range": (1, 1)},
        {"data_range": (0, 1, 2)},
        {"data_range": "1"},
        {"data_range": float("inf")},
        {"data_range": float("nan")},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_one_line(options):
    with pytest.raises(OptionError) as caught:
        spotdiff.compare(RGB, RGB, **options)
    assert "\n" not in str(caught.value)


class Elsewhere:
    """What a tensor of torch does: it gives numbers only once it was let go of its gradient and brought here."""

    def __init__(self, values, steps=()):
        self.values, self.steps = values, steps

    def __array__(self, dtype=None, copy=None):
        raise TypeError("it is elsewhere")

    def detach(self):
        return Elsewhere(self.values, ("detach",))

    def cpu(self):
        return Elsewhere(self.values, (*self.steps, "cpu"))

    def numpy(self):
        assert self.steps == ("detach", "cpu")
        return self.values


def test_a_tensor_is_taken_without_torch():
    assert np.array_equal(pixels(Elsewhere(FIRST / 255), layout="chw"), RGB)


def test_tensors_of_torch_are_taken():
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(FIRST.copy()).float().div(255).requires_grad_()
    assert np.array_equal(pixels(tensor, layout="chw"), RGB)
    with pytest.raises(LoadError, match="one of a stack"):
        pixels(tensor[None], layout="chw")
    with pytest.raises(LoadError, match="BFloat16"):
        pixels(tensor.bfloat16(), layout="chw")

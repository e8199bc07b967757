"""Colour differences against published values, scikit-image and their own definitions."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import color as reference

from spotdiff.image import colour as spaces
from spotdiff.metrics import colour
from spotdiff.metrics.colour import METRICS

SHARED = Path(__file__).parents[2] / ".." / "shared" / "peers"
quick = settings(max_examples=25)
pixels = arrays(np.uint8, (4, 3))
triples = st.tuples(*[st.integers(0, 255)] * 3)
ALL = {
    "grey": colour.grey,
    "rgb": colour.rgb,
    "redmean": colour.redmean,
    "hsv": colour.hsv,
    "yiq": colour.yiq,
    "yiq12": colour.yiq12,
    "oklab": colour.oklab,
    "cie76": colour.cie76,
    "ciede2000": colour.ciede2000,
}


@pytest.fixture(scope="module")
def palette():
    return np.random.default_rng(7).integers(0, 256, (500, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def other_palette():
    return np.random.default_rng(8).integers(0, 256, (500, 3), dtype=np.uint8)


# Sharma, Wu, Dalal 2005, table 1: pairs where programs go wrong (hue wrap, greys, 180 degrees apart).
SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.0, 2.0), (50.0, 0.0, 0.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, -0.001, 2.49), (50.0, 0.0011, -2.49), 4.7461),
    ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_ciede2000_gives_the_published_values(first, second, expected):
    pair = np.array([first]), np.array([second])
    assert colour.ciede2000_lab(*pair)[0] == pytest.approx(expected, abs=5e-5)
    assert colour.ciede2000_lab(*pair[::-1])[0] == pytest.approx(expected, abs=5e-5)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the peers' cases are not beside the project")
def test_lab_differences_agree_with_all_shared_pairs():
    pairs = json.loads((SHARED / "colours.json").read_text())["lab_pairs"]
    first, second = (np.array([pair[key] for pair in pairs]) for key in ("lab1", "lab2"))
    assert len(pairs) == 34
    for name, margin in (("ciede2000", 5e-5), ("cie76", 1e-8)):
        found = getattr(colour, f"{name}_lab")(first, second)
        np.testing.assert_allclose(found, [pair[name] for pair in pairs], atol=margin, rtol=0, err_msg=name)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the peers' cases are not beside the project")
def test_rgb_differences_agree_with_all_shared_pairs():
    pairs = json.loads((SHARED / "colours.json").read_text())["rgb_pairs"].values()
    first, second = (np.array([pair[key] for pair in pairs], np.uint8) for key in ("rgb1", "rgb2"))
    names = {"yiq_delta": "yiq"}
    for key in ("redmean", "yiq_delta", "cie76", "ciede2000"):
        found = ALL[names.get(key, key)](first, second)
        np.testing.assert_allclose(found, [pair[key] for pair in pairs], rtol=1e-11, err_msg=key)


@pytest.mark.parametrize(
    ("name", "first", "second", "expected"),
    [
        ("redmean", (0, 0, 0), (255, 255, 255), 764.8340),
        ("redmean", (255, 0, 0), (0, 255, 0), 650.0273),
        ("yiq", (0, 255, 255), (255, 0, 0), 35214.7490),
        ("yiq12", (127, 127, 127), (128, 128, 128), 2069 / 4096 * (4094 / 4096) ** 2),
        ("yiq", (127, 127, 127), (128, 128, 128), 0.5053),
        ("oklab", (0, 0, 0), (255, 255, 255), 1.0),
        ("grey", (255, 0, 0), (0, 0, 0), 76.2287),
        ("rgb", (0, 0, 0), (255, 255, 255), 441.6730),
        ("hsv", (255, 0, 0), (0, 255, 255), 1.0),
        ("hsv", (90, 90, 90), (90, 90, 90), 0.0),
        ("cie76", (255, 0, 0), (0, 0, 255), 176.3109),
        ("ciede2000", (255, 0, 0), (0, 255, 0), 86.6085),
    ],
)
def test_known_values(name, first, second, expected):
    found = ALL[name](np.array([first], np.uint8), np.array([second], np.uint8))
    assert found[0] == pytest.approx(expected, abs=6e-5)


def test_spaces_agree_with_scikit_image(palette):
    share = palette / 255
    np.testing.assert_allclose(spaces.lab(palette), reference.rgb2lab(share), atol=1e-9)
    np.testing.assert_allclose(spaces.hsv(palette), reference.rgb2hsv(share), atol=1e-12)
    np.testing.assert_allclose(spaces.yiq(palette) / 255, reference.rgb2yiq(share), atol=2e-3)  # theirs has 3 digits
    np.testing.assert_allclose(spaces.grey(palette) / 255, reference.rgb2yuv(share)[:, 0], atol=1e-4)


@pytest.mark.parametrize("name", ["cie76", "ciede2000"])
def test_lab_differences_agree_with_scikit_image(name, palette, other_palette):
    ours = ALL[name](palette, other_palette)
    expected = getattr(reference, f"deltaE_{name}")(*(reference.rgb2lab(p / 255) for p in (palette, other_palette)))
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_oklab_gives_ottossons_values():
    primaries = np.array([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    expected = [[1.0, 0, 0], [0.62796, 0.22486, 0.12585], [0.86644, -0.23389, 0.17950], [0.45201, -0.03246, -0.31153]]
    np.testing.assert_allclose(spaces.oklab(primaries), expected, atol=2e-5)


def test_the_cube_root_table_stays_within_a_thousandth_of_the_cube_root(palette, other_palette):
    lightness = [spaces.oklab(p) for p in (palette, other_palette)]
    toned = []
    for space in lightness:
        x = 1.206 / 1.03 * space[:, 0] - 0.206
        toned.append((x + np.sqrt(x * x + 4 * 0.03 * 1.206 / 1.03 * space[:, 0])) / 2)
    plain = np.abs(toned[0] - toned[1]) + np.linalg.norm(lightness[0][:, 1:] - lightness[1][:, 1:], axis=1)
    np.testing.assert_allclose(colour.oklab(palette, other_palette), plain, atol=1e-3)


def test_floats_give_what_bytes_give(palette, other_palette):
    for name, difference in ALL.items():
        floats = difference(palette.astype(np.float64), other_palette.astype(np.float64))
        np.testing.assert_allclose(floats, difference(palette, other_palette), rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("name", ALL)
@quick
@given(before=pixels, after=pixels)
def test_every_difference_is_finite_and_not_negative_and_zero_for_equal_colours(name, before, after):
    found = ALL[name](before, after)
    assert found.shape == (4,)
    assert found.dtype == np.float64
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert not ALL[name](before, before).any()


@pytest.mark.parametrize("name", ALL)
@quick
@given(before=pixels, after=pixels)
def test_the_order_does_not_matter(name, before, after):
    np.testing.assert_allclose(ALL[name](before, after), ALL[name](after, before), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["grey", "rgb", "redmean", "hsv", "yiq", "yiq12"])
@quick
@given(before=pixels, after=pixels)
def test_shares_are_of_the_largest_difference(name, before, after):
    assert (METRICS[name].difference(before, after) <= METRICS[name].limit(1.0) * (1 + 1e-12)).all()


@given(first=triples, second=triples, limit=st.floats(0.1, 60))
def test_the_bracket_decides_by_cie76_outside_and_by_ciede2000_inside(first, second, limit):
    pair = np.array([first], np.uint8), np.array([second], np.uint8)
    metric = METRICS["ciede2000"]
    quick, exact = colour.cie76(*pair)[0], colour.ciede2000(*pair)[0]
    expected = quick > 0 and (quick >= 6.2 * limit or (quick > 0.695 * limit and exact >= limit))
    assert metric.exceeds(metric.amounts(*pair, limit), limit)[0] == expected


def test_the_limit_itself_is_a_difference_only_in_delta_e():
    amounts = np.array([0.0, 2.0, 2.3, 2.4])
    assert METRICS["ciede2000"].exceeds(amounts, 2.3).tolist() == [False, False, True, True]
    assert METRICS["oklab"].exceeds(amounts, 2.3).tolist() == [False, False, False, True]
    assert METRICS["ciede2000"].exceeds(amounts, 0.0).tolist() == [False, True, True, True]


def test_the_bracket_overrules_ciede2000_on_both_sides():
    metric = METRICS["ciede2000"]
    greys = np.array([[34, 36, 35]], np.uint8), np.array([[37, 35, 35]], np.uint8)  # CIE76 2.097, CIEDE2000 3.097
    blues = np.array([[29, 17, 245]], np.uint8), np.array([[2, 0, 255]], np.uint8)  # CIE76 7.595, CIEDE2000 1.080
    assert not metric.exceeds(metric.amounts(*greys, 3.05), 3.05)[0]
    assert metric.exceeds(metric.amounts(*greys, 3.0), 3.0)[0]
    assert metric.exceeds(metric.amounts(*blues, 1.2), 1.2)[0]
    assert not metric.exceeds(metric.amounts(*blues, 1.25), 1.25)[0]


@given(colour_=triples, alpha=st.integers(0, 255), ground=st.sampled_from([0.0, 48.0, 207.0, 255.0]))
def test_laying_on_a_background_mixes_by_alpha(colour_, alpha, ground):
    laid = spaces.opaque(np.array([[*colour_, alpha]], np.uint8), np.array([ground] * 3))
    np.testing.assert_allclose(laid[0], np.array(colour_) * alpha / 255 + ground * (255 - alpha) / 255, atol=1e-9)


def test_the_checkerboard_is_pixelmatchs():
    board = spaces.checkerboard(np.array([0, 1, 2, 3, 1000]))
    assert board.tolist() == [[48, 48, 48], [48, 48, 207], [48, 48, 207], [48, 207, 48], [48, 48, 207]]


def test_packing_keeps_every_byte():
    rng = np.random.default_rng(3)
    colours, alpha = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8), rng.integers(0, 256, (5, 7), dtype=np.uint8)
    found = spaces.unpacked(spaces.packed(colours, alpha).reshape(-1)).reshape(5, 7, 4)
    assert (found == np.dstack([colours, alpha])).all()
    assert (spaces.unpacked(spaces.packed(colours, None).reshape(-1)).reshape(5, 7, 4)[..., 3] == 255).all()

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.metrics import structural_similarity

from spotdiff.errors import OptionError
from spotdiff.metrics.ssim import WANG, Formula, bessel, luma, mean_of, ms_ssim_map, reduce, similarity_of, ssim_map

PEERS = Path(__file__).parents[2] / ".." / "shared" / "peers"
DOUBLE = Formula(precision="double")
SKIMAGE = {"data_range": 255, "gaussian_weights": True, "use_sample_covariance": False, "full": True}


def scene(kind: str, height: int = 150, width: int = 203) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    if kind == "noise":
        return rng.integers(0, 256, (height, width), np.uint8), rng.integers(0, 256, (height, width), np.uint8)
    if kind == "smooth":
        coarse = rng.normal(128, 60, (height // 16, width // 16)).astype(np.float32)
        light = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        return tuple(
            np.clip(light * gain + rng.normal(0, 4, light.shape), 0, 255).astype(np.uint8) for gain in (1, 1.1)
        )
    if kind == "text":
        before = np.full((height, width), 255, np.uint8)
        before[:, : width // 3] = 0
        for row in range(15, height, 20):
            cv2.putText(before, "The quick brown fox", (4, row), 0, 0.6, 128, 1)
        return before, np.roll(before, 2, axis=1)
    before = np.full((height, width), 255, np.uint8)  # flat: next to no variance on large sums
    before[height // 2 :] = 0
    return before, np.clip(before + rng.integers(-3, 4, before.shape), 0, 255).astype(np.uint8)


def ssim(before: np.ndarray, after: np.ndarray, *, formula: Formula = WANG, usable=None) -> float:
    """The mean over the windows wholly inside the pictures, equation 17."""
    return mean_of(ssim_map(before, after, formula=formula, usable=usable), size=formula.size, usable=usable)


def ssim_global(before: np.ndarray, after: np.ndarray, *, formula: Formula = WANG) -> float:
    """Of two grey pictures as one window, in which every pixel weighs the same."""
    u, v = np.add(before, after, dtype=float), np.subtract(before, after, dtype=float)
    share = bessel(u.size, formula)
    moments = [np.atleast_1d(np.mean((a - a.mean()) * (b - b.mean())) * share) for a, b in ((u, u), (v, v), (u, v))]
    return float(similarity_of(np.atleast_1d(u.mean()), np.atleast_1d(v.mean()), *moments, formula=formula)[0])


SCENES = ("noise", "smooth", "text", "flat")


@pytest.mark.parametrize("kind", SCENES)
def test_map_agrees_with_scikit_image(kind):
    before, after = scene(kind)
    mean, expected = structural_similarity(before, after, **SKIMAGE)
    assert np.abs(ssim_map(before, after) - expected).max() < 1e-4
    assert ssim(before, after) == pytest.approx(mean, abs=3e-6)
    assert np.abs(ssim_map(before, after, formula=DOUBLE) - expected).max() < 1e-7


def test_colour_map_is_the_mean_over_channels():
    before, after = (np.dstack([scene(kind)[side] for kind in SCENES[:3]]) for side in (0, 1))
    expected = structural_similarity(before, after, channel_axis=2, **SKIMAGE)[1].mean(axis=2)
    assert np.abs(ssim_map(before, after) - expected).max() < 1e-4


def test_box_window_and_sample_covariance_agree_with_scikit_image():
    before, after = scene("smooth")
    formula = Formula(size=7, window="box", covariance="sample", precision="double")
    expected = structural_similarity(before, after, data_range=255, full=True)
    assert np.abs(ssim_map(before, after, formula=formula)[3:-3, 3:-3] - expected[1][3:-3, 3:-3]).max() < 1e-7
    assert ssim(before, after, formula=formula) == pytest.approx(expected[0], abs=1e-8)


def test_float_pictures_with_a_range_of_one_give_the_same():
    before, after = scene("text")
    unit = ssim_map(before / 255, after / 255, formula=Formula(data_range=1.0))
    assert np.abs(unit - ssim_map(before, after)).max() < 1e-4


@pytest.mark.parametrize(
    ("dark", "bright", "expected"),
    [
        (0, 255, 0.0001),
        (253, 255, 0.99997),
        (128, 130, 0.99988),
        (0, 2, 0.61914),
        (222, 255, 0.99047),
        (0, 26, 0.00953),
    ],
)
def test_constant_pictures_have_the_known_values(dark, bright, expected):
    before, after = np.full((20, 20), dark, np.uint8), np.full((20, 20), bright, np.uint8)
    places = len(str(expected).partition(".")[2])
    print(dark, bright, round(ssim(before, after), places))  # noqa: T201 (figures for the log)
    for value in (ssim(before, after), ssim_global(before, after)):
        assert round(value, places) == expected
    assert np.ptp(ssim_map(before, after)) < 1e-5


@pytest.mark.parametrize("covariance", ["population", "sample"])
def test_one_window_over_a_picture_has_the_known_values(covariance):
    halves, grey = np.zeros((16, 16), np.uint8), np.full((16, 16), 128, np.uint8)
    halves[:, 8:] = 255
    formula = Formula(covariance=covariance)
    against_grey = ssim_global(grey, halves, formula=formula)
    against_mirror = ssim_global(halves, np.ascontiguousarray(halves[:, ::-1]), formula=formula)
    print(covariance, round(against_grey, 4), round(against_mirror, 4))  # noqa: T201 (figures for the log)
    assert (round(against_grey, 4), round(against_mirror, 4)) == (0.0036, -0.9964)


def direct(before: np.ndarray, after: np.ndarray, formula: Formula) -> float:
    """Equations 6, 9, 10 and 12 for one box window."""
    c1, c2 = (formula.k1 * 255) ** 2, (formula.k2 * 255) ** 2
    x, y = before.astype(float), after.astype(float)
    cov, dx, dy = ((x - x.mean()) * (y - y.mean())).mean(), x.std(), y.std()
    light = (2 * x.mean() * y.mean() + c1) / (x.mean() ** 2 + y.mean() ** 2 + c1)
    contrast, structure = (2 * dx * dy + c2) / (dx**2 + dy**2 + c2), (cov + c2 / 2) / (dx * dy + c2 / 2)
    signed = np.sign(structure) * abs(structure) ** formula.gamma
    return float(light**formula.alpha * contrast**formula.beta * signed)


@pytest.mark.parametrize(
    ("alpha", "beta", "gamma"), [(1, 1, 1), (2, 1, 1), (0, 2, 2), (1, 0.5, 2), (1, 2, 0), (0, 0, 1)]
)
@pytest.mark.parametrize("kind", ["noise", "smooth"])
def test_exponents_follow_equation_12(alpha, beta, gamma, kind):
    before, after = (picture[:11, :11].copy() for picture in scene(kind))
    formula = Formula(alpha=alpha, beta=beta, gamma=gamma, window="box", precision="double")
    expected = direct(before, after, formula)
    assert ssim_global(before, after, formula=formula) == pytest.approx(expected, abs=1e-9)
    assert ssim_map(before, after, formula=formula)[5, 5] == pytest.approx(expected, abs=1e-6)


PICTURES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 40)))


@settings(max_examples=60, deadline=None)
@given(before=PICTURES, seed=st.integers(0, 99), beta=st.sampled_from([1.0, 2.0]))
def test_map_is_symmetric_in_range_and_1_for_the_same(before, seed, beta):
    rng = np.random.default_rng(seed)
    after = np.where(rng.random(before.shape) < 0.1, rng.integers(0, 256, before.shape), before).astype(np.uint8)
    formula = Formula(beta=beta)
    there, back = ssim_map(before, after, formula=formula), ssim_map(after, before, formula=formula)
    assert np.array_equal(there, back)
    assert there.dtype == np.float32
    assert np.isfinite(there).all()
    assert there.min() >= -1
    assert there.max() <= 1
    assert (ssim_map(before, before, formula=formula) == 1).all()


def test_a_negative_is_near_minus_1():
    before, _ = scene("noise")
    assert ssim(before, 255 - before) < -0.9


def test_skipping_what_is_equal_changes_nothing(monkeypatch):
    before, _ = scene("smooth", 200, 300)
    after = before.copy()
    after[70:75, 100:110] ^= 64
    fast = ssim_map(before, after)
    assert (fast[:60] == 1).all()
    assert (fast[:, 120:] == 1).all()
    monkeypatch.setattr(
        "spotdiff.metrics.ssim._parts", lambda *_: [(slice(0, 200), slice(0, 300))]
    )  # the whole picture as one part
    assert np.abs(fast - ssim_map(before, after)).max() < 1e-4


def test_unusable_pixels_have_no_part_in_any_window():
    before, after = scene("smooth")
    usable = np.ones(before.shape, bool)
    usable[40:70, 50:90] = False
    other_before, other_after = before.copy(), after.copy()
    other_before[~usable], other_after[~usable] = 0, 255
    masked = ssim_map(before, after, usable=usable)
    assert np.abs(masked - ssim_map(other_before, other_after, usable=usable)).max() < 1e-4
    assert (masked[~usable] == 1).all()
    assert np.abs(masked[:30] - ssim_map(before, after)[:30]).max() < 1e-4
    assert ssim(before, after, usable=usable) == pytest.approx(mean_of(masked, usable=usable))


def test_a_masked_window_weighs_only_what_is_usable():
    before, after = (picture[:11, :11].copy() for picture in scene("noise"))
    usable = np.zeros((11, 11), bool)
    usable[:, :6] = True
    formula = Formula(window="box", precision="double")
    expected = direct(before[:, :6], after[:, :6], formula)
    assert ssim_map(before, after, formula=formula, usable=usable)[5, 5] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (np.zeros((4, 4), np.uint8), np.zeros((4, 5), np.uint8), "pictures differ"),
        (np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4, 2), np.uint8), "has shape"),
        (np.zeros((0, 4), np.uint8), np.zeros((0, 4), np.uint8), "has shape"),
        (np.zeros((4, 4), np.int64), np.zeros((4, 4), np.int64), "is uint8"),
        (np.full((4, 4), np.nan), np.zeros((4, 4)), "not finite"),
    ],
)
def test_pictures_that_cannot_be_compared_are_refused(before, after, message):
    with pytest.raises(OptionError, match=message):
        ssim_map(before, after)


def test_an_even_window_and_an_empty_mean_are_refused():
    with pytest.raises(OptionError, match="no usable pixel"):
        mean_of(np.ones((20, 20), np.float32), usable=np.zeros((20, 20), bool))
    with pytest.raises(OptionError, match="odd"):
        Formula(size=8)


def test_reduction_takes_the_mean_of_blocks_and_repeats_the_edge():
    ramp = np.arange(25, dtype=np.uint8).reshape(5, 5)
    assert reduce(ramp).tolist() == [[3, 5, 6.5], [13, 15, 16.5], [20.5, 22.5, 24 - 0.0]]


def test_multiscale_is_1_for_the_same_and_falls_with_noise():
    before, _ = scene("smooth", 200, 220)
    rng = np.random.default_rng(1)
    worse = [np.clip(before + rng.normal(0, sd, before.shape), 0, 255).astype(np.uint8) for sd in (0, 10, 30)]
    values = [ms_ssim_map(before, after).mean() for after in worse]
    assert values[0] == 1
    assert 1 > values[1] > values[2] > 0


@pytest.mark.parametrize("shape", [(7, 9), (40, 33), (200, 220)])
def test_multiscale_map_is_in_range_and_exactly_1_for_the_same(shape):
    rng = np.random.default_rng(5)
    before, after = rng.integers(0, 256, shape, np.uint8), rng.integers(0, 256, shape, np.uint8)
    similarity = ms_ssim_map(before, after)
    assert similarity.shape == shape
    assert similarity.dtype == np.float32
    assert 0 <= similarity.min() <= similarity.max() <= 1
    assert similarity.mean() < 0.5
    assert (ms_ssim_map(before, before) == 1).all()


def read(name: str) -> np.ndarray:
    picture = cv2.imread(str(PEERS / name), cv2.IMREAD_UNCHANGED)
    return picture if picture.ndim == 2 else luma(picture[..., [2, 1, 0]])


def cases(tool: str) -> list[object]:
    listed = json.loads((PEERS / "cases.json").read_text())["cases"] if PEERS.exists() else []
    return [pytest.param(case, id=case["id"]) for case in listed if case["tool"] == tool]


@pytest.mark.shared
@pytest.mark.parametrize("case", cases("ssim-skimage"))
def test_scikit_images_own_cases(case):
    expected, before, after = case["expected"], read(case["img1"]), read(case["img2"])
    formula = Formula(size=7, window="box", covariance="sample") if case["options"].get("uniform") else WANG
    value = ssim(before, after, formula=replace(formula, precision="double"))
    assert value == pytest.approx(expected["mssim"], abs=expected["tol"])

from __future__ import annotations

import numpy as np
import pytest

import spotdiff
from spotdiff.errors import OptionError
from spotdiff.methods.ssim import Ssim
from spotdiff.report.record import to_record
from spotdiff.types import Pair, Picture

RNG = np.random.default_rng(11)
SCENE = RNG.integers(0, 256, (61, 83, 3), np.uint8)
SETTINGS = [
    {},
    {"colour": True},
    {"multiscale": True},
    {"smooth": 0.0},
    {"sigma": 3.0, "window": 19},
    {"alpha": 0.0, "beta": 2.0, "gamma": 0.5},
]


def pair(before: np.ndarray, after: np.ndarray, **more: object) -> Pair:
    return Pair(Picture(before), Picture(after), **more)


def with_bag() -> np.ndarray:
    after = np.full((61, 83, 3), 120, np.uint8)
    after[20:40, 30:50] = SCENE[20:40, 30:50]
    return after


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_evidence_keeps_the_contract(settings):
    before, after = SCENE.copy(), with_bag()
    method = Ssim(**settings)
    evidence = method.score(pair(before, after))
    assert evidence.gone is evidence.new
    assert not evidence.directed
    assert evidence.change.dtype == np.float32
    assert evidence.change.shape == (61, 83)
    assert np.isfinite(evidence.change).all()
    assert 0 <= evidence.change.min() <= evidence.change.max() <= 1
    assert np.array_equal(before, SCENE)
    assert np.array_equal(after, with_bag())
    assert np.array_equal(evidence.change, method.score(pair(before, after)).change)
    assert np.array_equal(evidence.change, method.score(pair(after, before)).change)
    same = method.score(pair(before, before.copy()))
    assert not same.change.any()
    assert same.notes["mean_ssim"] == 1


@pytest.mark.parametrize("settings", SETTINGS[:4], ids=str)
def test_a_new_thing_counts_as_changed_and_the_rest_does_not(settings):
    change = Ssim(**settings).score(pair(np.full((61, 83, 3), 120, np.uint8), with_bag())).change
    assert np.median(change[22:38, 32:48]) >= 0.5
    if "multiscale" not in settings:
        assert change[22:38, 32:48].min() >= 0.5
        assert not change[:5].any()
        assert not change[:, 75:].any()


@pytest.mark.parametrize("threshold", [0.1, 0.33, 0.6])
def test_half_is_reached_exactly_at_the_threshold(threshold):
    scene = pair(SCENE, np.roll(SCENE, 1, axis=0) // 2 + SCENE // 2)
    apart = Ssim(threshold=0.5, smooth=0.0).score(scene).change  # 0.5 maps dissimilarity to itself
    change = Ssim(threshold=threshold, smooth=0.0).score(scene).change
    clear = np.abs(apart - threshold) > 1e-5
    assert np.array_equal((change >= 0.5)[clear], (apart >= threshold)[clear])
    assert (np.diff(change.ravel()[np.argsort(apart, axis=None)]) >= -1e-6).all()


def test_colour_sees_what_luma_cannot():
    before, after = np.full((30, 30, 3), 100, np.uint8), np.full((30, 30, 3), 100, np.uint8)
    after[10:20, 10:20] = (160, 75, 70)  # luma 99.9
    assert Ssim().score(pair(before, after)).change.max() < 0.1
    assert Ssim(colour=True).score(pair(before, after)).change.max() > 0.5


@pytest.mark.parametrize("settings", SETTINGS[:4], ids=str)
def test_unusable_pixels_say_nothing_and_influence_nothing(settings):
    valid = np.ones((61, 83), bool)
    valid[15:45, 25:55] = False
    after = with_bag()
    other = after.copy()
    other[~valid] = 255 - other[~valid]
    evidence = Ssim(**settings).score(pair(SCENE, after, valid=valid))
    assert not evidence.change[~valid].any()
    again = Ssim(**settings).score(pair(SCENE, other, valid=valid))
    assert np.abs(evidence.change - again.change).max() < 1e-3
    assert evidence.notes["mean_ssim"] == pytest.approx(again.notes["mean_ssim"], abs=1e-4)
    inside = Ssim(**settings).score(pair(np.full_like(after, 120), after, valid=valid))
    assert not inside.change.any()


def test_nothing_usable_is_no_evidence():
    evidence = Ssim().score(pair(SCENE, with_bag(), valid=np.zeros((61, 83), bool)))
    assert not evidence.change.any()
    assert evidence.notes["mean_ssim"] is None


def test_transparent_pixels_are_compared_on_white():
    clear, white = np.zeros((61, 83), np.uint8), np.full_like(SCENE, 255)
    hidden = Pair(Picture(SCENE, alpha=clear), Picture(white))
    assert not Ssim().score(hidden).change.any()
    half = Pair(Picture(np.zeros_like(SCENE), alpha=clear + np.uint8(51)), Picture(white - np.uint8(51)))
    assert not Ssim().score(half).change.any()


def test_a_picture_smaller_than_the_window_is_scored():
    tiny = Ssim().score(pair(np.zeros((3, 1, 3), np.uint8), np.full((3, 1, 3), 255, np.uint8)))
    assert tiny.change.shape == (3, 1)
    assert tiny.change.min() >= 0.5


def test_an_even_window_is_refused():
    with pytest.raises(OptionError, match="window takes an odd number, not 10"):
        Ssim(window=10)


@pytest.mark.parametrize(("value", "told"), [(255, "0.00010"), (26, "0.00953"), (0, "1.00000")])
def test_the_mean_is_told_in_the_text_and_the_record(value, told):
    pair = np.zeros((40, 40, 3), np.uint8), np.full((40, 40, 3), value, np.uint8)
    answer = spotdiff.compare(*pair, method="ssim", align="off", light="off")
    record = to_record(answer)
    assert f"The mean SSIM is {told}." in record["text"]
    assert record["method"]["notes"]["mean_ssim"] == pytest.approx(float(told), abs=5e-6)
    assert record["method"]["notes"]["mean_ssim"] == pytest.approx(answer.evidence.notes["mean_ssim"], rel=1e-5)
    assert told in spotdiff.compare(*pair, method="ssim", align="off", light="off", language="zh").text


def test_a_mean_of_nothing_is_not_told():
    picture = np.zeros((40, 40, 3), np.uint8)
    answer = spotdiff.compare(picture, picture, method="ssim", ignore=[(0, 0, 40, 40)])
    assert "SSIM" not in answer.text
    assert to_record(answer)["method"]["notes"] == {}

"""The pixel method: counts known from running the peers, the contract of a method, forgiveness."""

from dataclasses import fields

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import spotdiff
from spotdiff.errors import OptionError
from spotdiff.methods import get_method, pixel
from spotdiff.methods.pixel import Pixel
from spotdiff.metrics.antialias import LOOKS_SAME, ON_WHITE, PIXELMATCH_7, PIXELMATCH_MAIN, antialiased
from spotdiff.metrics.colour import METRICS
from spotdiff.params import params_of
from spotdiff.types import Pair, Picture

HEIGHT, WIDTH = 60, 80
small = arrays(np.uint8, (7, 9, 3), elements=st.integers(0, 3).map(lambda level: level * 85))


# Pictures made by arithmetic, the same on every machine, so that counts can be committed.


def noise(seed, levels=256):
    """(H, W, 3) of a linear congruential generator, in a few levels so that neighbours may be equal."""
    state = np.arange(HEIGHT * WIDTH * 3, dtype=np.uint64) + np.uint64(seed * 7919 + 1)
    for _ in range(4):
        state = (state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)) ^ (state >> np.uint64(29))
    bits = (state >> np.uint64(40)) % np.uint64(levels)
    return (bits * np.uint64(255) // np.uint64(levels - 1)).astype(np.uint8).reshape(HEIGHT, WIDTH, 3)


def disc(picture, x, y, radius, colour):
    """The picture with a disc whose rim is anti-aliased by coverage."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    cover = np.clip(radius + 0.5 - np.hypot(columns - x, rows - y), 0, 1)[..., None]
    return np.rint(picture * (1 - cover) + np.array(colour) * cover).astype(np.uint8)


def discs(shift=0.0, *, repainted=False):
    picture = np.full((HEIGHT, WIDTH, 3), (240, 236, 228), np.uint8)
    picture[40:, 30:] = (60, 70, 90)
    picture = disc(picture, 20 + shift, 15, 9, (30, 60, 160))
    picture = disc(picture, 60, 16 + shift, 11.3, (200, 40, 40))
    picture = disc(picture, 3 + shift, 50, 6, (20, 140, 60))
    return disc(picture, 55, 48, 7, (200, 200, 40) if repainted else (190, 205, 60))


def veil(seed):
    """Alpha in clear, half clear and opaque patches."""
    return np.array([0, 90, 180, 255, 255], np.uint8)[noise(seed, 5)[..., 0] // 64].repeat(4, 0)[:HEIGHT]


def made(name):
    before, after, *alphas = {
        "discs": lambda: (discs(), discs(0.4, repainted=True)),
        "noise": lambda: (noise(1, 4), noise(2, 4)),
        "faint": lambda: (noise(3, 3) // 8 + 100, noise(4, 3) // 8 + 100),
        "veil": lambda: (discs(), discs(0.4), veil(1), veil(1)),
        "veiled noise": lambda: (noise(5, 3), noise(6, 3), veil(2), veil(3)),
    }[name]()
    return Pair(Picture(before, *alphas[:1]), Picture(after, *alphas[1:]))


def of(before, after, **masks):
    return Pair(Picture(np.asarray(before, np.uint8)), Picture(np.asarray(after, np.uint8)), **masks)


def count(pair, **settings):
    return int((Pixel(**settings).score(pair).change >= 0.5).sum())


def square(size=40, colour=(200, 30, 30), at=(10, 10), side=12):
    picture = np.full((size, size, 3), 230, np.uint8)
    picture[at[1] : at[1] + side, at[0] : at[0] + side] = colour
    return picture


# Counts by pixelmatch 7.2.0 itself (checkerboard true and false), anti-aliasing skipped and counted.
@pytest.mark.parametrize(
    ("name", "threshold", "skipped", "counted", "skipped_on_white", "counted_on_white"),
    [
        ("discs", 0.0, 137, 375, 137, 375),
        ("discs", 0.02, 137, 323, 137, 323),
        ("discs", 0.1, 0, 104, 0, 104),
        ("noise", 0.1, 4717, 4717, 4717, 4717),
        ("noise", 0.3, 3654, 3654, 3654, 3654),
        ("faint", 0.02, 4498, 4498, 4498, 4498),
        ("faint", 0.1, 214, 214, 214, 214),
        ("veil", 0.0, 78, 114, 79, 114),
        ("veil", 0.02, 65, 96, 65, 96),
        ("veil", 0.1, 36, 46, 33, 46),
        ("veiled noise", 0.0, 3933, 3933, 3857, 3857),
        ("veiled noise", 0.02, 3933, 3933, 3851, 3851),
        ("veiled noise", 0.1, 3694, 3694, 3713, 3713),
        ("veiled noise", 0.3, 1941, 1941, 2324, 2324),
    ],
)
def test_yiq_counts_are_pixelmatchs(name, threshold, skipped, counted, skipped_on_white, counted_on_white):
    pair, known = made(name), {"metric": "yiq", "threshold": threshold}
    assert count(pair, **known) == skipped
    assert count(pair, **known, antialias=False) == counted
    assert count(pair, **known, composite="white") == skipped_on_white
    assert count(pair, **known, composite="white", antialias=False) == counted_on_white


# Counts by odiff 4.5.0 itself.
@pytest.mark.parametrize(
    ("name", "threshold", "expected"),
    [
        ("discs", 0.1, 104),
        ("faint", 0.1, 214),
        ("veil", 0.1, 46),
        ("veiled noise", 0.1, 3713),
        ("veiled noise", 0.3, 2323),
    ],
)
def test_yiq12_on_white_counts_what_odiff_counts(name, threshold, expected):
    assert count(made(name), metric="yiq12", threshold=threshold, composite="white", antialias=False) == expected


def plain_slope(own, other, row, column, *, credit, by_column):
    """The detector for one opaque pixel, written from its description with loops."""
    luma = own.astype(float) @ [0.29889531, 0.58662247, 0.11448223]
    height, width = luma.shape

    def around(y, x):
        return [
            (v, u)
            for u in (x - 1, x, x + 1)
            for v in (y - 1, y, y + 1)
            if 0 <= u < width and 0 <= v < height and (v, u) != (y, x)
        ]

    def flat(picture, place):
        ring = around(*place)
        return (
            credit * (len(ring) < 8) + sum((picture[place] == picture[other_place]).all() for other_place in ring) > 2
        )

    ring = around(row, column) if by_column else sorted(around(row, column))
    if credit * (len(ring) < 8) + sum((own[row, column] == own[place]).all() for place in ring) > 2:
        return False
    darkest, brightest = min(ring, key=lambda p: luma[p]), max(ring, key=lambda p: luma[p])
    if not luma[darkest] < luma[row, column] < luma[brightest]:
        return False
    return any(flat(own, place) and flat(other, place) for place in (darkest, brightest))


@pytest.mark.parametrize(
    ("slope", "credit", "by_column"),
    [(PIXELMATCH_7, True, True), (PIXELMATCH_MAIN, True, True), (ON_WHITE, True, True), (LOOKS_SAME, False, False)],
    ids=["pixelmatch 7", "pixelmatch main", "on white", "looks-same"],
)
@pytest.mark.parametrize("seed", range(3))
def test_the_detector_agrees_with_its_description_in_loops(slope, credit, by_column, seed):
    before, after = sloped(seed), sloped(seed + 20)
    codes = [pixel.packed(picture, None) for picture in (before, after)]
    kept, way = [before.copy(), after.copy()], {"credit": credit, "by_column": by_column}
    expected = [
        plain_slope(before, after, row, column, **way) or plain_slope(after, before, row, column, **way)
        for row, column in np.ndindex(before.shape[:2])
    ]
    assert 20 < sum(expected) < 300
    assert antialiased(*codes, np.arange(len(expected)), slope=slope).tolist() == expected
    assert (kept[0] == before).all()
    assert (kept[1] == after).all()


def sloped(seed):
    """Flat patches in a few greys with some pixels between them: every branch of the detector is taken."""
    coarse = noise(seed, 3)[:5, :5, 0].repeat(4, 0).repeat(4, 1) // 2
    fine = noise(seed + 9, 16)[:20, :20, 0]
    return np.where((fine < 60)[..., None], noise(seed + 5, 4)[:20, :20, :1] // 2, coarse[..., None]).repeat(3, 2)


def test_main_tells_neighbours_of_equal_luma_apart_by_alpha():
    colours = np.full((7, 7, 3), 255, np.uint8)
    colours[:, 3:] = 100
    after = pixel.packed(colours, np.full((7, 7), 255, np.uint8))
    clear = np.full((7, 7), 255, np.uint8)
    clear[3, 3] = 0  # white on white: as bright as the three opaque pixels on its left
    before = pixel.packed(colours, clear)
    assert antialiased(before, after, np.array([24]), slope=PIXELMATCH_MAIN)[0]
    assert not antialiased(before, after, np.array([24]), slope=ON_WHITE)[0]


def test_a_part_of_a_picture_is_judged_like_the_whole():
    clear = np.where(noise(40)[:20, :20, 0] < 100, 140, 255).astype(np.uint8)
    whole = [pixel.packed(sloped(seed), clear) for seed in (0, 20)]
    place = np.arange(6 * 20, 14 * 20)
    expected = antialiased(*whole, place, slope=PIXELMATCH_7)
    part = [codes[4:16] for codes in whole]
    assert expected.any()
    assert (antialiased(*part, place - 4 * 20, slope=PIXELMATCH_7, first=4 * 20) == expected).all()
    assert (antialiased(*part, place - 4 * 20, slope=PIXELMATCH_7, first=4 * 20 - 1) != expected).any()


def test_looks_same_gives_the_border_no_credit():
    before = np.full((7, 7, 3), 40, np.uint8)
    before[:, 4:] = 200
    before[:, 3] = before[0, 2] = 120  # on the border two neighbours equal (0, 3); pixelmatch counts a third
    after = before.copy()
    after[0, 3] = 250  # brighter than all around: no slope in this picture
    codes = [pixel.packed(picture, None) for picture in (before, after)]
    assert antialiased(*codes, np.array([3]), slope=LOOKS_SAME)[0]
    assert not antialiased(*codes, np.array([3]), slope=PIXELMATCH_7)[0]


def test_the_looks_same_margin_lets_almost_flat_sides_count():
    before = np.full((7, 7, 3), 200, np.uint8)
    before[:, :3] = 40
    before[:, 3] = 120
    before[::2, :3] += 2
    before[::2, 4:] += 2
    before[::2, 3] = 121
    after = before.copy()
    after[3, 3] = 160
    assert count(of(before, after), metric="ciede2000") == 1
    assert count(of(before, after), metric="ciede2000", antialias_tolerance=3.0) == 0


# The contract.


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", ["discs", "noise", "veiled noise"])
def test_equal_pictures_give_exactly_nothing(metric, name):
    pair = made(name)
    for threshold in (-1.0, 0.0):
        evidence = Pixel(metric=metric, threshold=threshold, tolerance=1, caret=True, opening=1).score(
            Pair(pair.before, Picture(pair.before.pixels.copy(), pair.before.alpha))
        )
        assert not evidence.change.any()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", ["discs", "faint", "veiled noise"])
def test_the_map_keeps_the_contract(metric, name):
    pair = made(name)
    kept = [part.copy() for part in (pair.before.pixels, pair.after.pixels)]
    method = Pixel(metric=metric)
    evidence = method.score(pair)
    assert evidence.directed is False
    assert evidence.gone is evidence.new
    assert evidence.change.dtype == np.float32
    assert evidence.change.shape == (HEIGHT, WIDTH)
    assert np.isfinite(evidence.change).all()
    assert evidence.change.min() >= 0
    assert evidence.change.max() <= 1
    assert (method.score(pair).change == evidence.change).all()
    assert (pair.before.pixels == kept[0]).all()
    assert (pair.after.pixels == kept[1]).all()
    np.testing.assert_allclose(method.score(pair.swapped()).change, evidence.change, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    before=arrays(np.uint8, (6, 8, 3)),
    after=arrays(np.uint8, (6, 8, 3)),
    metric=st.sampled_from(list(METRICS)),
    share=st.floats(0.01, 0.9),
)
def test_the_map_rises_with_the_difference_and_crosses_half_at_the_limit(before, after, metric, share):
    table = METRICS[metric]
    threshold = share * (40 if table.unit == "delta E" else 1)
    limit = table.limit(threshold)
    change = Pixel(metric=metric, threshold=threshold, antialias=False).score(of(before, after)).change.reshape(-1)
    amounts = table.amounts(before.reshape(-1, 3), after.reshape(-1, 3), limit)
    assert ((change >= 0.5) == table.exceeds(amounts, limit)).all()
    assert (np.diff(change[np.argsort(amounts, kind="stable")]) >= 0).all()


def test_a_higher_threshold_never_finds_more():
    for metric in METRICS:
        counts = [
            count(made("faint"), metric=metric, threshold=t, antialias=False) for t in (0.0, 0.02, 0.1, 0.5, 5.0, 300.0)
        ]
        assert counts == sorted(counts, reverse=True)
        assert counts[0] == 4596
        assert counts[-1] == 0


def test_strips_and_blocks_leave_no_seam(monkeypatch):
    pair = made("discs")
    tall = Pair(*(Picture(np.tile(p.pixels, (2, 1, 1))) for p in (pair.before, pair.after)))
    for method in (Pixel(threshold=0.02), Pixel(metric="yiq", threshold=0.02, tolerance=3, antialias=False)):
        whole = method.score(tall).change
        for rows in (1, 4, 7):
            with monkeypatch.context() as patch:
                patch.setattr(pixel, "_ROWS", rows)
                patch.setattr(pixel, "_BLOCK", 57)
                assert (method.score(tall).change == whole).all()


def test_the_checkerboard_continues_from_strip_to_strip(monkeypatch):
    clear = np.where(noise(40)[:20, :20, 0] < 100, 140, 255).astype(np.uint8)
    pair = Pair(Picture(sloped(0), clear), Picture(sloped(20), clear))
    method = Pixel(metric="yiq", threshold=0.0)
    whole = method.score(pair).change
    monkeypatch.setattr(pixel, "_ROWS", 3)
    assert (method.score(pair).change == whole).all()
    assert count(made("veiled noise"), metric="yiq", threshold=0.1) == 3694


def test_nothing_is_said_where_the_answer_does_not_count():
    usable = np.zeros((HEIGHT, WIDTH), bool)
    usable[:, 40:] = True
    pair = made("noise")
    limited = Pair(pair.before, pair.after, valid=usable)
    for method in (Pixel(), Pixel(caret=True, opening=1)):
        change = method.score(limited).change
        assert not change[~usable].any()
        assert change[usable].any()


# Alpha.


def test_transparent_black_against_opaque_white():
    shape = (8, 8, 3)
    clear = Picture(np.zeros(shape, np.uint8), np.zeros(shape[:2], np.uint8))
    white = Picture(np.full(shape, 255, np.uint8))
    for metric in METRICS:
        assert count(Pair(clear, white), metric=metric) == 64
        assert count(Pair(clear, white), metric=metric, composite="white") == 0
        assert count(Pair(clear, white), metric=metric, composite="white", threshold=0.0) == 0
        assert count(Pair(white, clear), metric=metric, composite="ignore") == 64


def test_ignoring_alpha_sees_colours_only():
    colours = np.full((8, 8, 3), 90, np.uint8)
    pair = Pair(Picture(colours, np.zeros((8, 8), np.uint8)), Picture(colours.copy()))
    assert count(pair, composite="ignore", threshold=0.0) == 0
    assert count(pair) == 64


def test_opaque_alpha_changes_nothing():
    pair = made("discs")
    full = np.full((HEIGHT, WIDTH), 255, np.uint8)
    with_alpha = Pair(Picture(pair.before.pixels, full), Picture(pair.after.pixels))
    assert (Pixel(threshold=0.02).score(pair).change == Pixel(threshold=0.02).score(with_alpha).change).all()


# Forgiveness.


@pytest.mark.parametrize("shift", [(1, 0), (0, 2), (3, 3), (-2, 1)])
def test_a_shift_within_the_tolerance_is_forgiven_and_no_more(shift):
    pair = of(square(), square(at=(10 + shift[0], 10 + shift[1])))
    reach = max(map(abs, shift))
    assert count(pair, antialias=False) > 0
    assert count(pair, antialias=False, tolerance=reach) == 0
    assert count(pair, antialias=False, tolerance=reach - 1) > 0


def test_what_appeared_is_not_forgiven_in_either_direction():
    empty = np.full((40, 40, 3), 230, np.uint8)
    for pair in (of(empty, square()), of(square(), empty)):
        assert count(pair, tolerance=1, antialias=False) == 144


def test_the_order_of_the_pictures_does_not_matter_with_a_tolerance():
    pair, method = of(noise(1, 3), noise(2, 3)), Pixel(tolerance=1, antialias=False)
    assert (method.score(pair).change == method.score(pair.swapped()).change).all()
    strict = Pixel(antialias=False).score(pair).change >= 0.5
    assert 0 < (method.score(pair).change >= 0.5).sum() < strict.sum()


def test_erosion_and_opening_forgive_rims_and_crumbs():
    empty = np.full((40, 40, 3), 230, np.uint8)
    after = square()
    after[30, 30] = after[2, 5:35] = 0
    pair = of(empty, after)
    assert count(pair, antialias=False) == 144 + 1 + 30
    assert count(pair, antialias=False, opening=1) == 144
    assert count(pair, antialias=False, erode=2) == 64


def test_a_caret_is_forgiven_once():
    page = np.full((30, 30, 3), 255, np.uint8)
    one, two, dot = page.copy(), page.copy(), page.copy()
    one[5:15, 8] = 0
    two[5:15, 8] = two[5:15, 20] = 0
    dot[5, 8] = 0
    strict = {"metric": "ciede2000", "antialias": False}
    assert count(of(page, one), **strict) == 10
    assert count(of(page, one), **strict, caret=True) == 0
    assert count(of(page, two), **strict, caret=True) == 10
    assert count(of(page, dot), **strict, caret=True) == 1
    one[20, 8] = 0
    assert count(of(page, one), **strict, caret=True) == 1
    one[15:, 8] = 0
    assert count(of(page, one), **strict, caret=True) == 0


def test_anti_aliasing_is_forgiven_only_when_asked():
    before, after = cv2.blur(square(), (2, 2)), cv2.blur(square(), (1, 1))
    assert count(of(before, after)) < count(of(before, after), antialias=False)


# Parameters.


def test_fields_are_parameters_and_the_default_is_the_documented_one():
    assert {f.name for f in fields(Pixel)} == set(params_of(Pixel))
    assert get_method("pixel") == Pixel()
    for metric, table in METRICS.items():
        assert count(made("faint"), metric=metric) == count(made("faint"), metric=metric, threshold=table.default)


@pytest.mark.parametrize(
    "wrong",
    [
        {"metric": "lab"},
        {"threshold": -0.5},
        {"threshold": -2.0},
        {"tolerance": 4},
        {"composite": "black"},
        {"erode": -1},
    ],
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        Pixel(**wrong)


@pytest.mark.parametrize(("asked", "levels"), [({}, 30), ({"threshold": 0.02}, 6), ({"threshold": 0.0}, 1)])
@pytest.mark.parametrize("base", [60, 128, 200])
@pytest.mark.parametrize("side", [1, 3, 40])
def test_the_contrast_from_which_the_readme_says_a_thing_is_seen(asked, levels, base, side):
    before = np.full((120, 160, 3), base, np.uint8)
    after = before.copy()
    after[50 : 50 + side, 60 : 60 + side] += levels
    assert spotdiff.compare(before, after, method="pixel", settings=asked).verdict == "changed"

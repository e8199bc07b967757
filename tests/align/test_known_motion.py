"""Motions that are known to the last digit are found again."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.align import align
from spotdiff.align.estimate import estimate
from spotdiff.align.models import MODELS
from spotdiff.align.warp import coverage, move_points, warp
from spotdiff.errors import Refusal
from spotdiff.types import Pair, Picture

WIDTH, HEIGHT = 360, 280
CORNERS = np.array([[0, 0], [WIDTH - 1, 0], [WIDTH - 1, HEIGHT - 1], [0, HEIGHT - 1]], float)


def similarity(turn: float, scale: float, x: float, y: float) -> np.ndarray:
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), turn, scale)
    matrix[:2, 2] += x, y
    return matrix


def affine() -> np.ndarray:
    matrix = similarity(0.6, 1.01, 3.2, -2.1)
    matrix[0, 1] += 0.02
    matrix[1, 1] += 0.015
    return matrix


def homography() -> np.ndarray:
    matrix = similarity(-0.8, 1.01, 2.0, 4.0)
    matrix[2, :2] = 6e-5, -5e-5
    return matrix


MOTIONS = {
    "shift": [similarity(0, 1, 7.3, -4.6), similarity(0, 1, -0.8, 1.4), similarity(0, 1, 22, 9)],
    "similarity": [similarity(1.5, 1.02, 5, -3), similarity(-2.5, 0.97, -4.4, 6.1), similarity(12, 1.0, 3, 3)],
    "affine": [affine()],
    "homography": [homography()],
}
KNOWN = [(model, matrix) for model, matrices in MOTIONS.items() for matrix in matrices]


def grey(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)


@pytest.fixture(scope="module")
def place(texture):
    """A place larger than the pictures taken of it."""
    return texture(WIDTH + 160, HEIGHT + 160, seed=3)


def taken(place: np.ndarray, matrix: np.ndarray | None = None, size=(WIDTH, HEIGHT)) -> np.ndarray:
    """The place from where before was taken, or after `matrix`, which takes before's pixels to after's."""
    inside = np.array([[1, 0, 80], [0, 1, 80], [0, 0, 1.0]])
    look = inside if matrix is None else inside @ np.linalg.inv(matrix)
    return cv2.warpPerspective(place, look, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)


def noisy(pixels: np.ndarray, seed: int) -> np.ndarray:
    return np.clip(pixels + np.random.default_rng(seed).normal(0, 2, pixels.shape), 0, 255).astype(np.uint8)


def corner_error(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.linalg.norm(move_points(CORNERS, found) - move_points(CORNERS, true), axis=1).max())


@pytest.mark.parametrize(("model", "matrix"), KNOWN)
def test_a_known_motion_is_found_by_its_name(model, matrix, place):
    motion = estimate(grey(noisy(taken(place), 1)), grey(noisy(taken(place, matrix), 2)))
    assert corner_error(motion.matrix, matrix) < 0.3
    assert motion.model == model
    assert motion.error_px < 0.3


@pytest.mark.parametrize(("model", "matrix"), KNOWN)
def test_exchanging_the_pictures_inverts_the_matrix(model, matrix, place):
    before, after = grey(noisy(taken(place), 1)), grey(noisy(taken(place, matrix), 2))
    there, back = estimate(before, after), estimate(after, before)
    product = there.matrix @ back.matrix
    assert np.allclose(product / product[2, 2], np.eye(3), atol=1e-6)
    assert there.model == back.model


@pytest.mark.parametrize(("model", "matrix"), KNOWN[:5])
def test_aligned_pictures_agree(model, matrix, place):
    before, after = taken(place), taken(place, matrix)
    aligned, alignment = align(Pair(Picture(before), Picture(after)))
    apart = cv2.absdiff(aligned.after.pixels, before)[alignment_seen(aligned)]
    assert apart.mean() < 1.5
    assert alignment.overlap == pytest.approx(float(alignment_seen(aligned).mean()), abs=1e-6)


def alignment_seen(pair: Pair) -> np.ndarray:
    return np.ones(pair.before.pixels.shape[:2], bool) if pair.seen is None else pair.seen


@pytest.mark.parametrize("richest", MODELS[1:])
def test_no_richer_model_is_used_than_allowed(richest, place):
    before, after = grey(taken(place)), grey(taken(place, similarity(0.4, 1.004, 2, 1)))
    found = estimate(before, after, model=richest).model
    assert MODELS.index(found) <= max(MODELS.index(richest), MODELS.index("similarity"))


def test_a_shift_asked_for_is_a_shift(place):
    motion = estimate(grey(taken(place)), grey(taken(place, similarity(0.3, 1.0, 4, 2))), model="shift")
    assert np.array_equal(motion.matrix[:2, :2], np.eye(2))


def test_a_still_camera_leaves_every_pixel(place):
    before, after = noisy(taken(place), 1), noisy(taken(place), 2)
    aligned, alignment = align(Pair(Picture(before), Picture(after)))
    assert alignment.model == "none"
    assert np.array_equal(alignment.matrix, np.eye(3))
    assert np.array_equal(aligned.after.pixels, after)
    assert aligned.seen is None


@pytest.mark.parametrize("method", ["stripes", "checks", "flat", "noise", "dots"])
def test_a_picture_lies_on_itself(method):
    pictures = {
        "stripes": np.tile(np.uint8([0, 255]), (60, 40)),
        "checks": (np.indices((60, 80)).sum(0) % 2 * 255).astype(np.uint8),
        "flat": np.full((60, 80), 90, np.uint8),
        "noise": np.random.default_rng(0).integers(0, 256, (60, 80), np.uint8),
        "dots": np.where(np.indices((60, 80)).sum(0) % 12 == 0, 255, 0).astype(np.uint8),
    }
    motion = estimate(pictures[method], pictures[method].copy())
    assert motion.model == "none"
    assert np.array_equal(motion.matrix, np.eye(3))


@pytest.mark.parametrize("light", [lambda p: p * 0.6, lambda p: p * 0.8 + 40, lambda p: 255 * (p / 255) ** 0.6])
def test_another_light_does_not_move_the_camera(light, place):
    matrix = similarity(1.0, 1.01, 4, -3)
    after = np.clip(light(taken(place, matrix).astype(float)), 0, 255).astype(np.uint8)
    assert corner_error(estimate(grey(taken(place)), grey(after)).matrix, matrix) < 0.3


def test_a_lamp_from_one_side_does_not_move_the_camera(place):
    matrix = similarity(0, 1, 5.5, -2.5)
    slope = np.linspace(0.5, 1.2, WIDTH)[None, :, None]
    after = np.clip(taken(place, matrix) * slope, 0, 255).astype(np.uint8)
    assert corner_error(estimate(grey(taken(place)), grey(after)).matrix, matrix) < 0.3


@pytest.mark.parametrize("size", [(540, 420), (240, 187), (360, 210)])
def test_pictures_of_other_sizes_are_laid_on_each_other(size, place):
    scale = np.diag([size[0] / WIDTH, size[0] / WIDTH, 1.0])
    scale[:2, 2] = 0.5 * scale[0, 0] - 0.5
    matrix = scale @ similarity(0.5, 1.0, 3, 2)
    if size[0] > WIDTH:
        after = taken(place, matrix, size)
    else:
        finer, factor = taken(place, similarity(0.5, 1.0, 3, 2)), scale[0, 0]
        small = cv2.resize(finer, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        after = np.ascontiguousarray(small[: size[1], : size[0]])
    motion = estimate(grey(taken(place)), grey(after))
    assert corner_error(motion.matrix, matrix) < 0.4
    aligned, _ = align(Pair(Picture(taken(place)), Picture(after)))
    assert aligned.after.size == aligned.before.size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("seed", range(4))
def test_another_place_is_refused(seed, texture):
    before, after = texture(WIDTH, HEIGHT, seed=50 + seed), texture(WIDTH, HEIGHT, seed=70 + seed)
    with pytest.raises(Refusal):
        estimate(grey(before), grey(after))


def test_noise_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(Refusal):
        estimate(*(rng.integers(0, 256, (200, 260), np.uint8) for _ in range(2)))


@pytest.mark.parametrize("exchanged", [False, True])
def test_a_blurred_picture_is_refused_by_its_name(exchanged, place):
    pictures = [grey(taken(place)), np.full((HEIGHT, WIDTH), 120, np.uint8)]
    with pytest.raises(Refusal, match="before is too blurred" if exchanged else "after is too blurred"):
        estimate(*(pictures[::-1] if exchanged else pictures))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.17])
def test_too_little_overlap_is_refused(share, texture):
    wide = grey(texture(2 * WIDTH, HEIGHT, seed=4))
    start = WIDTH - round(share * WIDTH)
    with pytest.raises(Refusal):
        estimate(np.ascontiguousarray(wide[:, :WIDTH]), np.ascontiguousarray(wide[:, start : start + WIDTH]))


def test_a_large_change_does_not_pull_the_camera(place):
    matrix = similarity(0, 1, 6, 3)
    after = taken(place, matrix)
    after[60:200, 80:240] = np.random.default_rng(0).integers(0, 256, (140, 160, 3), np.uint8)
    assert corner_error(estimate(grey(taken(place)), grey(after)).matrix, matrix) < 0.3


@pytest.mark.parametrize("size", [(1, 1), (23, 200), (24, 24), (2, 2)])
def test_small_pictures_are_laid_flush(size):
    picture = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    motion = estimate(picture, picture.copy())
    assert np.array_equal(motion.matrix, np.eye(3))


def test_off_fills_up_the_smaller_picture():
    before, after = np.full((30, 50, 3), 90, np.uint8), np.full((40, 20, 3), 90, np.uint8)
    aligned, alignment = align(Pair(Picture(before), Picture(after)), model="off")
    assert aligned.before.size == aligned.after.size == (50, 40)
    assert alignment.model == "off"
    seen = np.zeros((40, 50), bool)
    seen[:30, :20] = True
    assert np.array_equal(aligned.seen, seen)


def test_flow_takes_out_what_no_matrix_does(place):
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    bent = x + 1.5 * np.sin(y / 40)
    before = taken(place)
    after = cv2.remap(before, bent.astype(np.float32), y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    pair = Pair(Picture(before), Picture(after))
    rigid, flowing = (align(pair, model=model)[0] for model in ("auto", "flow"))
    inner = (slice(20, -20), slice(20, -20))
    left = [cv2.absdiff(p.after.pixels, before)[inner].mean() for p in (rigid, flowing)]
    assert left[1] < 0.6 * left[0]
    assert align(pair, model="flow")[1].flow.shape == (HEIGHT, WIDTH, 2)


def test_the_pair_given_is_left_as_it_was(place):
    pair = Pair(Picture(taken(place)), Picture(taken(place, similarity(1, 1.01, 4, 4))))
    kept = pair.before.pixels.copy(), pair.after.pixels.copy()
    align(pair)
    assert np.array_equal(pair.before.pixels, kept[0])
    assert np.array_equal(pair.after.pixels, kept[1])


def test_alpha_moves_along(place):
    matrix = similarity(0, 1, 20, 0)
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[100:150, 200:260] = 0
    after = replace(Picture(taken(place, matrix)), alpha=alpha)
    aligned, _ = align(Pair(Picture(taken(place)), after))
    assert (aligned.after.alpha[105:145, 186:234] == 0).all()
    assert (aligned.after.alpha[105:145, 245:300] == 255).all()


def test_coverage_is_where_the_other_picture_is():
    seen = coverage(similarity(0, 1, 10, 0), (40, 30), (40, 30))
    assert seen[:, :30].all()
    assert not seen[:, 31:].any()
    numbered = np.arange(40, dtype=np.uint8)[None].repeat(30, 0)
    assert np.array_equal(warp(numbered, similarity(0, 1, 10, 0), (40, 30))[0, :30], np.arange(10, 40))


@pytest.mark.parametrize("exchanged", [False, True])
def test_a_place_that_something_close_hides_is_the_same_place(place, texture, exchanged):
    before = np.asarray(0.3 * taken(place) + 80, np.uint8)  # of less contrast than what hides it
    cover = texture(WIDTH, HEIGHT, seed=9)
    after = np.where(np.arange(WIDTH)[None, :, None] < 0.8 * WIDTH, cover, noisy(before, 3))
    pictures = (after, before) if exchanged else (before, after)
    aligned, alignment = align(Pair(Picture(pictures[0]), Picture(pictures[1])))
    assert alignment.model == "none"
    assert np.array_equal(aligned.after.pixels, pictures[1])


@pytest.mark.parametrize("seed", range(4))
def test_waves_do_not_move_a_still_camera(seed):
    rng = np.random.default_rng(seed)
    slow = cv2.resize(rng.uniform(70, 180, (6, 8)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)

    def waves() -> np.ndarray:
        field = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32), (0, 0), 20, sigmaY=20 / 3)
        return 20 * field / field.std()

    shared = waves()
    before, after = (np.clip(slow + shared + 0.9 * waves(), 0, 255).astype(np.uint8) for _ in range(2))
    motion = estimate(before, after)
    assert motion.model == "none", motion

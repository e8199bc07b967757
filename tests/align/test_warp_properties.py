"""There and back again."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spotdiff.align.models import MODELS, NEEDED, fit, fit_robust, simplest
from spotdiff.align.warp import look_up, move_box, move_outlines, move_points, scaling

near_one, small = st.floats(0.7, 1.4), st.floats(-0.2, 0.2)
points = arrays.arrays(np.float64, st.tuples(st.integers(1, 30), st.just(2)), elements=st.floats(-50, 500))


@st.composite
def matrices(draw, *, steep: bool = True):
    """Motions of a camera that stays on its side of the scene."""
    tilt = st.floats(-3e-4, 3e-4) if steep else st.just(0.0)
    rows = [
        [draw(near_one), draw(small), draw(st.floats(-60, 60))],
        [draw(small), draw(near_one), draw(st.floats(-60, 60))],
    ]
    return np.array([*rows, [draw(tilt), draw(tilt), 1.0]])


@st.composite
def boxes(draw, size: int = 200):
    left, top = draw(st.integers(0, size - 2)), draw(st.integers(0, size - 2))
    return left, top, draw(st.integers(left + 1, size)), draw(st.integers(top + 1, size))


@settings(deadline=None, max_examples=40)
@given(points, matrices())
def test_points_come_back(given_points, matrix):
    there = move_points(given_points, matrix)
    assert np.allclose(move_points(there, np.linalg.inv(matrix)), given_points, atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(points, matrices(), matrices())
def test_two_motions_are_one(given_points, first, second):
    assert np.allclose(
        move_points(move_points(given_points, first), second), move_points(given_points, second @ first), atol=1e-5
    )


@settings(deadline=None, max_examples=60)
@given(boxes(), matrices())
def test_a_box_stays_inside_the_picture_and_round_its_content(box, matrix):
    size = (220, 180)
    moved = move_box(box, matrix, size)
    left, top, right, bottom = box
    edges = np.array([[x, y] for x in np.linspace(left, right, 9) for y in np.linspace(top, bottom, 9)]) - 0.5
    there = move_points(edges, matrix) + 0.5
    inside = ((there > 0.001) & (there < np.array(size) - 0.001)).all(1)
    if moved is None:
        assert not inside.any()
        return
    assert 0 <= moved[0] < moved[2] <= size[0]
    assert 0 <= moved[1] < moved[3] <= size[1]
    assert (there[inside] >= np.array(moved[:2]) - 1e-5).all()
    assert (there[inside] <= np.array(moved[2:]) + 1e-5).all()


@settings(deadline=None, max_examples=40)
@given(boxes())
def test_a_box_that_stays_is_the_same_box(box):
    assert move_box(box, np.eye(3), (200, 200)) == box


@settings(deadline=None, max_examples=40)
@given(boxes(), matrices(steep=False))
def test_a_box_there_and_back_holds_itself(box, matrix):
    there = move_box(box, matrix, (10**6, 10**6))
    low = move_points(np.array([[x, y] for x in box[::2] for y in box[1::2]], float) - 0.5, matrix).min()
    if there is None or low < -0.5:
        return
    back = move_box(there, np.linalg.inv(matrix), (10**6, 10**6))
    assert back[0] <= box[0]
    assert back[1] <= box[1]
    assert back[2] >= box[2]
    assert back[3] >= box[3]


@settings(deadline=None, max_examples=30)
@given(boxes(), matrices())
def test_outlines_stay_inside(box, matrix):
    left, top, right, bottom = box
    outline = ((left, top), (right - 1, top), (right - 1, bottom - 1), (left, bottom - 1))
    (moved,) = move_outlines((outline,), matrix, (150, 120))
    assert len(moved) == 4
    assert all(0 <= x < 150 and 0 <= y < 120 for x, y in moved)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.05, 20))
def test_resizing_keeps_the_corners_of_the_picture(factor):
    corners = np.array([[-0.5, -0.5], [99.5, 79.5]])
    assert np.allclose(move_points(corners, scaling(factor)), (corners + 0.5) * factor - 0.5)


@settings(deadline=None, max_examples=20)
@given(matrices())
def test_looking_up_without_flow_is_the_matrix(matrix):
    x, y = look_up(matrix, (13, 7), np.zeros((7, 13, 2), np.float32))
    places = np.array([[i, j] for j in range(7) for i in range(13)], float)
    assert np.allclose(np.stack([x.ravel(), y.ravel()], 1), move_points(places, matrix), atol=1e-3)


def moving(model: str) -> np.ndarray:
    matrix = np.eye(3)
    if model != "none":
        matrix[:2, 2] = 7, -3
    if model == "similarity":
        matrix[:2, :2] = [[1.01, -0.02], [0.02, 1.01]]
    if model in ("affine", "homography"):
        matrix[:2, :2] = [[1.02, -0.03], [0.01, 0.97]]
    if model == "homography":
        matrix[2, :2] = 1e-4, -1e-4
    return matrix


def test_every_model_is_fitted_exactly():
    here = np.random.default_rng(0).uniform(0, 300, (60, 2))
    for model in MODELS:
        there = move_points(here, moving(model))
        assert np.allclose(fit(model, here, there), moving(model), atol=1e-6)
        assert simplest(here, there, slack=0.05)[0] == model


def test_wild_points_do_not_pull_a_fit():
    rng = np.random.default_rng(0)
    here = rng.uniform(0, 300, (80, 2))
    there = move_points(here, moving("affine"))
    there[:8] += rng.uniform(-60, 60, (8, 2))
    matrix, agree = fit_robust("affine", here, there)
    assert np.allclose(matrix, moving("affine"), atol=1e-3)
    assert not agree[:8].any()
    assert agree[8:].all()


def test_too_few_points_stand_still():
    for model in MODELS:
        here = np.ones((max(NEEDED[model] - 1, 0), 2))
        assert np.array_equal(fit(model, here, here + 5), np.eye(3))

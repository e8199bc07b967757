import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.image.draw import draw_arrow, draw_box, draw_tag

RAMP = np.array([1, 2, 3, 4], np.uint8)


def test_a_box_is_a_frame_around_its_pixels():
    canvas = np.zeros((20, 30), np.uint8)
    draw_box(canvas, (5, 6, 12, 10), ink=9, width=2)
    assert not canvas[6:10, 5:12].any()
    assert (canvas[4:12, 3:14] == 9).sum() == 8 * 11 - 4 * 7 == (canvas == 9).sum()


@settings(max_examples=50, deadline=None)
@given(st.tuples(*[st.integers(-60, 60)] * 4), st.integers(1, 9))
def test_a_box_off_the_canvas_is_cut_off(box, width):
    left, top, right, bottom = box
    box = (min(left, right), min(top, bottom), max(left, right) + 1, max(top, bottom) + 1)
    wide = np.zeros((400, 400), np.uint8)
    draw_box(wide, tuple(edge + 200 for edge in box), ink=3, width=width)
    canvas = np.zeros((40, 50), np.uint8)
    draw_box(canvas, box, ink=3, width=width)
    assert np.array_equal(canvas, wide[200:240, 200:250])


def test_colours_are_ink_too():
    canvas = np.zeros((9, 9, 3), np.uint8)
    draw_box(canvas, (3, 3, 6, 6), ink=(10, 20, 30), width=1)
    assert canvas[2, 2].tolist() == [10, 20, 30]


def test_an_arrow_goes_from_start_to_end():
    canvas = np.zeros((40, 60), np.uint8)
    draw_arrow(canvas, (5, 20), (50, 20), ink=7, width=1)
    assert (canvas[20, 5:51] == 7).all()
    assert canvas[15:26, 40:51].astype(bool).sum() > canvas[15:26, 5:16].astype(bool).sum()


@pytest.mark.parametrize("at", [(-50, -50), (0, 0), (100, 30), (199, 99), (500, 500)])
def test_a_tag_stays_on_the_canvas(at):
    canvas = np.zeros((100, 200), np.uint8)
    left, top, right, bottom = draw_tag(canvas, "added 0.97", at=at, ramp=RAMP, height=16)
    assert 0 <= left < right <= 200
    assert 0 <= top < bottom <= 100
    tag = canvas[top:bottom, left:right]
    assert (tag > 0).all()
    assert {1, 4} <= set(np.unique(tag).tolist())
    assert np.count_nonzero(canvas) == tag.size


def test_a_tag_larger_than_the_canvas_is_cut_off():
    canvas = np.zeros((8, 10), np.uint8)
    assert draw_tag(canvas, "replaced 0.50", at=(3, 3), ramp=RAMP, height=20) == (0, 0, 10, 8)

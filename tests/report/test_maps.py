import cv2
import numpy as np

from spotdiff.report.maps import probability_maps, write_maps
from spotdiff.report.own_pixels import SIDES, labels_in

HOMOGRAPHY = np.array([[1.9, 0.12, -9], [-0.08, 2.1, 14], [2e-5, -3e-5, 1.0]])
SHIFT = np.array([[1, 0, 7], [0, 1, -4], [0, 0, 1.0]])


def test_128_and_above_is_exactly_what_the_answer_calls_changed(any_comparison):
    for side, values in zip(SIDES, probability_maps(any_comparison), strict=True):
        picture = getattr(any_comparison.pair, side)
        assert values.dtype == np.uint8
        assert values.shape == picture.pixels.shape[:2]
        assert np.array_equal(values >= 128, labels_in(any_comparison, side) > 0)


def test_the_answer_wins_over_the_evidence(comparison_of, region):
    comparison = comparison_of([region(1, "changed", (20, 30, 60, 70), score=0.2)])
    comparison.evidence.new[0:10, 0:10] = 0.99
    before, after = probability_maps(comparison)
    assert (before[30:70, 20:60] == 128).all()
    assert (before[0:10, 0:10] == 127).all()
    assert before[100, 100] == 26  # 0.1 of 255
    assert np.array_equal(before, after)


def test_the_after_map_lies_on_the_after_picture(comparison_of, region):
    comparison = comparison_of([region(1, "added", (20, 30, 40, 50), score=0.9)], matrix=SHIFT)
    before, after = probability_maps(comparison)
    assert np.array_equal(after[26:46, 27:47], before[30:50, 20:40])
    assert after[-3, 3] == 0  # before does not show that place


def test_a_region_lands_where_the_matrix_takes_it(comparison_of, region):
    comparison = comparison_of([region(1, "added", (60, 40, 100, 80))], after_size=(330, 280), matrix=HOMOGRAPHY)
    _, after = probability_maps(comparison)
    centre = HOMOGRAPHY @ [79.5, 59.5, 1]
    y, x = np.nonzero(after >= 128)
    assert abs(np.array([x.mean(), y.mean()]) - centre[:2] / centre[2]).max() < 1


def test_refused_maps_are_zero(refused):
    before, after = probability_maps(refused)
    assert (before.shape, after.shape) == ((60, 90), (80, 60))
    assert not before.any()
    assert not after.any()


def test_files_hold_the_maps(warped, tmp_path):
    plain = write_maps(warped, tmp_path)
    assert plain == (tmp_path / "before.png", tmp_path / "after.png")
    named = write_maps(warped, tmp_path, stem="yard/1")
    assert named == (tmp_path / "yard" / "1.before.png", tmp_path / "yard" / "1.after.png")
    for path, values in zip(named, probability_maps(warped), strict=True):
        assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), values)

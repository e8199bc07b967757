import numpy as np
import pytest

from spotdiff.align.warp import move_points
from spotdiff.errors import OptionError
from spotdiff.timelapse.areas import WHOLE, area_masks, moved_areas
from spotdiff.timelapse.measure import labels_in_first, mask_from_first, mask_in_first

SIZE, THERE = (200, 150), (240, 170)  # of the first picture and of the later one
MATRIX = np.array([[1.08, 0.09, 6.0], [-0.06, 1.03, 9.0], [1e-4, -5e-5, 1.0]])
DISCS = {7: (60, 50, 22), 70_001: (140, 95, 30)}  # label: x, y, radius in the first picture


def disc_labels(x, y):
    """The truth at points of the first picture."""
    labels = np.zeros(x.shape, np.int32)
    for label, (middle_x, middle_y, radius) in DISCS.items():
        labels[np.hypot(x - middle_x, y - middle_y) < radius] = label
    return labels


def grid(size):
    return np.meshgrid(np.arange(size[0], dtype=float), np.arange(size[1], dtype=float))


@pytest.fixture
def truth():
    """The labels in the first picture, and as the later picture sees them, each from the discs themselves."""
    x, y = grid(THERE)
    back = move_points(np.column_stack([x.ravel(), y.ravel()]), np.linalg.inv(MATRIX))
    return disc_labels(*grid(SIZE)), disc_labels(back[:, 0], back[:, 1]).reshape(x.shape)


def test_labels_come_back_to_the_first_picture(truth):
    here, there = truth
    found = labels_in_first(there, MATRIX, SIZE)
    assert found.dtype == np.int32
    assert found.shape == here.shape
    assert set(np.unique(found)) == {0, *DISCS}
    for label in DISCS:
        both, either = (here == label) & (found == label), (here == label) | (found == label)
        assert both.sum() / either.sum() > 0.97
        rows, columns = np.nonzero(found == label)
        assert (columns.mean(), rows.mean()) == pytest.approx(DISCS[label][:2], abs=0.3)
    # the wrong way round is far off, so that the test can tell
    assert ((labels_in_first(there, np.linalg.inv(MATRIX), SIZE) == 7) & (here == 7)).sum() < 0.6 * (here == 7).sum()


def test_where_the_later_picture_does_not_reach_is_unchanged_and_not_compared():
    shifted = np.array([[1, 0, -50], [0, 1, 0], [0, 0, 1.0]])  # it begins at column 50 of the first
    assert np.flatnonzero(labels_in_first(np.full((150, 200), 3, np.int32), shifted, SIZE)[70]).min() == 50
    seen = mask_in_first(np.ones((150, 200), bool), shifted, SIZE)
    assert (seen[:, :50].any(), seen[:, 50:].all()) == (False, True)
    there = mask_from_first(seen, shifted, (200, 150))
    assert (there[:, :150].all(), there[:, 150:].any()) == (True, False)


def test_a_mask_goes_there_and_back():
    here = disc_labels(*grid(SIZE)) > 0
    back = mask_in_first(mask_from_first(here, MATRIX, THERE), MATRIX, SIZE)
    assert (here & back).sum() / (here | back).sum() > 0.97


def test_an_outline_moves_as_its_pixels_do():
    area = {"gate": [(30, 20), (120, 35), (90, 110), (25, 80)]}
    pixels = mask_from_first(area_masks(area, SIZE)["gate"], MATRIX, THERE)
    outline = area_masks(moved_areas(area, MATRIX), THERE)["gate"]
    assert (pixels & outline).sum() / (pixels | outline).sum() > 0.97


def test_areas_as_pixels():
    areas = {"a": [(0, 0), (4, 0), (4, 2), (0, 2)], "b": [(2, 0), (6, 0), (6, 3), (2, 3)]}
    masks = area_masks(areas, (6, 5))
    assert {name: int(mask.sum()) for name, mask in masks.items()} == {"a": 8, "b": 12}
    valid = np.ones((5, 6), bool)
    valid[:, :3] = False
    assert {name: int(mask.sum()) for name, mask in area_masks(areas, (6, 5), valid).items()} == {"a": 2, "b": 9}
    assert {name: int(mask.sum()) for name, mask in area_masks({}, (6, 5)).items()} == {WHOLE: 30}


@pytest.mark.parametrize(
    ("areas", "said"),
    [
        (
            {"roof": [(2, 1), (9, 1), (9, 3)]},
            "area roof reaches outside of the first picture: corner 9, 1 of 6x5 pixels",
        ),
        ({"roof": [(2, 1), (5, -3), (4, 3)]}, "corner 5, -3"),
        ({"roof": [(2, 1), (5, 1), (2, 1)]}, "area roof holds no pixel that counts"),
    ],
)
def test_areas_that_cannot_be(areas, said):
    with pytest.raises(OptionError, match=said):
        area_masks(areas, (6, 5))

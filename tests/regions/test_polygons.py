"""Polygons to pixels and back, with the run lengths of COCO and CVAT."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.draw import polygon2mask

from spotdiff.data.annotations.parsing import decode_counts, decode_run_lengths, exact_polygons
from spotdiff.errors import DataError
from spotdiff.regions.polygons import (
    covered_window,
    ellipse,
    mask_polygons,
    polygon_area,
    polygon_mask,
    rectangle,
    rotated,
    tight_box,
)


def blobs(seed: int, grain: float, size: int = 90) -> np.ndarray:
    field = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(size, size)), (0, 0), grain)
    return field > 0.6 * field.std()


def filled(polygons, size) -> np.ndarray:
    found = np.zeros(size[::-1], bool)
    for polygon in polygons:
        found |= polygon_mask(polygon, size)
    return found


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


@pytest.mark.parametrize("seed", range(5))
def test_a_pixel_is_covered_when_its_centre_is_inside(seed):
    polygon = np.random.default_rng(seed).uniform(0, 40, (7, 2))
    peer = polygon2mask((41, 43), polygon[:, ::-1] - 0.5)
    assert np.count_nonzero(polygon_mask(polygon, (43, 41)) != peer) <= 2  # where it crosses itself, right on a centre


def test_what_lies_outside_is_cut_off():
    assert polygon_mask(rectangle(-9, -9, 2, 99), (4, 3)).astype(int).tolist() == [[1, 1, 0, 0]] * 3
    box, covered = covered_window((rectangle(-1, 1, 2, 3), rectangle(3, 1, 9, 2)), (5, 5))
    assert box == (0, 1, 5, 3)
    assert covered.astype(int).tolist() == [[1, 1, 0, 1, 1], [1, 1, 0, 0, 0]]
    assert tight_box(box, covered) == (0, 1, 5, 3)
    assert tight_box((3, 3, 5, 5), np.zeros((2, 2), bool)) is None


@pytest.mark.parametrize("grain", [0.8, 1, 2, 4, 9])
def test_exact_polygons_give_every_pixel_back(grain):
    mask = blobs(3, grain)
    assert np.array_equal(filled(mask_polygons(mask, exact=True), (90, 90)), mask)


@pytest.mark.parametrize("grain", [0.8, 1, 2, 4, 9])
def test_polygons_give_the_mask_back_with_fewer_corners(grain):
    for seed in range(4):
        mask = blobs(seed, grain)
        polygons = mask_polygons(mask)
        assert iou(filled(polygons, (90, 90)), mask) > 0.97
        assert sum(map(len, polygons)) < 0.9 * sum(map(len, mask_polygons(mask, exact=True)))


def test_small_things_and_diagonals_survive():
    mask = np.zeros((9, 12), bool)
    mask[1, 1] = mask[3:5, 3:5] = mask[6, 2:11] = mask[1, 8] = mask[2, 9] = mask[3, 10] = True
    assert iou(filled(mask_polygons(mask), (12, 9)), mask) == 1
    assert mask_polygons(np.zeros((4, 4), bool)) == ()


def test_holes_and_islands_in_them():
    mask = np.zeros((60, 60), bool)
    mask[5:55, 5:55] = True
    mask[10:25, 10:25] = mask[30:50, 12:48] = False
    mask[35:45, 20:40] = True
    polygons = mask_polygons(mask)
    assert len(polygons) == 2
    assert polygon_area(polygons[0]) == 50 * 50 - 15 * 15 - 20 * 36
    assert np.array_equal(filled(polygons, (60, 60)), mask)


def test_a_box_keeps_its_four_corners():
    mask = np.zeros((20, 20), bool)
    mask[3:9, 4:17] = True
    (polygon,) = mask_polygons(mask)
    assert sorted(map(tuple, polygon.tolist())) == [(4, 3), (4, 9), (17, 3), (17, 9)]


def test_round_and_turned_shapes():
    assert polygon_area(ellipse(5, 5, 4, 2)) == pytest.approx(np.pi * 8)
    upright = rotated(rectangle(0, 0, 4, 2), np.pi / 2)
    assert (*upright.min(axis=0), *upright.max(axis=0)) == pytest.approx((1, -1, 3, 3))
    assert rotated(rectangle(0, 0, 2, 2), np.pi / 4)[0] == pytest.approx((1, 1 - 2**0.5))


def test_packed_run_lengths():
    # 0 64 1 0 40: five letters' worth of cases: zero, two letters, a rise, a fall below zero
    counts = [0, 64, 1, 100, 40, 3, 992]
    assert decode_counts(packed(counts)) == counts
    assert decode_counts("") == []
    for bad, said in (("\x01", "a letter"), ("o", "end too early"), ("o" * 20, "a letter")):
        with pytest.raises(DataError, match=said):
            decode_counts(bad)


def packed(counts: list[int]) -> str:
    text = ""
    for at, count in enumerate(counts):
        value = count - counts[at - 2] if at > 2 else count
        more = True
        while more:
            bits, value = value & 31, value >> 5
            more = value != (-1 if bits & 16 else 0)
            text += chr(48 + (bits | 32 if more else bits))
    return text


def test_masks_of_run_lengths():
    assert decode_run_lengths([1, 2, 3], (3, 2), by_columns=False).astype(int).tolist() == [[0, 1, 1], [0, 0, 0]]
    assert decode_run_lengths([1, 2, 3], (3, 2), by_columns=True).astype(int).tolist() == [[0, 1, 0], [1, 0, 0]]
    for counts, size in (([1], (3, 2)), ([7, -1], (3, 2)), (["6"], (3, 2)), ([0], (0, 0)), ([1], (-1, -1))):
        with pytest.raises(DataError, match=r"fill|cannot be"):
            decode_run_lengths(counts, size, by_columns=True)
    with pytest.raises(DataError, match="cannot be"):
        decode_run_lengths([10**12], (10**6, 10**6), by_columns=True)
    (polygon,) = exact_polygons(np.ones((2, 2), bool), left=5, top=7)
    assert polygon.min(axis=0).tolist() == [5, 7]
    with pytest.raises(DataError, match="no pixel"):
        exact_polygons(np.zeros((2, 2), bool))

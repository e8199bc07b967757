"""Things that touch are regions of their own where their cores are told."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotdiff.regions.extract import Thresholds, label_regions, split_by_cores
from spotdiff.train.batches import cores

LIMITS = Thresholds(grow=0.5, seed=0.5, min_area=10, join=0)


def things(*boxes, size=(80, 120)):
    numbers = np.zeros(size, np.uint8)
    for number, (left, top, right, bottom) in enumerate(boxes, 1):
        numbers[top:bottom, left:right] = number
    return numbers


TOUCHING = things((10, 20, 50, 60), (50, 10, 90, 70))


@pytest.mark.parametrize("scale", [1, 2])
def test_two_that_touch_are_two(scale):
    core = cores(TOUCHING, TOUCHING.shape).astype(np.float32)
    core = cv2.resize(core, (120 // scale, 80 // scale), interpolation=cv2.INTER_AREA)
    labels = label_regions((TOUCHING > 0).astype(np.float32), LIMITS, core=core)
    assert labels.max() == 2
    for number in (1, 2):
        found = labels == labels[40, 30 if number == 1 else 70]
        truth = number == TOUCHING
        assert (found & truth).sum() / (found | truth).sum() > 0.9


def test_without_cores_they_are_one():
    assert label_regions((TOUCHING > 0).astype(np.float32), LIMITS).max() == 1


def test_one_thing_with_one_core_stays_whole():
    one = things((10, 20, 90, 60))
    core = cores(one, one.shape).astype(np.float32)
    assert label_regions((one > 0).astype(np.float32), LIMITS, core=core).max() == 1


def test_weak_and_tiny_cores_part_nothing():
    labels = (TOUCHING > 0).astype(np.int32)
    core = np.zeros(TOUCHING.shape, np.float32)
    core[40, 30], core[40, 70] = 1.0, 1.0  # one pixel each
    core[30:50, 20:30], core[30:50, 60:80] = np.maximum(core[30:50, 20:30], 0.5), 0.5  # never sure
    assert split_by_cores(labels, core, least=10).max() == 1


def test_a_speck_of_a_core_is_no_thing_of_its_own():
    labels = (TOUCHING > 0).astype(np.int32)
    core = np.zeros(TOUCHING.shape, np.float32)
    core[30:50, 20:40], core[30:50, 60:80], core[21:24, 11:14] = 1.0, 1.0, 1.0  # two things, and a corner
    assert split_by_cores(labels, core, least=10).max() == 2
    assert labels[22, 12] == labels[40, 30] != labels[40, 70]


def test_a_core_is_the_largest_inner_part():
    numbers = things((10, 10, 40, 40), (60, 10, 64, 70))
    numbers[38:42, 40:60] = 1  # a long arm, which is no part of the core
    inner = cores(numbers, numbers.shape)
    assert inner[25, 25]
    assert not inner[39:41, 50].any()
    assert inner[40, 61:63].any()
    assert not inner[numbers == 0].any()
    assert cv2.connectedComponents(inner.astype(np.uint8))[0] - 1 == 2


def test_nobody_knows_without_numbers():
    assert not cores(None, (20, 30)).any()

"""Sensitivity moves what is told and nothing else: more of it loses no region and changes no score."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

import spotdiff

METHODS = ("spot", "classic", "ssim", "pixel", "background")
STEPS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def pair():
    """Changes of all strengths and sizes, in noise."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(60, 190, (16, 24, 3)).astype(np.uint8)
    before = cv2.resize(coarse, (240, 160), interpolation=cv2.INTER_CUBIC).astype(float)
    after = before.copy()
    for number in range(14):
        top, left = 10 + 50 * (number % 3), 8 + 16 * number
        size = 3 + number
        after[top : top + size, left : left + size] += 6 + 9 * number
    return [np.clip(p + rng.normal(0, 3, p.shape), 0, 255).astype(np.uint8) for p in (before, after)]


def told(answer):
    return {(r.kind, r.score, r.area, r.box_before, r.box_after) for r in answer.regions}


@pytest.mark.parametrize("method", METHODS)
def test_more_of_it_loses_no_region_and_changes_no_score(method):
    before, after = pair()
    answers = [
        spotdiff.compare(before, after, method=method, align="off", light="off", sensitivity=step) for step in STEPS
    ]
    for less, more in pairwise(answers):
        assert told(less) <= told(more)
        assert less.changed_pixels <= more.changed_pixels
    assert len(answers[-1].regions) > len(answers[0].regions)


@pytest.mark.parametrize("method", ["spot", "classic"])
def test_the_score_of_the_pair_follows_from_its_regions(method):
    before, after = pair()
    answer = spotdiff.compare(before, after, method=method, align="off", light="off", sensitivity=0.8)
    assert answer.score <= answer.regions[0].score

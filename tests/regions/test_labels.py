"""Labels cover what has changed, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.regions.density_clusters import density_labels
from spotdiff.regions.extract import Thresholds, label_regions, spans, thresholds
from spotdiff.regions.outline import outlines_of
from spotdiff.types import Extraction

PLAIN = Thresholds(grow=0.5, seed=0.5, min_area=1, join=0)


def blobs(seed: int, *, size=(70, 90), count: int = 9) -> np.ndarray:
    """A change map of discs of many sizes and strengths."""
    rng, change = np.random.default_rng(seed), np.zeros(size, np.float32)
    for _ in range(count):
        middle = int(rng.integers(size[1])), int(rng.integers(size[0]))
        cv2.circle(change, middle, int(rng.integers(1, 9)), float(rng.uniform(0.3, 1)), -1)
    return cv2.GaussianBlur(change, (0, 0), float(rng.uniform(0.3, 2)))


limits = st.builds(
    Thresholds,
    grow=st.floats(0.2, 0.6),
    seed=st.floats(0.2, 0.9),
    min_area=st.integers(1, 60),
    join=st.integers(0, 8),
    weight=st.sampled_from([0.0, 0.5, 2.0]),
    cluster=st.sampled_from(["components", "density"]),
    seed_score=st.sampled_from([0.0, 40.0]),
)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), limits)
def test_labels_have_no_gaps_and_lie_on_changed_pixels(seed, limit):
    change = blobs(seed)
    labels = label_regions(change, limit)
    count = int(labels.max())
    assert labels.dtype == np.int32
    assert np.array_equal(np.unique(labels[labels > 0]), np.arange(1, count + 1))
    assert (change[labels > 0] >= limit.grow).all()
    for number in range(1, count + 1):
        mask = labels == number
        assert mask.sum() >= limit.min_area
        assert change[mask].max() >= min(limit.seed, change[mask].max()) if limit.seed <= limit.grow else limit.seed
        rows, columns = np.nonzero(mask)
        left, top, right, bottom = (int(span[number]) for span in spans(labels))
        assert (left, top, right, bottom) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_plain_labels_cover_every_changed_pixel(seed):
    change = blobs(seed)
    labels = label_regions(change, PLAIN)
    assert np.array_equal(labels > 0, change >= 0.5)
    count, expected = cv2.connectedComponents((change >= 0.5).astype(np.uint8), connectivity=8)
    assert labels.max() == count - 1
    assert len(np.unique(np.stack([labels, expected]).reshape(2, -1), axis=1).T) == count


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 12))
def test_joining_only_joins(seed, join):
    change = blobs(seed)
    plain, joined = label_regions(change, PLAIN), label_regions(change, replace(PLAIN, join=join))
    assert np.array_equal(plain > 0, joined > 0)
    assert joined.max() <= plain.max()
    for number in range(1, int(plain.max()) + 1):
        assert len(np.unique(joined[plain == number])) == 1


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 200))
def test_a_seed_and_an_area_only_drop(seed, least):
    change = blobs(seed)
    plain, kept = label_regions(change, PLAIN), label_regions(change, replace(PLAIN, min_area=least, seed=0.8))
    for number in range(1, int(plain.max()) + 1):
        mask = plain == number
        wanted = mask.sum() >= least and change[mask].max() >= 0.8
        assert (kept[mask] > 0).all() if wanted else (kept[mask] == 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2)])
@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("cluster", ["components", "density"])
def test_the_smallest_maps_have_labels(shape, value, cluster):
    labels = label_regions(np.full(shape, value, np.float32), replace(PLAIN, cluster=cluster))
    assert labels.shape == shape
    if cluster == "components":
        assert (labels == value).all()


@settings(deadline=None, max_examples=50)
@given(
    st.floats(0, 1), st.floats(0, 1), st.floats(0.02, 0.98), st.floats(0.02, 0.98), st.integers(1, 500), st.floats(0, 3)
)
def test_more_sensitive_is_never_stricter(low, high, grow, seed, area, weight):
    extraction = Extraction(grow=grow, seed=seed, min_area=area, weight=weight, sure=0.8)
    less, more = (thresholds(extraction, sensitivity=s, min_area=-1, join=-1) for s in sorted((low, high)))
    for name in ("grow", "seed", "min_area", "weight", "sure"):
        assert getattr(more, name) <= getattr(less, name) + 1e-12
        assert getattr(less, name) >= 0


def test_the_middle_moves_nothing():
    extraction = Extraction(grow=0.37, seed=0.61, min_area=23, weight=1.1, join=4, sure=0.8)
    found = thresholds(extraction, sensitivity=0.5, min_area=-1, join=-1)
    assert (found.grow, found.seed, found.min_area, found.weight, found.join, found.sure) == (
        0.37,
        0.61,
        23,
        1.1,
        4,
        0.8,
    )
    asked = thresholds(extraction, sensitivity=0.9, min_area=7, join=0)
    assert (asked.min_area, asked.join) == (7, 0)


def brute_dbscan(mask: np.ndarray, *, reach: int, least: float) -> np.ndarray:
    """DBSCAN by its definitions, distance the larger of both axes."""
    places = np.argwhere(mask)
    near = np.abs(places[:, None] - places[None]).max(2) <= reach
    core = near.sum(1) >= least
    labels, number = np.zeros(len(places), int), 0
    for start in np.flatnonzero(core):
        if labels[start]:
            continue
        number, queue = number + 1, [start]
        while queue:
            one = queue.pop()
            if labels[one]:
                continue
            labels[one] = number
            if core[one]:
                queue += np.flatnonzero(near[one] & (labels == 0)).tolist()
    found = np.zeros(mask.shape, int)
    found[tuple(places.T)] = labels
    return found


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6))
def test_density_is_dbscan_where_things_lie_well_apart(seed):
    rng, mask = np.random.default_rng(seed), np.zeros((96, 96), np.uint8)
    for row in (14, 48, 82):
        for column in (14, 48, 82):
            kind = rng.integers(4)
            if kind == 1:
                cv2.circle(mask, (column, row), int(rng.integers(4, 8)), 1, -1)
            elif kind == 2:  # too few to be more than noise
                mask[row - 1 : row + 2, column - 1 : column + 2] = 1
            elif kind == 3:
                mask[row, column] = 1
    labels, expected = density_labels(mask, reach=8, min_share=0.05), brute_dbscan(mask, reach=8, least=0.05 * 17**2)
    assert np.array_equal(labels > 0, expected > 0)
    assert labels.max() == expected.max()
    pairs = np.unique(np.stack([labels[mask > 0], expected[mask > 0]]), axis=1).T
    assert len(pairs) == len(set(pairs[:, 0])) == len(set(pairs[:, 1]))


@pytest.mark.parametrize(("gap", "clusters"), [(4, 1), (6, 1), (14, 2), (30, 2)])
def test_density_bridges_gaps_within_reach(gap, clusters):
    mask = np.zeros((40, 80), np.uint8)
    mask[15:25, 10:20] = mask[15:25, 20 + gap : 30 + gap] = 1
    labels = density_labels(mask, reach=8)
    assert labels.max() == clusters
    assert np.array_equal(labels > 0, mask > 0)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_outlines_fill_back_to_the_mask(seed):
    rng, mask = np.random.default_rng(seed), np.zeros((60, 80), np.uint8)
    for _ in range(3):
        middle = int(rng.integers(15, 65)), int(rng.integers(15, 45))
        axes = int(rng.integers(4, 14)), int(rng.integers(4, 14))
        cv2.ellipse(mask, middle, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
    outlines = outlines_of(mask, left=5, top=7)
    filled = np.zeros((80, 100), np.uint8)
    cv2.fillPoly(filled, [np.array(outline) for outline in outlines], 1)
    whole = np.zeros_like(mask)
    cv2.drawContours(whole, cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], -1, 1, -1)
    filled = filled[7:67, 5:85]
    assert (filled & whole).sum() >= 0.93 * (filled | whole).sum()
    sizes = [cv2.contourArea(np.array(outline)) for outline in outlines]
    assert all(one >= other - 10 for one, other in pairwise(sizes))


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2), (4, 9)])
def test_outlines_of_the_smallest_things(shape):
    (outline,) = outlines_of(np.ones(shape, np.uint8), left=3, top=2)
    corners = np.array(outline)
    assert corners.min(0).tolist() == [3, 2]
    assert corners.max(0).tolist() == [2 + shape[1], 1 + shape[0]]


def test_nothing_has_no_outline():
    assert outlines_of(np.zeros((9, 9), np.uint8)) == ()

"""Pictures of places that never were, and what every answer must satisfy."""

from __future__ import annotations

import cv2
import jsonschema
import numpy as np
import pytest

from spotdiff.report.record import load_schema, to_json, to_record

VALIDATOR = jsonschema.Draft202012Validator(load_schema())
KINDS = {"added", "removed", "replaced", "moved", "changed"}


def make_texture(width: int = 320, height: int = 240, *, seed: int = 0, grain: float = 3.0) -> np.ndarray:
    """(H, W, 3) uint8 with detail of every size and, like real places, no place like another."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 120.0)
    for sigma, strength in ((grain, 26), (3 * grain, 30), (12 * grain, 40)):
        layer = cv2.GaussianBlur(rng.normal(size=(height, width, 3)), (0, 0), sigma)
        layer = 0.7 * layer.mean(2, keepdims=True) * 3**0.5 + 0.3 * layer
        picture += strength * layer / layer.std()
    return np.clip(picture, 8, 247).astype(np.uint8)


def check_answer(comparison) -> dict:
    """The record of a comparison, once everything that holds for every answer has been seen to hold."""
    record = to_record(comparison)
    VALIDATOR.validate(record)
    assert to_json(record).isascii()
    assert comparison.verdict in ("same", "changed", "unsure")
    assert "\n" not in comparison.reason
    assert comparison.reason
    assert 0 <= comparison.score <= 1
    assert comparison.verdict != "same" or not comparison.regions
    assert comparison.verdict != "changed" or comparison.regions
    for region in comparison.regions:
        check_region(region, comparison)
    if comparison.labels is not None:
        assert set(np.unique(comparison.labels)) - {0} == {region.label for region in comparison.regions}
    return record


def check_region(region, comparison) -> None:
    assert region.kind in KINDS
    assert 0 <= region.score <= 1
    assert region.area >= 1
    assert region.box_before or region.box_after
    sides = (
        (region.box_before, region.outline_before, comparison.pair.before.size),
        (region.box_after, region.outline_after, comparison.pair.after.size),
    )
    for box, outlines, (width, height) in sides:
        if box is not None:
            left, top, right, bottom = box
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
        assert bool(outlines) == (box is not None)
        assert all(0 <= x < width and 0 <= y < height for outline in outlines for x, y in outline)


@pytest.fixture(scope="session", name="texture")
def texture_fixture():
    return make_texture


@pytest.fixture(scope="session", name="checked")
def checked_fixture():
    return check_answer

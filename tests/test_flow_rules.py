"""Rules of the flow that hold across steps: alpha, focus, history, shapes of options, help."""

from importlib import import_module

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

import spotdiff
from spotdiff.cli import verbs

estimate = import_module("spotdiff.align.estimate")  # the package exports the function of that name


def place(size=(120, 160), seed=0):
    return np.random.default_rng(seed).integers(60, 200, (*size, 3)).astype(np.uint8)


def test_what_becomes_transparent_has_changed():
    before = np.dstack([np.full((90, 120, 3), (40, 60, 80), np.uint8), np.full((90, 120), 255, np.uint8)])
    after = before.copy()
    after[30:60, 40:80, 3] = 0
    assert spotdiff.compare(before, after).verdict == "changed"


def test_colour_beneath_what_is_transparent_has_not():
    before = np.dstack([np.full((90, 120, 3), 90, np.uint8), np.zeros((90, 120), np.uint8)])
    after = before.copy()
    after[30:60, 40:80, :3] = 200
    assert spotdiff.compare(before, after, align="off", light="off").verdict == "same"


def test_focus_holds_beyond_before_too():
    before = place()
    after = np.vstack([before, place((40, 160), 1)])
    answer = spotdiff.compare(before, after, align="off", focus=[(0, 0, 50, 50)])
    assert answer.verdict == "same"
    assert spotdiff.compare(before, after, align="off").verdict == "changed"


def test_a_brighter_history_is_brought_to_the_light_of_before():
    before = place()
    history = [np.clip(before.astype(int) + 40, 0, 255).astype(np.uint8)] * 3
    answer = spotdiff.compare(before, before.copy(), history=history, method="background", align="off")
    assert answer.changed_fraction < 0.05


def test_help_keeps_its_lines():
    for verb in ("compare", "batch", "evaluate", "methods"):
        assert "\\b" not in CliRunner().invoke(verbs, [verb, "--help"]).output


@pytest.mark.parametrize("wrong", [None, 7, "0,0,5,5"])
def test_a_wrong_type_is_not_called_an_unknown_option(wrong):
    with pytest.raises(spotdiff.SpotdiffError, match="ignore takes"):
        spotdiff.compare(place(), place(), ignore=wrong)


def test_boxes_of_numpy_integers_are_boxes():
    box = tuple(np.int64(v) for v in (0, 0, 20, 20))
    assert spotdiff.compare(place(), place(), ignore=[box]).verdict == "same"


@pytest.mark.parametrize(("model", "shape_stays"), [("shift", True), ("affine", False)])
def test_without_corners_the_model_asked_for_still_holds(model, shape_stays, monkeypatch):
    nothing = np.zeros((0, 2)), np.zeros((0, 2))
    monkeypatch.setattr(estimate, "track", lambda *_: nothing)
    monkeypatch.setattr(estimate, "match", lambda *_: nothing)
    coarse = cv2.resize(place((20, 24), 3), (240, 200), interpolation=cv2.INTER_CUBIC)[..., 0]
    turned = np.float32([[1, 0.02, 1], [-0.01, 1, 2]])
    moved = cv2.warpAffine(coarse, turned, (240, 200), borderMode=cv2.BORDER_REFLECT)
    found = estimate.estimate(coarse, moved, model=model)
    assert found.model == model
    assert np.allclose(found.matrix[:2, :2], np.eye(2), atol=1e-6) == shape_stays

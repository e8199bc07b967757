"""Rules of the flow that hold across steps: alpha, focus, history, shapes of options, help."""

import numpy as np
import pytest
from click.testing import CliRunner

import spotdiff
from spotdiff.cli import verbs


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


def test_a_shift_that_is_asked_for_is_no_more_than_a_shift():
    import cv2

    smooth = cv2.GaussianBlur(place((200, 240), 3), (0, 0), 14)
    smooth = cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)
    moved = cv2.warpAffine(smooth, np.float32([[1, 0.02, 3], [-0.01, 1, 2]]), (240, 200), borderMode=cv2.BORDER_REFLECT)
    found = spotdiff.compare(smooth, moved, align="shift").alignment
    assert np.allclose(found.matrix[:2, :2], np.eye(2), atol=1e-9)

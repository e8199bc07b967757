"""What nobody can see counts nowhere: colours under full transparency."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff

METHODS = ("spot", "pixel", "classic", "ssim", "background")


def disc(hidden, *, size=(160, 120), dot=None):
    """RGBA: a drawn disc on nothing; `hidden` is the colour of the nothing."""
    width, height = size
    picture = np.zeros((height, width, 4), np.uint8)
    picture[..., :3] = hidden
    cv2.circle(picture, (80, 60), 40, (200, 60, 40, 255), -1)
    cv2.rectangle(picture, (60, 50), (95, 66), (20, 40, 160, 255), -1)
    if dot:
        cv2.rectangle(picture, (70, 75), (88, 88), (*dot, 255), -1)
    return picture


def noise(seed, size=(160, 120)):
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("before", "after"),
    [((0, 0, 0), (255, 255, 255)), ((255, 255, 255), (255, 0, 0)), (noise(1), noise(2)), (noise(1), (0, 0, 0))],
    ids=["black-white", "white-red", "noise-noise", "noise-black"],
)
@pytest.mark.parametrize("options", [{}, {"align": "off", "light": "off"}, {"align": "off"}, {"light": "off"}])
def test_hidden_colours_are_the_same(method, before, after, options):
    for pair in ((disc(before), disc(after)), (disc(after), disc(before))):
        answer = spotdiff.compare(*pair, method=method, **options)
        assert answer.verdict == "same", answer.reason
        assert answer.changed_pixels == 0
        assert answer.alignment.model in ("none", "off")
        assert answer.light.model in ("none", "off")


@pytest.mark.parametrize("method", ["spot", "pixel", "classic"])
def test_what_changed_beside_hidden_colours_is_told(method):
    answer = spotdiff.compare(disc(noise(1)), disc(noise(2), dot=(250, 250, 80)), method=method)
    assert answer.verdict == "changed"
    assert all(region.box_after[0] >= 60 and region.box_after[1] >= 65 for region in answer.regions)


def test_hidden_colours_do_not_bleed_into_what_a_moved_camera_shows():
    def moved(hidden):
        picture = disc((90, 90, 90), dot=(250, 250, 80))
        turned = cv2.warpAffine(picture, np.float32([[1, 0, 3.5], [0, 1, 2.5]]), (160, 120))
        turned[turned[..., 3] == 0, :3] = hidden
        return turned

    before = disc((90, 90, 90), dot=(250, 250, 80))
    black, white = (spotdiff.compare(before, moved(hidden), method="pixel") for hidden in ((0, 0, 0), (255, 255, 255)))
    assert black.changed_pixels == white.changed_pixels


def test_that_a_white_place_became_transparent_is_not_equal_to_the_last_pixel():
    opaque = disc((255, 255, 255))
    opaque[..., 3] = 255
    assert "last pixel" not in spotdiff.compare(disc((255, 255, 255)), opaque).text


def lens(hidden, *, line):
    """RGBA: a soft disc whose rim fades into nothing, with a thin line across it; `hidden` colours the nothing."""
    picture = np.zeros((60, 80, 4), np.uint8)
    picture[..., :3] = (120, 160, 90)
    distance = np.hypot(*(np.indices((60, 80)) - np.array([30, 40])[:, None, None]))
    picture[..., 3] = np.clip(255 - 30 * np.maximum(distance - 14, 0), 0, 255)
    cv2.line(picture, (10, line), (70, line + 9), (30, 30, 30, 255), 1, cv2.LINE_AA)
    picture[picture[..., 3] == 0, :3] = hidden
    return picture


@pytest.mark.parametrize("metric", ["oklab", "ciede2000", "rgb"])
@pytest.mark.parametrize("composite", ["checkerboard", "white"])
@pytest.mark.parametrize("method", ["pixel", "spot", "classic"])
def test_hidden_colours_change_no_figure_of_an_answer(method, composite, metric):
    if method != "pixel" and (composite, metric) != ("white", "rgb"):
        pytest.skip("the same pair again")
    settings = {"composite": composite, "metric": metric, "threshold": 0.02} if method == "pixel" else {}
    seen = set()
    for hidden in ((0, 0, 0), (255, 255, 255), noise(1, (80, 60)), noise(2, (80, 60))):
        colours = hidden if isinstance(hidden, tuple) else hidden[lens((0, 0, 0), line=24)[..., 3] == 0]
        after = lens((9, 9, 9), line=26)
        answer = spotdiff.compare(lens(colours, line=24), after, method=method, settings=settings, align="off")
        seen.add((answer.verdict, answer.score, answer.changed_pixels, str([r.box_before for r in answer.regions])))
    assert len(seen) == 1

"""What the presets are for is found with them, and noise is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.methods import get_method
from spotdiff.options import Options


def radiograph(seed, *, noise, deep=False, nodule=0, shift=(0.0, 0.0), gain=1.0):
    """A made chest: two dark lungs, ribs and a spine, noise, and a nodule of a radius that is 40 levels brighter."""
    y, x = np.mgrid[:300, :300].astype(np.float32)
    x, y = x - shift[0], y - shift[1]
    picture = 30 + 120 * np.exp(-(((x - 150) / 126) ** 4) - ((y - 150) / 135) ** 4)
    for lung in (90, 210):
        picture -= 70 * np.exp(-(((x - lung) / 39) ** 2) - ((y - 150) / 84) ** 2)
    for rib in range(9):
        picture += 14 * np.exp(-(((y - 45 - 24 * rib - 0.0006 * (x - 150) ** 2) / 7) ** 2))
    picture += 60 * np.exp(-(((x - 150) / 22) ** 2))
    if nodule:
        picture += 40 / (1 + np.exp(np.minimum((np.hypot(x - 95, y - 160) - nodule) / 1.2, 50)))
    picture = gain * (picture + np.random.default_rng(seed).normal(0, noise, picture.shape))
    return (np.clip(picture, 0, 255) * (200 if deep else 1)).astype(np.uint16 if deep else np.uint8)


@pytest.mark.parametrize(("noise", "radius", "deep"), [(3, 5, False), (6, 8, True)])
def test_a_nodule_is_found_in_a_noisy_radiograph(noise, radius, deep):
    pair = radiograph(1, noise=noise, deep=deep), radiograph(2, noise=noise, deep=deep, nodule=radius)
    answer = spotdiff.compare(*pair, preset="medical")
    assert answer.verdict == "changed"
    (region,) = answer.regions
    left, top, right, bottom = region.box_after
    assert left < 95 < right
    assert top < 160 < bottom
    assert right - left < 4 * radius


@pytest.mark.parametrize(
    "how", [{"noise": 9}, {"noise": 6, "shift": (1.4, 0.6), "gain": 1.12}, {"noise": 6, "shift": (3.3, -2.7)}]
)
def test_noise_of_a_radiograph_is_no_nodule(how):
    answer = spotdiff.compare(radiograph(3, noise=how["noise"]), radiograph(4, **how), preset="medical")
    assert answer.verdict == "same"


@pytest.mark.parametrize(
    ("settings", "threshold"),
    [
        ({}, 0.05),
        ({"antialias": False}, 0.05),
        ({"metric": "oklab"}, 0.05),
        ({"metric": "ciede2000"}, -1),
        ({"metric": "yiq"}, -1),
        ({"metric": "cie76", "threshold": 5.0}, 5.0),
        ({"threshold": 0.2}, 0.2),
    ],
)
def test_the_threshold_of_a_preset_is_on_the_scale_of_its_metric(settings, threshold):
    options = Options.of_preset("screens", settings=settings)
    method = get_method(options.method, options.settings)
    assert (method.metric, method.threshold) == (settings.get("metric", "oklab"), threshold)


@pytest.mark.parametrize("scale", [0.4, 0.6])
@pytest.mark.parametrize("ground", [255, 32])
def test_small_text_of_another_shade_is_told_on_screens(scale, ground):
    pair = []
    for colour in ((20, 90, 200), (20, 90, 160)):
        picture = np.full((80, 320, 3), ground, np.uint8)
        for line, drawn in enumerate((colour, (128, 128, 128))):
            place = (10, 25 + 30 * line)
            cv2.putText(picture, "Save all changes", place, cv2.FONT_HERSHEY_SIMPLEX, scale, drawn, 1, cv2.LINE_AA)
        pair.append(picture)
    answer = spotdiff.compare(*pair, preset="screens")
    assert answer.verdict == "changed"
    assert all(region.box_after[3] < 40 for region in answer.regions)
    assert spotdiff.compare(pair[0], pair[0], preset="screens").verdict == "same"

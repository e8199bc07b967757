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


def screen(*, pane=(245, 247, 250), button=(45, 125, 70), link=(207, 224, 255), mark="", shade=0):
    """A made page: a pane, a button, small text, and a mark (dot or comma) behind a number."""
    picture = np.full((160, 320, 3), 255 - shade, np.uint8)
    picture[:30] = (31, 58, 95)
    picture[40:150, 10:110] = pane
    picture[110:140, 140:220] = button
    for text, place, colour in (
        ("Orders", (20, 20), link),
        ("Save", (160, 130), (255, 255, 255)),
        ("341", (140, 70), (0, 0, 0)),
    ):
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    if mark in ("dot", "comma"):
        picture[69:71, 172:174] = ((120, 120, 120),) * 2, ((40, 40, 40),) * 2
    if mark == "comma":
        picture[71, 172:174] = picture[72, 171:173] = ((60, 60, 60), (200, 200, 200))
    return picture


OTHER_SHADES = {
    "a pane": {"pane": (255, 248, 225)},
    "a pane, hardly": {"pane": (232, 236, 242)},
    "a button": {"button": (53, 125, 70)},
    "the letters of a link": {"link": (196, 216, 255)},
    "the page": {"shade": 5},
    "a full stop": {"mark": "dot"},
    "a comma for a full stop": {"mark": "comma"},
}


@pytest.mark.parametrize("name", OTHER_SHADES)
def test_screens_tell_another_shade_and_a_full_stop(name):
    before = screen(mark="dot" if name.startswith("a comma") else "")
    for pair in ((before, screen(**OTHER_SHADES[name])), (screen(**OTHER_SHADES[name]), before)):
        assert spotdiff.compare(*pair, preset="screens").verdict == "changed"


def saved(picture, quality):
    return cv2.imdecode(
        cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111])[
            1
        ],
        1,
    )


QUIET = {
    "two levels of noise": lambda page: np.clip(page + np.random.default_rng(0).integers(-2, 3, page.shape), 0, 255),
    "two levels all over": lambda page: np.clip(page.astype(int) - 2, 0, 255),
    "saved with little loss": lambda page: saved(page, 98),
}


@pytest.mark.parametrize("name", QUIET)
def test_screens_are_quiet_about_rounding_and_little_loss(name):
    page = screen(mark="dot")
    assert spotdiff.compare(page, QUIET[name](page).astype(np.uint8), preset="screens").verdict == "same"

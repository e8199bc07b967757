"""The pixel method gives the numbers of pixelmatch, odiff and looks-same on their own test pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spotdiff.methods.pixel import Pixel
from spotdiff.types import Pair, Picture

PEERS = Path(__file__).parents[2] / ".." / "shared" / "peers"
CASES = json.loads((PEERS / "cases.json").read_text())["cases"] if PEERS.is_dir() else []
pytestmark = [pytest.mark.shared, pytest.mark.skipif(not CASES, reason="the peers' cases are not beside the project")]


def cases(tool):
    return [pytest.param(case, id=case["id"]) for case in CASES if case["tool"] == tool]


def picture(case, number):
    if f"color{number}" in case:
        return Picture(np.array([[case[f"color{number}"]]], np.uint8))
    image = Image.open(PEERS / case[f"img{number}"])
    if image.format == "BMP" and case["tool"] == "odiff":
        return Picture(np.ascontiguousarray(np.asarray(image.convert("RGB"))[..., ::-1]))  # as odiff reads BMP
    if image.mode == "RGB":
        return Picture(np.asarray(image))
    rgba = np.asarray(image.convert("RGBA"))
    return Picture(np.ascontiguousarray(rgba[..., :3]), np.ascontiguousarray(rgba[..., 3]))


def padded(one, height, width):
    rows, columns = height - one.pixels.shape[0], width - one.pixels.shape[1]
    alpha = None if one.alpha is None else np.pad(one.alpha, ((0, rows), (0, columns)))
    return Picture(np.pad(one.pixels, ((0, rows), (0, columns), (0, 0))), alpha)


def changed(case, **settings):
    """(H, W) bool over the larger size: what only one picture has is changed."""
    before, after = picture(case, 1), picture(case, 2)
    height, width = np.maximum(before.pixels.shape[:2], after.pixels.shape[:2]).tolist()
    seen = np.zeros((height, width), bool)
    common = np.minimum(before.pixels.shape[:2], after.pixels.shape[:2])
    seen[: common[0], : common[1]] = True
    pair = Pair(padded(before, height, width), padded(after, height, width), seen=None if seen.all() else seen)
    method = Pixel(**settings)
    found = method.score(pair).change >= 0.5
    return found | ~seen


def box(mask):
    rows, columns = np.nonzero(mask)
    return [columns.min(), rows.min(), columns.max(), rows.max()]


def drawn(case):
    """Where the peer's own diff picture shows its colour of a difference."""
    colour = case["options"].get("diffColor", [255, 0, 0])
    image = np.asarray(Image.open(PEERS / case["expected"]["diff_image"]).convert("RGBA"))
    return (image == [*colour, 255]).all(axis=-1)


@pytest.mark.parametrize("case", cases("pixelmatch"))
def test_pixelmatch(case):
    options, expected = case["options"], case["expected"]
    metric = {"yiq": "yiq", "oklab-hyab": "oklab"}[options["metric"]]
    mask = changed(
        case,
        metric=metric,
        threshold=float(options["threshold"]),
        antialias=not options.get("includeAA", False) and "color1" not in case,
    )
    if "diff_pixels" in expected:
        assert mask.sum() == expected["diff_pixels"]
    if "diff_image" in expected:
        assert (mask == drawn(case)).all()
    if "max_window_diff_pixels" in expected:
        side = [min(options["windowSize"], size) for size in mask.shape]
        windows = np.lib.stride_tricks.sliding_window_view(mask, side)
        assert windows.sum(axis=(2, 3)).max() == expected["max_window_diff_pixels"]


@pytest.mark.parametrize("case", cases("odiff"))
def test_odiff(case):
    options, expected = case["options"], case["expected"]
    mask = changed(
        case, metric="yiq12", threshold=options["threshold"], antialias=options["antialiasing"], composite="white"
    )
    for left, top, right, bottom in options.get("ignore_regions", []):
        mask[top : bottom + 1, left : right + 1] = False
    if "diff_percent" in expected:
        percent = 100 * mask.sum() / mask.size
        assert percent == pytest.approx(expected["diff_percent"], rel=max(expected["diff_percent_rtol"], 1e-3))
    if "diff_pixels" in expected:
        assert mask.sum() == expected["diff_pixels"]
    if "bbox" in expected:
        assert box(mask) == expected["bbox"]


@pytest.mark.parametrize("case", cases("looks-same"))
def test_looks_same(case):
    options, expected = case["options"], case["expected"]
    mask = changed(
        case,
        metric="ciede2000",
        threshold=0.0 if options.get("strict") else float(options.get("tolerance", 2.3)),
        antialias=options.get("ignoreAntialiasing", True) and "color1" not in case,
        antialias_tolerance=float(options.get("antialiasingTolerance", 0)),
        caret=options.get("ignoreCaret", True),
        composite="ignore",
    )
    assert (not mask.any()) == expected["equal"]
    if "bbox" in expected:
        assert box(mask) == expected["bbox"]

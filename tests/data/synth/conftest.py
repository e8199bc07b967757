"""Photographs and cut-outs on disk, drawn for the tests."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from spotdiff.data.synth import Materials


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """photos/ (four pictures, one in a folder) and cutouts/ (three classes of two discs and squares each)."""
    root, rng = tmp_path_factory.mktemp("materials"), np.random.default_rng(0)
    for place in ("one.jpg", "two.png", "inside/three.jpg", "four.webp"):
        coarse = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
        path = root / "photos" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_CUBIC)).save(path)
    for number, name in enumerate(("ball", "crate", "tea_cup")):
        for copy in range(2):
            rgba = np.zeros((50, 60, 4), np.uint8)
            cv2.circle(rgba, (30, 25), 20, (*rng.integers(0, 255, 3).tolist(), 255), -1 if number else 9, cv2.LINE_AA)
            path = root / "cutouts" / name / f"{copy}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rgba).save(path)
    return root / "photos", root / "cutouts"


@pytest.fixture(scope="session")
def materials(folders):
    return Materials.open(*folders)

from __future__ import annotations

import csv

import cv2
import numpy as np
import pytest
from PIL import Image

from spotdiff.batching import Entry, Plan
from spotdiff.options import Options

OPTIONS = Options(method="pixel", align="off", light="off")


def scene(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(40, 210, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (96, 64), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def pictures(tmp_path):
    """Folders earlier/ and later/ with roof/1 (changed), roof/2 (same) and yard (same)."""
    for seed, name in enumerate(("roof/1", "roof/2", "yard")):
        before = scene(seed)
        after = before.copy()
        if name == "roof/1":
            after[20:40, 30:60] = (220, 20, 20)
        for folder, pixels, suffix in (("earlier", before, "png"), ("later", after, "bmp")):
            path = tmp_path / folder / f"{name}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    return tmp_path


@pytest.fixture
def entries(pictures):
    names = ("roof/1", "roof/2", "yard")
    return [Entry(n, str(pictures / f"earlier/{n}.png"), str(pictures / f"later/{n}.bmp")) for n in names]


@pytest.fixture
def plan(tmp_path):
    return Plan(tmp_path / "out", OPTIONS)


@pytest.fixture
def table(pictures):
    """A CSV of the three pairs; call it with more rows."""

    def write(*more):
        path = pictures / "pairs.csv"
        rows = [(n, f"earlier/{n}.png", f"later/{n}.bmp") for n in ("roof/1", "roof/2", "yard")]
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("name", "before", "after"), *rows, *more])
        return path

    return write

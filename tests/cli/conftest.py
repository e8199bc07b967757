"""Pictures on disk, and the command run in this process."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from PIL import Image

from spotdiff.__main__ import run

PLAIN = ("--method", "pixel", "--align", "off", "--light", "off")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def spotdiff(capfd):
    """Run the command; arguments are made into texts."""

    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return call


def scene(seed: int = 0, size: tuple[int, int] = (160, 120)) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(40, 210, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def pictures(tmp_path):
    """A folder with before.png, after.png (a red square came) and same.png (before, packed otherwise)."""
    before = scene()
    after = before.copy()
    after[30:60, 40:80] = (220, 20, 20)
    Image.fromarray(before).save(tmp_path / "before.png")
    Image.fromarray(after).save(tmp_path / "after.png")
    Image.fromarray(before).save(tmp_path / "same.png", compress_level=1)
    return tmp_path


@pytest.fixture
def plain():
    return PLAIN


@pytest.fixture
def stacks(tmp_path):
    """before/yard.tif and after/yard.tif, of three pages, of which the last differs."""
    pages = [scene(seed) for seed in range(3)]
    changed = pages[2].copy()
    changed[30:60, 40:80] = (220, 20, 20)
    for side, last in (("before", pages[2]), ("after", changed)):
        (tmp_path / side).mkdir()
        first, *others = [Image.fromarray(page) for page in (*pages[:2], last)]
        first.save(tmp_path / side / "yard.tif", save_all=True, append_images=others)
    return tmp_path / "before" / "yard.tif", tmp_path / "after" / "yard.tif"

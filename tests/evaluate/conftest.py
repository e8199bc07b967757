"""Answers made by hand, and a small dataset on disk."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from spotdiff.types import Alignment, Comparison, Evidence, Light, Pair, Picture, Region

WIDTH, HEIGHT = 40, 30


def region(kind="added", *, score=0.9, before=None, after=None):
    return Region(kind, score, 10, before, after)


def answer(*regions, verdict="changed", score=0.9, change=None, valid=None, name="a", seconds=0.5):
    """A comparison of two empty pictures that found these regions, or this map."""
    picture = Picture(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    change = np.zeros((HEIGHT, WIDTH), np.float32) if change is None else change
    return Comparison(
        verdict=verdict,
        reason="",
        score=score,
        regions=regions,
        pair=Pair(picture, picture, valid=valid),
        aligned=Pair(picture, picture),
        evidence=Evidence.undirected(change),
        labels=(change >= 0.5).astype(np.int32),
        alignment=Alignment("off", np.eye(3), None, 1.0),
        light=Light("off"),
        method="pixel",
        parameters={},
        seconds={"total": seconds},
        name=name,
    )


@pytest.fixture
def yard(tmp_path):
    """Three pairs with masks: a square came, nothing changed, and one whose mask holds a wrong value."""
    root = tmp_path / "yard"
    for folder in ("before", "after", "mask"):
        (root / folder).mkdir(parents=True)
    for name, came, value in (("came", True, 255), ("kept", False, 0), ("odd", True, 7)):
        before = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        after, mask = before.copy(), np.zeros((HEIGHT, WIDTH), np.uint8)
        if came:
            after[10:20, 10:20] = 220
            mask[10:20, 10:20] = value
        for folder, pixels in (("before", before), ("after", after), ("mask", mask)):
            cv2.imwrite(str(root / folder / f"{name}.png"), pixels)
    return root


@pytest.fixture
def hall(tmp_path):
    """One pair of which only is known that it changed."""
    root = tmp_path / "hall"
    for folder, value in (("t0", 90), ("t1", 200)):
        (root / folder).mkdir(parents=True)
        pixels = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        pixels[5:15, 5:15] = value
        cv2.imwrite(str(root / folder / "one.png"), pixels)
    (root / "boxes").mkdir()
    (root / "boxes" / "one.json").write_text(json.dumps({"changed": True}), encoding="utf-8")
    return root

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


def grain(seed, width=96, height=72):
    """(H, W, 3) uint8 with detail that can be found again."""
    fine = np.random.default_rng(seed).integers(0, 256, (height // 3, width // 3, 3), dtype=np.uint8)
    return cv2.GaussianBlur(cv2.resize(fine, (width, height), interpolation=cv2.INTER_CUBIC), (0, 0), 1.0)


REMOVED, ADDED, REPLACED = (8, 8, 24, 24), (40, 10, 60, 26), (66, 40, 88, 60)


def paint(picture, box, colour):
    left, top, right, bottom = box
    picture[top:bottom, left:right] = colour


@pytest.fixture
def glade(tmp_path):
    """Two pairs with masks of their own and places: one in which three things changed, one in which nothing did.

    After is seen from a place 4 pixels further to the left, so that everything in it stands 4 pixels further right.
    """
    root = tmp_path / "glade"
    for name, things in (("calm", False), ("full", True)):
        scene = grain(5, width=100)
        before, after = scene.copy(), scene.copy()
        gone, new = np.zeros((72, 100), np.uint8), np.zeros((72, 100), np.uint8)
        if things:
            for picture, mask, boxes in ((before, gone, (REMOVED, REPLACED)), (after, new, (ADDED, REPLACED))):
                for box in boxes:
                    paint(picture, box, (20, 30, 240) if picture is before else (240, 220, 20))
                    paint(mask, box, 255)
        before, after, gone, new = before[:, :96], shifted(after), gone[:, :96], shifted(new)
        for folder, pixels in (("before", before), ("after", after), ("gone", gone), ("new", new)):
            (root / folder).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / folder / f"{name}.png"), pixels)
        rows = [[*REMOVED, "removed"], [*ADDED, "added"], [*REPLACED, "replaced"]]
        moved = [[box[0] + 4, box[1], box[2] + 4, box[3]] for box in (REMOVED, ADDED, REPLACED)]
        said = {"form": "places", "boxes": rows if things else [], "boxes_after": moved if things else []}
        mask = np.maximum(gone, np.roll(new, -4, axis=1))
        (root / "mask").mkdir(exist_ok=True)
        cv2.imwrite(str(root / "mask" / f"{name}.png"), mask)
        (root / "boxes").mkdir(exist_ok=True)
        (root / "boxes" / f"{name}.json").write_text(json.dumps(said), encoding="utf-8")
    return root


def shifted(pixels):
    """What stands 4 pixels further right, as wide as before."""
    return np.roll(pixels, 4, axis=1)[:, :96]

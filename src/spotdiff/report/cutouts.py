"""What changed, cut out of both pictures: pictures that are transparent where nothing changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.report.coordinates import SIDES, Side, labels_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Comparison, Mask, Picture, Region


def cutout(comparison: Comparison, side: Side) -> Bytes:
    """(h, w, 4) uint8 RGBA of one picture: its changed pixels, everything else transparent."""
    return _cut(getattr(comparison.pair, side), labels_in(comparison, side) > 0)


def region_cutouts(comparison: Comparison, side: Side) -> Iterator[tuple[Region, Bytes]]:
    """Each region with its own (h, w, 4) uint8 RGBA cutout from one picture, as large as its changed pixels reach.

    A region that has no pixel in that picture is left out.
    """
    picture, labels = getattr(comparison.pair, side), labels_in(comparison, side)
    windows = _windows(labels)
    for region in comparison.regions:
        if region.label in windows:
            window = windows[region.label]
            yield region, _cut(picture, labels[window] == region.label, window)


def write_cutouts(comparison: Comparison, folder: str | Path, *, stem: str = "", each: bool = False) -> list[Path]:
    """Write cutouts of both pictures as RGBA PNG files and return their paths.

    Args:
        comparison: The answer.
        folder: Made when missing.
        stem: Start of the files' names; may hold slashes.
        each: One file a region, `STEM.before.cutout.1.png`, counted as in `comparison.regions`; otherwise one
            file a picture, `STEM.before.cutout.png`.
    """
    paths = []
    for side in SIDES:
        start = f"{stem}.{side}.cutout" if stem else f"{side}.cutout"
        cutouts = _numbered(comparison, side) if each else [("", cutout(comparison, side))]
        for number, pixels in cutouts:
            path = Path(folder) / f"{start}{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA))[1].tobytes())
            paths.append(path)
    return paths


def _numbered(comparison: Comparison, side: Side) -> Iterator[tuple[str, Bytes]]:
    numbers = {region.label: number for number, region in enumerate(comparison.regions, start=1)}
    return ((f".{numbers[region.label]}", pixels) for region, pixels in region_cutouts(comparison, side))


def _windows(labels: NDArray[np.int32]) -> dict[int, tuple[slice, slice]]:
    """The rows and columns that each label reaches, in one pass for all of them."""
    y, x = np.nonzero(labels)
    if not len(y):
        return {}
    order = np.argsort(labels[y, x], kind="stable")
    present, first = np.unique(labels[y, x][order], return_index=True)
    ends = [reach.reduceat(axis[order], first) for axis in (y, x) for reach in (np.minimum, np.maximum)]
    return {
        int(label): (slice(int(top), int(bottom) + 1), slice(int(left), int(right) + 1))
        for label, top, bottom, left, right in zip(present, *ends, strict=True)
    }


def _cut(picture: Picture, mask: Mask, window: tuple[slice, ...] = (slice(None), slice(None))) -> Bytes:
    opaque = mask.astype(np.uint8) * np.uint8(255)
    if picture.alpha is not None:
        opaque = np.minimum(opaque, picture.alpha[window])
    # Nothing of the picture may stay behind in pixels that look empty.
    visible = np.where(opaque[..., None] > 0, picture.pixels[window], 0)
    return np.dstack([visible, opaque]).astype(np.uint8)

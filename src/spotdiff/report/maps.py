"""Probability maps: how sure every pixel is, in each picture's own pixels; and what else a method has to show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.png import encode_grey
from spotdiff.output_files import check_outputs
from spotdiff.report.coordinates import SIDES, in_own_pixels

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Comparison

CHANGED = 128  # this and above is what the answer calls changed


def probability_maps(comparison: Comparison) -> tuple[Bytes, Bytes]:
    """Two uint8 maps, each of its own picture's height and width: before's and after's.

    128 and above exactly where the answer calls a pixel changed; elsewhere the probability stops at 127. Places
    that the other picture does not show, and comparisons refused before scoring, are 0.
    """
    if comparison.mirror is not None:
        after, before = probability_maps(comparison.mirror)
        return before, after
    common = _common(comparison)
    before, after = (in_own_pixels(common, comparison, side) for side in SIDES)
    return before, after


def write_maps(comparison: Comparison, folder: str | Path, *, stem: str = "") -> tuple[Path, Path]:
    """Write both maps as 8-bit PNG files and return their paths.

    Args:
        comparison: The answer.
        folder: Made when missing.
        stem: The files are `STEM.before.png` and `STEM.after.png`, which may hold slashes; without a stem
            `before.png` and `after.png`.
    """
    before, after = (
        _write(values, Path(folder), side, stem)
        for side, values in zip(SIDES, probability_maps(comparison), strict=True)
    )
    return before, after


def layer_paths(comparison: Comparison, folder: str | Path, *, stem: str = "") -> tuple[Path, ...]:
    """The files that `write_layers` writes."""
    layers = {} if comparison.evidence is None else comparison.evidence.layers
    return tuple(_place(Path(folder), name, stem) for name in layers)


def write_layers(comparison: Comparison, folder: str | Path, *, stem: str = "") -> tuple[Path, ...]:
    """Write the evidence's further maps as 8-bit PNG files, in before's pixels, and return their paths.

    Args:
        comparison: The answer; one refused before scoring has no such maps, nor has every method any.
        folder: Made when missing.
        stem: The files are `STEM.LAYER.png`; without a stem `LAYER.png`.

    Raises:
        OptionError: a file would be written over one of the pictures.
    """
    layers = {} if comparison.evidence is None else comparison.evidence.layers
    pictures = comparison.pair.before.path, comparison.pair.after.path
    check_outputs(layer_paths(comparison, folder, stem=stem), pictures)
    return tuple(
        _write(np.asarray(cv2.convertScaleAbs(values, alpha=255), np.uint8), Path(folder), name, stem)
        for name, values in layers.items()
    )


def _place(folder: Path, name: str, stem: str) -> Path:
    return folder / (f"{stem}.{name}.png" if stem else f"{name}.png")


def _write(values: Bytes, folder: Path, name: str, stem: str) -> Path:
    path = _place(folder, name, stem)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_grey(values))
    return path


def _common(comparison: Comparison) -> Bytes:
    """(H, W) uint8 in the common frame."""
    if comparison.evidence is None or comparison.labels is None:
        width, height = comparison.aligned.before.size
        return np.zeros((height, width), np.uint8)
    chance = np.asarray(cv2.convertScaleAbs(comparison.evidence.change, alpha=255), np.uint8)
    changed = comparison.labels > 0
    np.minimum(chance, CHANGED - 1, out=chance, where=~changed)
    np.maximum(chance, CHANGED, out=chance, where=changed)
    return chance

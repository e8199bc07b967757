"""A picture of some held-out pairs to look at: before, after, the truth, the prediction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.files import write_whole
from spotdiff.train.validation import predictions

if TYPE_CHECKING:
    from spotdiff.data.example import Example
    from spotdiff.nets.parts.outputs import Net
    from spotdiff.types import Bytes, Map

_SIDE, _GAP = 160, 4
_GONE, _NEW = np.array([230, 80, 40], np.float32), np.array([30, 140, 230], np.float32)


def write_preview(net: Net, examples: Sequence[Example], path: Path) -> None:
    """Write a PNG with a row for each example; gone in red, new in blue, both over a pale mean of the pictures.

    Raises:
        OSError: it cannot be written.
    """
    predicted = predictions(net, examples)
    rows = [_row(example, maps["gone"], maps["new"]) for example, maps in zip(examples, predicted, strict=True)]
    coded = cv2.imencode(".png", cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR))[1]
    write_whole(path, coded.tobytes())


def _row(example: Example, gone: Map, new: Map) -> Bytes:
    pale = ((example.before.astype(np.float32) + example.after) / 8 + 191).astype(np.float32)
    truth = _tinted(pale, example.gone.astype(np.float32), example.new.astype(np.float32))
    cells = [example.before, example.after, truth, _tinted(pale, gone, new)]
    scaled = [np.asarray(cv2.resize(cell, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)) for cell in cells]
    return np.concatenate([np.pad(c, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255) for c in scaled], axis=1)


def _tinted(pale: Map, gone: Map, new: Map) -> Bytes:
    tinted = pale * (1 - np.maximum(gone, new)[..., None])
    strength = np.maximum(gone + new, 1e-6)[..., None]
    colour = (gone[..., None] * _GONE + new[..., None] * _NEW) / strength
    return np.asarray(tinted + colour * np.maximum(gone, new)[..., None], np.float32).clip(0, 255).astype(np.uint8)

"""Examples as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from spotdiff.data.example import Example
    from spotdiff.types import Box

_MOST_PLACES = 32  # boxes of a pair that are learned from
_FEWEST = 8  # pixels of a part of a mask that is a place


class Batch(NamedTuple):
    """N examples of one size.

    Attributes:
        before, after: (N, 3, H, W) float32 in [0, 1], RGB.
        gone, new: (N, 1, H, W) float32, 1 where before's (after's) pixel has no counterpart.
        counted_before, counted_after: (N, 1, H, W) float32, 0 where nobody can say.
        directed: (N,) float32, 0 where `gone` and `new` are both of them "something changed here".
        boxes_before, boxes_after: (N, K, 4) float32 in pixels, half-open; rows of NaN where a pair has fewer than K.
    """

    before: Tensor
    after: Tensor
    gone: Tensor
    new: Tensor
    counted_before: Tensor
    counted_after: Tensor
    directed: Tensor
    boxes_before: Tensor
    boxes_after: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in self))


def collate(examples: Sequence[Example]) -> Batch:
    """The examples as one batch."""
    return Batch(
        before=_pictures([e.before for e in examples]),
        after=_pictures([e.after for e in examples]),
        gone=_masks([e.gone for e in examples]),
        new=_masks([e.new for e in examples]),
        counted_before=_masks([e.counted_before for e in examples]),
        counted_after=_masks([e.counted_after for e in examples]),
        directed=torch.tensor([float(e.directed) for e in examples]),
        boxes_before=_rows([_boxes(e, side="before") for e in examples]),
        boxes_after=_rows([_boxes(e, side="after") for e in examples]),
    )


def _pictures(pixels: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).to(torch.float32) / 255


def _masks(masks: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(masks)).to(torch.float32)[:, None]


def _boxes(example: Example, *, side: str) -> list[Box]:
    """The changed places in one picture; where only masks are known, boxes round their parts, the same in both."""
    if example.places or not example.changed:
        return [box for place in example.places if (box := getattr(place, f"box_{side}")) is not None]
    either = (example.gone | example.new).astype(np.uint8)
    parts = cv2.connectedComponentsWithStats(either, connectivity=8)[2][1:].tolist()
    return [(x, y, x + wide, y + high) for x, y, wide, high, area in parts if area >= _FEWEST]


def _rows(boxes: Sequence[Sequence[Box]]) -> Tensor:
    rows = torch.full((len(boxes), _MOST_PLACES, 4), float("nan"))
    for number, each in enumerate(boxes):
        if each:
            known = torch.tensor(each[:_MOST_PLACES], dtype=torch.float32)
            rows[number, : len(known)] = known
    return rows

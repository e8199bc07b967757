"""Examples as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from spotdiff.data.example import Example, Place

_MOST_PLACES = 32  # boxes of a pair that are learned from


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
        boxes_before=_boxes([e.places for e in examples], side="box_before"),
        boxes_after=_boxes([e.places for e in examples], side="box_after"),
    )


def _pictures(pixels: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).to(torch.float32) / 255


def _masks(masks: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(masks)).to(torch.float32)[:, None]


def _boxes(places: Sequence[Sequence[Place]], *, side: str) -> Tensor:
    rows = torch.full((len(places), _MOST_PLACES, 4), float("nan"))
    for number, each in enumerate(places):
        boxes = [box for place in each if (box := getattr(place, side)) is not None][:_MOST_PLACES]
        if boxes:
            rows[number, : len(boxes)] = torch.tensor(boxes, dtype=torch.float32)
    return rows

"""Examples as tensors, and a loader of batches for every step, the same ones however often training was stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

if TYPE_CHECKING:
    from spotdiff.data.example import Example, Source
    from spotdiff.types import Box, Bytes, Mask

_MOST_PLACES = 32  # boxes of a pair that are learned from
_FEWEST = 8  # pixels of a part of a mask that is a place
_INNER = 0.4  # of a thing's greatest depth, from which on a place is of its core


class Batch(NamedTuple):
    """N examples of one size.

    Attributes:
        before, after: (N, 3, H, W) float32 in [0, 1], RGB.
        gone, new: (N, 1, H, W) float32, 1 where before's (after's) pixel has no counterpart.
        counted_before, counted_after: (N, 1, H, W) float32, 0 where nobody can say.
        directed: (N,) float32, 0 where `gone` and `new` are both of them "something changed here".
        boxes_before, boxes_after: (N, K, 4) float32 in pixels, half-open; rows of NaN where a pair has fewer than K.
        core_gone, core_new: (N, 1, H, W) float32, 1 in the inner part of each thing.
        apart: (N,) float32, 0 where the truth does not tell things apart, and cores say nothing.
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
    core_gone: Tensor
    core_new: Tensor
    apart: Tensor

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
        boxes_before=_padded_boxes([_boxes(e, side="before") for e in examples]),
        boxes_after=_padded_boxes([_boxes(e, side="after") for e in examples]),
        core_gone=_masks([cores(e.things_gone, e.gone.shape) for e in examples]),
        core_new=_masks([cores(e.things_new, e.new.shape) for e in examples]),
        apart=torch.tensor([float(e.things_gone is not None) for e in examples]),
    )


def cores(things: Bytes | None, shape: tuple[int, ...]) -> Mask:
    """(H, W) bool: the inner part of every thing, from a map of their numbers; nowhere where there is none.

    The inner part is as far from the thing's edge as two fifths of its farthest place are or farther; of several such
    parts, as of somebody's trunk and head, the largest. The edge of the picture is no edge of a thing.
    """
    inner = np.zeros(shape, bool)
    for number in range(1, int(things.max()) + 1) if things is not None else ():
        mask = cv2.compare(things, number, cv2.CMP_EQ)
        left, top, width, height = cv2.boundingRect(mask)
        if not width:
            continue
        part = slice(max(top - 1, 0), top + height + 1), slice(max(left - 1, 0), left + width + 1)
        depth = cv2.distanceTransform(mask[part], cv2.DIST_L2, 3)
        deep = (depth >= _INNER * depth.max()).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(deep, connectivity=8)
        if count > 1:
            inner[part] |= labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return inner


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


def _padded_boxes(boxes: Sequence[Sequence[Box]]) -> Tensor:
    rows = torch.full((len(boxes), _MOST_PLACES, 4), float("nan"))
    for number, each in enumerate(boxes):
        if each:
            first = torch.tensor(each[:_MOST_PLACES], dtype=torch.float32)
            rows[number, : len(first)] = first
    return rows


class _ExampleDataset(Dataset["Example"]):
    """A source as torch wants it."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def __getitem__(self, number: int) -> Example:
        return self.source[number]


class _StepSampler:
    """The numbers of every step's examples, those that one of several processes takes."""

    def __init__(self, first: int, last: int, *, batch: int, rank: int, processes: int) -> None:
        self.steps, self.batch, self.rank, self.processes = range(first, last), batch, rank, processes

    def __iter__(self) -> Iterator[list[int]]:
        for step in self.steps:
            yield list(range(step * self.batch + self.rank, (step + 1) * self.batch, self.processes))

    def __len__(self) -> int:
        return len(self.steps)


def batch_loader(
    source: Source, *, first: int, last: int, batch: int, workers: int, rank: int = 0, processes: int = 1
) -> DataLoader[Batch]:
    """A batch for each step from `first` up to `last`; a batch of many processes is shared out among them.

    Args:
        source: Where examples come from.
        first: The step to begin with, so that a training that resumes goes on where it stopped.
        last: The step to end before.
        batch: Examples a step, over all processes together.
        workers: Helper processes that make the examples; 0 makes them in this one.
        rank: Which process this is.
        processes: How many learn together.
    """
    steps = _StepSampler(first, last, batch=batch, rank=rank, processes=processes)
    loader: DataLoader[Any] = DataLoader(
        _ExampleDataset(source),
        batch_sampler=steps,
        collate_fn=collate,
        num_workers=workers,
        worker_init_fn=_one_thread if workers else None,
        prefetch_factor=4 if workers else None,
        multiprocessing_context="spawn" if workers else None,  # a fork would stand still: OpenCV and torch have threads
    )
    return loader


def _one_thread(_: int) -> None:
    """A helper keeps to one thread: there are several of them."""
    import cv2

    cv2.setNumThreads(1)

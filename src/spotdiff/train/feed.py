"""Batches for every step, the same ones however often training was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from torch.utils.data import DataLoader, Dataset

from spotdiff.train.batch import Batch, collate

if TYPE_CHECKING:
    from spotdiff.data.example import Example, Source


class _Numbered(Dataset["Example"]):
    """A source as torch wants it."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def __getitem__(self, number: int) -> Example:
        return self.source[number]


class _Steps:
    """The numbers of every step's examples, those that one of several processes takes."""

    def __init__(self, first: int, last: int, *, batch: int, rank: int, processes: int) -> None:
        self.steps, self.batch, self.rank, self.processes = range(first, last), batch, rank, processes

    def __iter__(self) -> Iterator[list[int]]:
        for step in self.steps:
            yield list(range(step * self.batch + self.rank, (step + 1) * self.batch, self.processes))

    def __len__(self) -> int:
        return len(self.steps)


def feed(
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
    steps = _Steps(first, last, batch=batch, rank=rank, processes=processes)
    loader: DataLoader[Any] = DataLoader(
        _Numbered(source),
        batch_sampler=steps,
        collate_fn=collate,
        num_workers=workers,
        worker_init_fn=_alone if workers else None,
        prefetch_factor=4 if workers else None,
        multiprocessing_context="spawn" if workers else None,  # a fork would stand still: OpenCV and torch have threads
    )
    return loader


def _alone(_: int) -> None:
    """A helper keeps to one thread: there are several of them."""
    import cv2

    cv2.setNumThreads(1)

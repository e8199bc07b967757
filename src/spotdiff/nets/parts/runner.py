"""A network in a file of weights, asked through torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import torch

from spotdiff.nets.parts.header import stamp_of
from spotdiff.nets.parts.weights import load_weights

if TYPE_CHECKING:
    from spotdiff.nets.parts.facts import Facts
    from spotdiff.nets.parts.outputs import Net
    from spotdiff.nets.parts.session import Ask
    from spotdiff.types import Map


def open_weights(path: str | Path) -> tuple[Ask, Facts]:
    """What asks the network in a file of weights, and the file's facts; loaded once, until the file changes.

    Returns:
        A function of two float32 pictures, each (N, 3, H, W) RGB in [0, 1], H and W from 32, that gives what the
        network says by name; and the facts.

    Raises:
        DataError: the file cannot be read, holds no weights of ours, or values that do not fit the net it names.
        OptionError: the net it names is not known.
    """
    return _opened(stamp_of(path))


@lru_cache(maxsize=4)
def _opened(stamp: tuple[str, int, int]) -> tuple[Ask, Facts]:
    net, facts = load_weights(stamp[0])
    return asking(net), facts


def asking(net: Net) -> Ask:
    """A function of two pictures that gives what a net says, by name; the net is to be in its evaluating state."""

    def ask(before: Map, after: Map) -> dict[str, Map]:
        with torch.inference_mode(), _threads():
            said = net.pictures(torch.from_numpy(before), torch.from_numpy(after))
        return {name: value.numpy() for name, value in said.items()}

    return ask


@contextmanager
def _threads() -> Iterator[None]:
    """At most as many threads as OpenCV has: a worker process has one, or the workers would fight for processors."""
    usual = torch.get_num_threads()
    torch.set_num_threads(min(usual, cv2.getNumThreads()))
    try:
        yield
    finally:
        torch.set_num_threads(usual)

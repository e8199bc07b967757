"""The running mean of a net's weights, which answers better than the weights of any one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

_EARLY = 10  # steps after which the mean has forgotten most of the random start


class Average:
    """An exponential mean over steps of everything that floats in a net, batch statistics too.

    Args:
        net: Whose weights to follow.
        keep: How much of the mean is kept each step; less in the first steps.
    """

    def __init__(self, net: nn.Module, *, keep: float) -> None:
        self.keep = keep
        self.values = {name: value.detach().clone() for name, value in net.state_dict().items()}

    @torch.no_grad()
    def follow(self, net: nn.Module, *, step: int) -> None:
        """Take one step's weights into the mean."""
        keep = min(self.keep, (1 + step) / (_EARLY + step))
        for name, value in net.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - keep)
            else:
                self.values[name].copy_(value)

    def restore(self, values: Mapping[str, Tensor]) -> None:
        """Take up a mean from a checkpoint."""
        for name, value in values.items():
            self.values[name].copy_(value)

    @contextmanager
    def worn_by(self, net: nn.Module) -> Iterator[None]:
        """For the time of the block the net has the mean's weights, and answers as in use."""
        own = {name: value.clone() for name, value in net.state_dict().items()}
        was_training = net.training
        net.load_state_dict(self.values)
        net.eval()
        try:
            yield
        finally:
            net.load_state_dict(own)
            net.train(was_training)

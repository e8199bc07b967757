"""What a net gives: one of three forms. Its loss, its method and its export go by the form, not by the net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from spotdiff.errors import OptionError

FOUR = ("added", "removed", "changed", "unchanged")  # channels of a net that tells them apart
TWO = ("changed", "unchanged")  # of one that does not


def check_classes(classes: int) -> None:
    """Raise OptionError unless the number of classes is one that has names."""
    if classes not in (len(FOUR), len(TWO)):
        raise OptionError(f"classes takes {len(FOUR)} or {len(TWO)}, not {classes}")


class Classes(NamedTuple):
    """One class a pixel.

    Attributes:
        logits: (N, C, H, W), channels as in `FOUR` or as in `TWO`; after a softmax they are the four maps.
        layers: Maps to look at, each (N, 1, H, W) in [0, 1], by name.
    """

    logits: Tensor
    layers: Mapping[str, Tensor] = {}

    def answer(self, *, directed: bool = True) -> dict[str, Tensor]:
        """`gone` and `new`, each (N, 1, H, W) in [0, 1], and further layers.

        Of a net that is not `directed` both are the chance of any change: what it cannot tell apart is half added and
        half removed to it, and neither half would be sure.
        """
        chance = self.logits.softmax(1)
        if chance.shape[1] == len(TWO):
            return {"gone": chance[:, :1], "new": chance[:, :1], **self.layers}
        four = {name: chance[:, i : i + 1] for i, name in enumerate(FOUR)}
        if not directed:
            either = 1 - four["unchanged"]
            return {"gone": either, "new": either, **four, **self.layers}
        replaced = four["changed"]
        return {"gone": four["removed"] + replaced, "new": four["added"] + replaced, **four, **self.layers}


class Masks(NamedTuple):
    """Two masks of their own, each in its own picture's pixels, and one word on the whole pair.

    Attributes:
        gone, new: (N, 1, H, W) logits.
        anything: (N,) logits: whether anything changed.
        core_gone, core_new: (N, 1, H, W) logits: the inner part of each thing in the mask, by which things that touch
            are told apart.
    """

    gone: Tensor
    new: Tensor
    anything: Tensor
    core_gone: Tensor
    core_new: Tensor

    def answer(self) -> dict[str, Tensor]:
        """The maps, each (N, 1, H, W) in [0, 1], and `anything`, (N,) in [0, 1], by name."""
        return {name: value.sigmoid() for name, value in self._asdict().items()}


class Head(NamedTuple):
    """Centres of boxes in one picture, on a grid `stride` times coarser than its pixels.

    Attributes:
        heat: (N, 1, h, w) logits: whether a box has its centre in this cell.
        size: (N, 2, h, w) width and height of that box, in cells.
        offset: (N, 2, h, w) from the cell's corner to the centre, x and y, in cells.
    """

    heat: Tensor
    size: Tensor
    offset: Tensor


class Centres(NamedTuple):
    """Boxes round every changed place, in both pictures."""

    before: Head
    after: Head

    def answer(self) -> dict[str, Tensor]:
        """`heat_before` in [0, 1], `size_before`, `offset_before`, and the same of after."""
        named: dict[str, Tensor] = {}
        for side, head in (("before", self.before), ("after", self.after)):
            named |= {f"heat_{side}": head.heat.sigmoid(), f"size_{side}": head.size, f"offset_{side}": head.offset}
        return named


Output: TypeAlias = Classes | Masks | Centres


class Net(nn.Module):
    """A module over two pictures: `forward(before, after)`, each (N, 3, H, W) RGB in [0, 1], any H and W from 32.

    A net brings the values to the range it likes itself, and its maps back to H by W itself.

    Attributes:
        directed: Whether it tells gone from new.
        stride: Pixels a cell of its box grid; 1 for nets that give maps.
    """

    directed: bool = True
    stride: int = 1

    def forward(self, before: Tensor, after: Tensor) -> Output:
        """The net's output for the pairs."""
        raise NotImplementedError

    def pictures(self, before: Tensor, after: Tensor) -> dict[str, Tensor]:
        """The net's output by name, as its method and its exported file give it."""
        output: Output = self(before, after)
        return output.answer(directed=self.directed) if isinstance(output, Classes) else output.answer()


def count_parameters(net: nn.Module) -> int:
    """How many numbers the net has learned or will learn."""
    return sum(parameter.numel() for parameter in net.parameters())


def resized(maps: Tensor, like: Tensor) -> Tensor:
    """Maps brought to the height and width of `like`, bilinear; exact for odd sizes too.

    Equal sizes take no short cut: an exported network would keep it for sizes that are not.
    """
    return torch.nn.functional.interpolate(maps, size=like.shape[-2:], mode="bilinear", align_corners=False)

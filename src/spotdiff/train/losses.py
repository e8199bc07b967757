"""What a net is punished for; which loss fits goes by the form of what the net says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from spotdiff.nets.parts.outputs import TWO, Centres, Classes, Masks, Output
from spotdiff.params import check, param
from spotdiff.train.batches import Batch
from spotdiff.train.centre_loss import centre_loss

_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Loss:
    """How answers are judged in training.

    Attributes:
        name: squared (of the four maps, as first published), cross-entropy, focal, dice, or cross-entropy+dice. Nets
            that draw boxes have one of their own.
        weight: How much more a changed pixel counts than an unchanged one.
        focus: Exponent of the focal loss.
        pair: Weight of the word on the whole pair, for nets that give one.
        core: Weight of the cores by which things are told apart, for nets that give them.
    """

    name: str = param(
        "cross-entropy",
        "how answers are judged",
        choices=("squared", "cross-entropy", "focal", "dice", "cross-entropy+dice"),
    )
    weight: float = param(3.0, "how much more a changed pixel counts than an unchanged one", low=0.01, high=1000)
    focus: float = param(2.0, "exponent of the focal loss", low=0, high=10)
    pair: float = param(0.2, "weight of the word on the whole pair", low=0, high=10)
    core: float = param(0.5, "weight of the cores by which things are told apart", low=0, high=10)

    def __post_init__(self) -> None:
        check(self)

    def __call__(self, output: Output, batch: Batch) -> Tensor:
        """The loss of a batch, one number."""
        if isinstance(output, Centres):
            shape = batch.before.shape[-2], batch.before.shape[-1]
            counted = batch.counted_before, batch.counted_after
            return centre_loss(output, batch.boxes_before, batch.boxes_after, shape=shape, counted=counted)
        if isinstance(output, Masks):
            return self._of_masks(output, batch)
        return self._of_classes(output, batch)

    def _of_masks(self, output: Masks, batch: Batch) -> Tensor:
        directed = batch.directed.view(-1, 1, 1, 1) > 0
        either = torch.maximum(output.gone, output.new)  # where nobody knows which it was, one of the two will do
        sides = (
            (torch.where(directed, output.gone, either), batch.gone, batch.counted_before),
            (torch.where(directed, output.new, either), batch.new, batch.counted_after),
        )
        total = torch.zeros((), device=output.gone.device)
        for logits, truth, counted in sides:
            total = total + self._of_binary(logits.float(), truth, counted) / len(sides)
        if self.core:
            total = total + self.core * _of_cores(output, batch)
        changed = torch.maximum(batch.gone, batch.new).amax((1, 2, 3))
        return total + self.pair * functional.binary_cross_entropy_with_logits(output.anything.float(), changed)

    def _of_binary(self, logits: Tensor, truth: Tensor, counted: Tensor) -> Tensor:
        chance = logits.sigmoid()
        right = chance * truth + (1 - chance) * (1 - truth)
        weights = counted * (1 + (self.weight - 1) * truth)
        each = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
        return self._joined(each, right, weights, dice=lambda: dice_loss(chance, truth, counted))

    def _of_classes(self, output: Classes, batch: Batch) -> Tensor:
        chance = output.logits.float().softmax(1).clamp(_TINY, 1 - _TINY)
        truth = four_maps(batch.gone, batch.new)  # (N, 4, H, W)
        chance, truth = alike(chance, truth, batch.directed)
        counted = batch.counted_before * batch.counted_after
        right = (chance * truth).sum(1, keepdim=True)
        weights = counted * (1 + (self.weight - 1) * (1 - truth[:, -1:]))
        if self.name == "squared":
            return weighted_mean((chance - truth).square().sum(1, keepdim=True), weights)
        changed = slice(0, truth.shape[1] - 1)
        return self._joined(
            -right.log(), right, weights, dice=lambda: dice_loss(chance[:, changed], truth[:, changed], counted)
        )

    def _joined(self, each: Tensor, right: Tensor, weights: Tensor, *, dice: Callable[[], Tensor]) -> Tensor:
        if self.name == "squared":
            return weighted_mean((1 - right).square(), weights)
        if self.name == "focal":  # Lin et al. 2017, eq. 5
            return weighted_mean((1 - right) ** self.focus * each, weights)
        if self.name == "dice":
            return dice()
        entropy = weighted_mean(each, weights)
        return entropy + dice() if self.name == "cross-entropy+dice" else entropy


def _of_cores(output: Masks, batch: Batch) -> Tensor:
    """Cross-entropy of the cores, where things are told apart; within the things it counts as much as around them."""
    apart = batch.apart.view(-1, 1, 1, 1)
    sides = (
        (output.core_gone, batch.core_gone, batch.gone, batch.counted_before),
        (output.core_new, batch.core_new, batch.new, batch.counted_after),
    )
    total = torch.zeros((), device=output.gone.device)
    for logits, truth, mask, counted in sides:
        each = functional.binary_cross_entropy_with_logits(logits.float(), truth, reduction="none")
        within, around = apart * counted * mask, apart * counted * (1 - mask)
        total = total + (weighted_mean(each, within) + weighted_mean(each, around)) / 4
    return total


def weighted_mean(each: Tensor, weights: Tensor) -> Tensor:
    """Mean of the values under their weights; 0 where all weights are 0."""
    return (each * weights).sum() / weights.sum().clamp_min(_TINY)


def dice_loss(chance: Tensor, truth: Tensor, counted: Tensor) -> Tensor:
    """One minus the mean Dice coefficient of all maps that truly hold something (Milletari et al. 2016, eq. 1).

    An empty map has no overlap to gain, only pixels to lose; those are left to the cross-entropy.
    """
    chance, truth = chance * counted, truth * counted
    both = (chance * truth).sum((2, 3))
    size = chance.square().sum((2, 3)) + truth.square().sum((2, 3))
    held = (truth.sum((2, 3)) > 0).float()
    return weighted_mean(1 - 2 * both / size.clamp_min(_TINY), held)


def four_maps(gone: Tensor, new: Tensor) -> Tensor:
    """(N, 4, H, W): added, removed, changed, unchanged, each 0 or 1, from masks (N, 1, H, W)."""
    return torch.cat([new * (1 - gone), gone * (1 - new), gone * new, (1 - gone) * (1 - new)], 1)


def alike(chance: Tensor, truth: Tensor, directed: Tensor) -> tuple[Tensor, Tensor]:
    """Maps and truth with the classes that both know.

    A net of two classes is asked for no more than two. Of a pair whose kinds nobody knows, the three kinds of change
    are one: its chances are summed into `changed`.
    """
    changed = truth[:, :-1].sum(1, keepdim=True)
    if chance.shape[1] == len(TWO):
        return chance, torch.cat([changed, truth[:, -1:]], 1)
    known = directed.view(-1, 1, 1, 1) > 0
    none = torch.zeros_like(changed)
    joined = torch.cat([none, none, chance[:, :-1].sum(1, keepdim=True), chance[:, -1:]], 1)
    merged = torch.cat([none, none, changed, truth[:, -1:]], 1)
    return torch.where(known, chance, joined), torch.where(known, truth, merged)

"""Losses against sums written out, and what must hold of every one of them."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch

from spotdiff.nets.parts.outputs import Centres, Classes, Head, Masks
from spotdiff.train.batches import collate
from spotdiff.train.losses import Loss, alike, dice_loss, four_maps
from tiny_training import Squares

NAMES = ("squared", "cross-entropy", "focal", "dice", "cross-entropy+dice")


def batch_of(*numbers):
    return collate([Squares()[number] for number in numbers])


def perfect(batch, form, *, classes=4):
    """What a net that knows the truth would say."""
    if form == "masks":
        changed = torch.maximum(batch.gone, batch.new).amax((1, 2, 3))
        cores = batch.core_gone * 40 - 20, batch.core_new * 40 - 20
        return Masks(batch.gone * 40 - 20, batch.new * 40 - 20, changed * 40 - 20, *cores)
    truth = four_maps(batch.gone, batch.new)
    if classes == 2:
        truth = torch.cat([truth[:, :3].sum(1, keepdim=True), truth[:, 3:]], 1)
    return Classes(truth * 40 - 20)


def wrong(said):
    return type(said)(*(-each if isinstance(each, torch.Tensor) else each for each in said))


@pytest.mark.parametrize(("name", "form"), tuple(itertools.product(NAMES, ("masks", "classes"))))
def test_the_truth_costs_nothing_and_its_opposite_much(name, form):
    batch = batch_of(1, 2, 4)
    said = perfect(batch, form)
    assert float(Loss(name=name)(said, batch)) < 0.02
    assert float(Loss(name=name)(wrong(said), batch)) > 0.5


@pytest.mark.parametrize(("name", "form"), tuple(itertools.product(NAMES, ("masks", "classes"))))
def test_what_does_not_count_costs_nothing(name, form):
    batch = batch_of(1, 2)
    said = wrong(perfect(batch, form))
    nothing = torch.zeros_like(batch.counted_before)
    free = batch._replace(counted_before=nothing, counted_after=nothing)
    assert float(Loss(name=name, pair=0.0)(said, free)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_two_classes_are_asked_for_no_more_than_two(name):
    batch = batch_of(1, 2)
    assert float(Loss(name=name)(perfect(batch, "classes", classes=2), batch)) < 0.02


@pytest.mark.parametrize("form", ["masks", "classes"])
def test_an_undirected_truth_does_not_care_which_side(form):
    batch = batch_of(1)  # removed
    told = perfect(batch._replace(gone=batch.new, new=batch.gone), form)
    both = torch.maximum(batch.gone, batch.new)
    place = batch._replace(gone=both, new=both, directed=torch.zeros(1))
    assert float(Loss()(told, batch)) > 0.5
    assert float(Loss()(told, place)) < 0.02


def test_cross_entropy_is_the_sum_written_out():
    batch = batch_of(1)
    logits = torch.randn(1, 4, 48, 48, generator=torch.Generator().manual_seed(0))
    chance, truth = logits.softmax(1), four_maps(batch.gone, batch.new)
    total = weight = 0.0
    for y, x in itertools.product(range(48), range(48)):
        kind = int(truth[0, :, y, x].argmax())
        heavy = 1.0 if kind == 3 else 3.0
        total -= heavy * math.log(float(chance[0, kind, y, x]))
        weight += heavy
    assert float(Loss(name="cross-entropy", weight=3.0)(Classes(logits), batch)) == pytest.approx(
        total / weight, rel=1e-4
    )


def test_where_only_masks_are_known_their_parts_are_the_boxes():
    example = replace(Squares()[1], places=())
    example.gone[40:42, 40:42] = True  # too little to be a place
    batch = collate([example, Squares()[1], replace(Squares()[3], places=())])
    for boxes in (batch.boxes_before, batch.boxes_after):
        assert torch.equal(boxes[0, 0], batch.boxes_before[1, 0])
        assert (~boxes.isnan()).any(2).sum(1).tolist() == [1, 1, 0]


def test_boxes_cost_nothing_where_nothing_counts():
    batch = batch_of(3)
    head = Head(torch.ones(1, 1, 12, 12), torch.ones(1, 2, 12, 12), torch.ones(1, 2, 12, 12))
    nothing = torch.zeros_like(batch.counted_before)
    assert float(Loss()(Centres(head, head), batch)) > 1
    assert float(Loss()(Centres(head, head), batch._replace(counted_before=nothing, counted_after=nothing))) == 0


def test_dice_of_half_an_overlap():
    truth, said = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    truth[..., :2, :], said[..., 1:3, :] = 1, 1
    assert float(dice_loss(said, truth, torch.ones_like(truth))) == pytest.approx(0.5)
    nothing = torch.zeros_like(truth)
    assert float(dice_loss(said, nothing, torch.ones_like(truth))) == 0.0


def test_four_maps_are_one_class_a_pixel():
    batch = batch_of(0, 1, 2)
    assert torch.equal(four_maps(batch.gone, batch.new).sum(1), torch.ones(3, 48, 48))


def test_alike_keeps_directed_pairs_as_they_are():
    batch = batch_of(1, 2)
    chance, truth = torch.rand(2, 4, 48, 48).softmax(1), four_maps(batch.gone, batch.new)
    kept, same = alike(chance, truth, torch.tensor([1.0, 0.0]))
    assert torch.equal(kept[0], chance[0])
    assert torch.equal(same[0], truth[0])
    assert torch.equal(kept[1, 2], chance[1, :3].sum(0))
    assert float(same[1, :2].sum()) == 0

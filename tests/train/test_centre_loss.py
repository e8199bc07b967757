"""What a net is to say of boxes, and what it is punished for."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from spotdiff.nets.parts.outputs import Centres, Head
from spotdiff.regions.centres import decode
from spotdiff.train.centre_loss import centre_loss, focal_loss, radius_of, stride_of, targets_of

NONE = [math.nan] * 4


def boxes_of(*pairs) -> torch.Tensor:
    most = max(map(len, pairs))
    return torch.tensor([[*boxes, *[NONE] * (most - len(boxes))] for boxes in pairs]).reshape(len(pairs), most, 4)


def perfect(boxes, shape, stride) -> Head:
    """A head that says exactly what it should, in the cells of the centres."""
    grid = [-(-length // stride) for length in shape]
    aims = targets_of(boxes, grid=tuple(grid), stride=stride)
    size, offset = torch.zeros(len(boxes), 2, *grid), torch.zeros(len(boxes), 2, *grid)
    for pair, box in aims.there.nonzero().tolist():
        row, column = divmod(int(aims.cell[pair, box]), grid[1])
        size[pair, :, row, column], offset[pair, :, row, column] = aims.size[pair, box], aims.offset[pair, box]
    return Head(torch.logit(aims.heat, eps=1e-6), size, offset)


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("shape", [(64, 96), (61, 87)])
def test_boxes_come_back_from_their_targets(stride, shape):
    wanted = [[3.0, 5.0, 24.0, 37.0], [50.0, 20.0, 61.0, 28.0], [0.0, 40.0, 9.0, 61.0], [70.0, 44.0, 87.0, 60.0]]
    head = perfect(boxes_of(wanted, []), shape, stride)
    maps = [part.numpy() for part in (head.heat.sigmoid(), head.size, head.offset)]
    found, scores = decode(maps[0][0, 0], maps[1][0], maps[2][0], stride=stride, shape=shape, threshold=0.9)
    assert np.abs(found[np.lexsort(found.T)] - np.array(wanted)[np.lexsort(np.array(wanted).T)]).max() < 0.5
    assert len(decode(maps[0][1, 0], maps[1][1], maps[2][1], stride=stride, shape=shape, threshold=0.01)[1]) == 0
    assert (scores > 0.99).all()


def test_heat_is_one_at_centres_only_and_falls_off_round_them():
    aims = targets_of(boxes_of([[8.0, 8.0, 40.0, 24.0], [60.0, 60.0, 62.0, 62.0]]), grid=(32, 32), stride=2)
    heat = aims.heat[0, 0]
    assert heat[8, 12] == heat[30, 30] == 1
    assert (heat == 1).sum() == 2
    assert 0 < heat[8, 14] < heat[8, 13] < 1
    assert heat[8, 13] == heat[8, 11] == heat[7, 12]
    assert heat[30, 29] < 1e-6  # a box of one cell has no slope
    spread = (2 * int(radius_of(torch.tensor([16.0, 8.0]))) + 1) / 6
    assert float(heat[8, 13]) == pytest.approx(math.exp(-1 / (2 * spread**2)))


@pytest.mark.parametrize("size", [(10.0, 10.0), (40.0, 6.0), (3.0, 90.0)])
@pytest.mark.parametrize("least", [0.3, 0.7])
def test_the_radius_is_the_largest_that_keeps_the_overlap_in_all_three_ways(size, least):
    width, height = size
    radius = float(radius_of(torch.tensor(size), min_iou=least))
    area, shared = width * height, (width - radius) * (height - radius)
    aside = shared / (2 * area - shared)
    inward = (width - 2 * radius) * (height - 2 * radius) / area
    outward = area / ((width + 2 * radius) * (height + 2 * radius))
    assert min(aside, inward, outward) == pytest.approx(least, abs=1e-4)


def test_focal_loss_by_hand():
    logits = torch.logit(torch.tensor([0.8, 0.4, 0.1]))
    heat = torch.tensor([1.0, 0.5, 0.0])
    by_hand = 0.2**2 * -math.log(0.8) + 0.5**4 * 0.4**2 * -math.log(0.6) + 0.1**2 * -math.log(0.9)
    assert float(focal_loss(logits, heat)) == pytest.approx(by_hand, rel=1e-5)


def test_the_whole_loss_by_hand():
    boxes = boxes_of([[4.0, 4.0, 12.0, 8.0]])  # centre (8, 6): cell (2, 1) of stride 4, offset (0, .5), size (2, 1)
    right = perfect(boxes, (32, 32), 4)
    assert float(centre_loss(Centres(right, right), boxes, boxes, shape=(32, 32))) == pytest.approx(0, abs=1e-4)
    wrong = Head(right.heat, right.size + 1, right.offset - 0.25)
    both = centre_loss(Centres(right, wrong), boxes, boxes, shape=(32, 32))
    assert float(both) == pytest.approx(0.1 * 1 + 1.0 * 0.25, abs=1e-4)
    two = boxes_of([[4.0, 4.0, 12.0, 8.0], [16.0, 16.0, 28.0, 28.0]])
    aims = perfect(two, (32, 32), 4)
    wrong = Head(aims.heat, aims.size + 1, aims.offset - 0.25)
    assert float(centre_loss(Centres(wrong, aims), two, two, shape=(32, 32))) == pytest.approx(0.35, abs=1e-4)


def test_a_pair_without_boxes_is_learned_from():
    heat = torch.full((1, 1, 8, 8), -1.0, requires_grad=True)
    head = Head(heat, torch.ones(1, 2, 8, 8, requires_grad=True), torch.ones(1, 2, 8, 8))
    loss = centre_loss(Centres(head, head), boxes_of([NONE]), boxes_of([NONE]), shape=(32, 32))
    loss.backward()
    chance = 1 / (1 + math.e)
    assert loss.item() == pytest.approx(2 * 64 * chance**2 * -math.log(1 - chance), rel=1e-5)
    assert (heat.grad > 0).all()
    assert not head.size.grad.any()


def test_what_nobody_can_say_is_not_wrong():
    boxes, heat = boxes_of([[4.0, 4.0, 12.0, 8.0]]), torch.full((1, 1, 8, 8), 2.0)
    head = Head(heat.requires_grad_(), torch.ones(1, 2, 8, 8), torch.ones(1, 2, 8, 8))
    counted = torch.ones(1, 1, 32, 32)
    counted[..., 16:] = 0
    counted[..., 12:14] = 0  # half of a column of cells
    whole = centre_loss(Centres(head, head), boxes, boxes, shape=(32, 32))
    some = centre_loss(Centres(head, head), boxes, boxes, shape=(32, 32), counted=(counted, counted))
    full, part = (torch.autograd.grad(loss, heat)[0][0, 0] for loss in (whole, some))
    assert not part[:, 4:].any()
    torch.testing.assert_close(part[:, 3], full[:, 3] / 2)
    torch.testing.assert_close(part[:, :3], full[:, :3])
    nothing = torch.zeros_like(counted)
    none = centre_loss(Centres(head, head), boxes, boxes, shape=(32, 32), counted=(nothing, nothing))
    assert torch.autograd.grad(none, heat)[0].nonzero().tolist() == [[0, 0, 1, 2]]  # the centre is known all the same


def test_what_is_not_there_leaves_no_nan():
    boxes = boxes_of([[4.0, 4.0, 12.0, 8.0]], [])
    heads = [
        Head(*(torch.randn(2, count, 8, 8, generator=torch.Generator().manual_seed(count)) for count in (1, 2, 2)))
        for _ in range(2)
    ]
    assert torch.isfinite(centre_loss(Centres(*heads), boxes, boxes.flip(0), shape=(32, 32)))
    assert stride_of((32, 32), (8, 8)) == 4


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_the_stride_is_read_off_the_sizes(stride):
    assert all(stride_of((32, side), (-(-32 // stride), -(-side // stride))) == stride for side in range(32, 300))

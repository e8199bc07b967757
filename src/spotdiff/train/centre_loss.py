"""What a net that says boxes by their centres is to say, and what it is punished for."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from spotdiff.nets.parts.outputs import Centres, Head

MIN_IOU = 0.3  # that a box moved by the radius still has; as in the code CYWS was trained with
_OF_SURE, _OF_NEAR = 2, 4  # exponents of the focal loss: alpha and beta
_OF_SIZE, _OF_OFFSET = 0.1, 1.0  # weights


class Targets(NamedTuple):
    """What a head should say of one picture.

    Attributes:
        heat: (N, 1, h, w) in [0, 1]: 1 in the cell of a centre, falling off round it.
        cell: (N, K) index of the centre's cell, row by row; 0 for a box that is not there.
        size: (N, K, 2) width and height, in cells.
        offset: (N, K, 2) from the cell's corner to the centre, x and y, in cells.
        there: (N, K) bool, False for a box that is not there.
    """

    heat: Tensor
    cell: Tensor
    size: Tensor
    offset: Tensor
    there: Tensor


def centre_loss(
    output: Centres,
    boxes_before: Tensor,
    boxes_after: Tensor,
    *,
    shape: tuple[int, int],
    counted: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Loss of a batch, one number: focal loss of the heat, L1 of size and offset at the centres, both pictures summed.

    A pair without boxes is learned from too: all its heat is wrong. Where nobody can say what is right, none is; a cell
    counts by how much of it does.

    Args:
        output: What the net says.
        boxes_before: (N, K, 4) in pixels, half-open; a row of NaN is a box that is not there.
        boxes_after: The same of after.
        shape: (H, W) of the pictures.
        counted: (N, 1, H, W) of before and of after, 0 where nobody can say; None for 1 everywhere.

    References:
        Zhou, Wang, Krähenbühl (2019), Objects as Points, eq. 1 to 4. https://arxiv.org/abs/1904.07850
        Lin et al. (2017), Focal Loss for Dense Object Detection, eq. 4. https://doi.org/10.1109/ICCV.2017.324
    """
    sides = zip(output, (boxes_before, boxes_after), counted or (None, None), strict=True)
    before, after = (_side_loss(head, boxes, known, shape=shape) for head, boxes, known in sides)
    return before + after


def _side_loss(head: Head, boxes: Tensor, counted: Tensor | None, *, shape: tuple[int, int]) -> Tensor:
    height, width = head.heat.shape[-2:]
    targets = targets_of(boxes, grid=(height, width), stride=stride_of(shape, (height, width)))
    counts = 1.0 if counted is None else functional.adaptive_avg_pool2d(counted, (height, width))
    count = targets.there.sum().clamp_min(1)
    size = _regression(head.size, targets.size, targets) / count
    offset = _regression(head.offset, targets.offset, targets) / count
    return focal_loss(head.heat.float(), targets.heat, counts) / count + _OF_SIZE * size + _OF_OFFSET * offset


def focal_loss(logits: Tensor, heat: Tensor, counts: Tensor | float = 1.0) -> Tensor:
    """Sum of the focal loss over all cells; a wrong cell near a centre counts less (Zhou et al. 2019, eq. 1).

    `counts` says in [0, 1] how much a cell counts where it is wrong; a centre counts wholly.
    """
    chance = logits.sigmoid()
    centre = (heat == 1).float()
    missed = centre * (1 - chance) ** _OF_SURE * functional.logsigmoid(logits)
    false = (1 - heat) ** _OF_NEAR * chance**_OF_SURE * functional.logsigmoid(-logits) * counts
    return -(missed + false).sum()


def _regression(output: Tensor, truth: Tensor, targets: Targets) -> Tensor:
    """L1 of two numbers a box, summed over boxes, mean over the two."""
    cells = targets.cell[:, None].expand(-1, 2, -1)
    values = output.float().flatten(2).gather(2, cells).transpose(1, 2)  # (N, K, 2)
    each = (values - truth).abs().mean(2)
    return (each * targets.there).sum()


def targets_of(boxes: Tensor, *, grid: tuple[int, int], stride: int) -> Targets:
    """What a head should say of pictures with these boxes, (N, K, 4) in pixels, NaN where there are fewer than K.

    Round a centre the heat is a Gaussian with a standard deviation of a third of `radius_of`, as in CornerNet.
    """
    there = (boxes[..., 2:] > boxes[..., :2]).all(2)  # never of NaN
    corners = torch.where(there[..., None], boxes, 0.0) / stride
    size = corners[..., 2:] - corners[..., :2]
    centre = (corners[..., 2:] + corners[..., :2]) / 2
    last = torch.tensor([grid[1] - 1, grid[0] - 1], device=boxes.device)
    cell = torch.minimum(centre.long(), last).clamp_min(0)
    return Targets(
        heat=_heat(cell, radius_of(size).floor(), there, grid=grid),
        cell=cell[..., 1] * grid[1] + cell[..., 0],
        size=size,
        offset=centre - cell,
        there=there,
    )


def _heat(cell: Tensor, radius: Tensor, there: Tensor, *, grid: tuple[int, int]) -> Tensor:
    """(N, 1, h, w): the highest of all Gaussians; a Gaussian is one along x times one along y."""
    spread = (2 * radius + 1) / 6
    across, down = (
        torch.exp(-0.5 * ((torch.arange(length, device=cell.device) - place[..., None]) / spread[..., None]) ** 2)
        for length, place in ((grid[1], cell[..., 0]), (grid[0], cell[..., 1]))
    )  # (N, K, w) and (N, K, h)
    across = across * there[..., None]
    heat = torch.zeros((len(cell), *grid), device=cell.device)
    for box in range(cell.shape[1]):
        heat = torch.maximum(heat, down[:, box, :, None] * across[:, box, None, :])
    return heat[:, None]


def radius_of(size: Tensor, *, min_iou: float = MIN_IOU) -> Tensor:
    """How far the corners of boxes (..., 2) may be off, in whatever way, for that IoU.

    Corners may be off both the same way, both inward or both outward; inward costs most, whatever the box, so that the
    radius is the smaller root of (width - 2 r) (height - 2 r) = IoU x width x height.

    References:
        Law, Deng (2018), CornerNet, ECCV, section 3.2. https://doi.org/10.1007/978-3-030-01264-9_45 (Their first code
        divided the roots wrongly, and many programs still do.)

    Examples:
        >>> side = 10 - 2 * radius_of(torch.tensor([10.0, 10.0]), min_iou=0.7)
        >>> round(float(side**2 / 100), 3)
        0.7
    """
    around, area = size.sum(-1), size.prod(-1)
    return (around - (around**2 - 4 * (1 - min_iou) * area).sqrt()) / 4


def stride_of(shape: tuple[int, int], grid: tuple[int, int]) -> int:
    """The stride of a grid that has the size of the picture divided by it, rounded up.

    Examples:
        >>> stride_of((33, 47), (9, 12)), stride_of((256, 256), (256, 256))
        (4, 1)
    """
    return -(-max(shape) // max(grid))

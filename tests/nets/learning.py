"""Tiny networks and how they learn a few pairs by heart."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from spotdiff.nets import get_net, net_names
from spotdiff.nets.parts.outputs import TWO, Classes, Masks

TINY = {
    "fc-siam-conc": {"widths": (6, 8, 12, 16), "dropout": 0.0},
    "fc-siam-diff": {"widths": (6, 8, 12, 16), "dropout": 0.0},
    "fused": {"width": 32},
    "siamese": {"hidden": (16, 16, 16), "widths": (64, 48, 48, 32, 32), "head": 16},
    "spot": {"backbone": "small", "widths": (8, 12, 16, 16, 16), "radii": (1, 1, 1, 1, 1), "keys": 8, "width": 12},
    "unet": {"setting": "b"},
}
VARIANTS = [
    *((name, {}) for name in net_names()),
    ("unet", {"setting": "a"}),
    ("unet", {"setting": "c"}),
    ("unet", {"widths": (4, 6, 8, 8, 8, 8)}),
    ("unet", {"encoder": "small"}),
    ("unet", {"encoder": "mobilenetv2", "setting": "a"}),
    ("fc-siam-conc", {"classes": 2}),
    ("fc-siam-diff", {"classes": 2, "widths": (4,)}),
    ("fc-siam-diff", {"widths": (4, 4, 4, 4, 4), "dropout": 0.2}),
    *(("fused", {"branches": branches}) for branches in ("i", "a", "d", "e", "ia", "id", "ie", "ide")),
    *(("fused", {"levels": levels}) for levels in (1, 2, 3)),
    ("fused", {"shared": True, "classes": 2}),
    ("fused", {"head": "deeplabv3"}),
    ("fused", {"backbone": "mobilenetv2", "frozen_norm": True}),
]


@dataclass(frozen=True)
class Pairs:
    """Pairs with truth: pictures (N, 3, H, W), masks (N, 1, H, W)."""

    before: torch.Tensor
    after: torch.Tensor
    gone: torch.Tensor
    new: torch.Tensor


def label(variant):
    name, settings = variant
    return "-".join([name, *(f"{key}={value}" for key, value in settings.items())]).replace(" ", "")


def settings_of(name, **more):
    return TINY.get(name, {}) | more


def fresh(name, seed=0, **more):
    """A net of its own seed, ready to learn."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return get_net(name, settings_of(name, **more)).build()


def settled(net, seed=0):
    """The net as after learning: out of training, its batch norms having seen something."""
    norms = [part for part in net.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    for part in norms:
        part.momentum = 1.0
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        net.train()(*noise(2, 64, 64, seed=seed))
    return net.eval()


def noise(count, height, width, *, seed=0):
    """Two batches of pictures (N, 3, H, W) in [0, 1]."""
    source = torch.Generator().manual_seed(seed)
    return [torch.rand(count, 3, height, width, generator=source) for _ in range(2)]


def loss_of(said, pairs):
    """Cross-entropy of classes, what changed counting threefold, or binary cross-entropy of masks."""
    if isinstance(said, Masks):
        sides = ((said.gone, pairs.gone), (said.new, pairs.new))
        return sum(functional.binary_cross_entropy_with_logits(*side) for side in sides)
    assert isinstance(said, Classes)
    gone, new = pairs.gone[:, 0].long(), pairs.new[:, 0].long()
    two = said.logits.shape[1] == len(TWO)
    truth = 1 - (gone | new) if two else torch.tensor([[3, 0], [1, 2]])[gone, new]
    weights = torch.tensor([3.0] * (said.logits.shape[1] - 1) + [1.0])
    return functional.cross_entropy(said.logits, truth, weights)


def learn(net, pairs, *, steps=100, lr=2e-2):
    """The net after so many steps on these pairs, out of training, and the loss at each step."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=lr)
    slower = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps)
    losses = []
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net.train()
        for _ in range(steps):
            optimiser.zero_grad()
            losses.append(loss_of(net(pairs.before, pairs.after), pairs))
            losses[-1].backward()
            optimiser.step()
            slower.step()
    return net.eval(), [loss.item() for loss in losses]


def iou(said, truth):
    """Intersection over union of a map in [0, 1], at a half, and a mask."""
    found, true = said > 0.5, truth > 0.5
    return float((found & true).sum() / (found | true).sum())

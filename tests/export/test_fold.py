"""Batch norm folded away, whatever it follows."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from spotdiff.errors import DataError
from spotdiff.export.fold_batch_norm import folded
from spotdiff.nets.parts.outputs import Classes, Net

NORM = nn.BatchNorm2d


class Toy(Net):
    """Layers over both pictures, one after the other or joined."""

    def __init__(self, *layers: nn.Module, joined: bool = False) -> None:
        super().__init__()
        self.layers, self.joined = nn.Sequential(*layers), joined

    def forward(self, before, after):
        if self.joined:
            return Classes(self.layers(torch.cat([before, after], 1)))
        return Classes(self.layers(before) - self.layers(after).relu())


class Fork(nn.Module):
    """A convolution that two norms follow."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.one, self.two = nn.Conv2d(3, 4, 3), NORM(4), NORM(4)

    def forward(self, maps):
        found = self.conv(maps)
        return self.one(found) + self.two(found).relu()


class WithAct(NORM):
    """A norm with an activation inside, as timm has them."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.act = nn.Sigmoid()

    def forward(self, maps):
        return self.act(super().forward(maps))


def shared_conv():
    conv = nn.Conv2d(3, 3, 3)
    return [conv, NORM(3), nn.ReLU(), conv, NORM(3)]


def shared_norm():
    norm = NORM(3)
    return [nn.Conv2d(3, 3, 1), norm, nn.Conv2d(3, 3, 1), norm]


TOYS = {
    "after a convolution, twice": lambda: Toy(nn.Conv2d(3, 4, 3, bias=False), NORM(4), nn.ReLU(), nn.Conv2d(4, 2, 1)),
    "joined, with groups": lambda: Toy(nn.Conv2d(6, 6, 3, groups=3), NORM(6), joined=True),
    "after a transposed one": lambda: Toy(nn.ConvTranspose2d(3, 4, 3, stride=2), NORM(4)),
    "after a transposed one with groups": lambda: Toy(nn.ConvTranspose2d(3, 6, 3, groups=3, bias=False), NORM(6)),
    "first of all": lambda: Toy(NORM(3), nn.Conv2d(3, 2, 3, padding=1)),
    "after a relu": lambda: Toy(nn.Conv2d(3, 4, 3), nn.ReLU(), NORM(4)),
    "without factors": lambda: Toy(nn.Conv2d(3, 4, 3), NORM(4, affine=False), nn.ReLU(), NORM(4, affine=False)),
    "two after one": lambda: Toy(Fork()),
    "one convolution, two norms": lambda: Toy(*shared_conv()),
    "two convolutions, one norm": lambda: Toy(*shared_norm()),
    "with an activation": lambda: Toy(nn.Conv2d(3, 4, 3), WithAct(4), nn.ReLU(), WithAct(4)),
}


@pytest.fixture(params=TOYS)
def toy(request):
    """A network that has learned something, in its norms too."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        net = TOYS[request.param]()
        for module in net.modules():
            if isinstance(module, NORM):
                module.running_mean.normal_()
                module.running_var.uniform_(0.2, 3)
                if module.affine:
                    module.weight.normal_()
                    module.bias.normal_()
        return net.eval()


def test_the_answer_stays_and_the_norms_go(toy):
    before, after, other = torch.rand(3, 2, 3, 12, 17, generator=torch.Generator().manual_seed(0))
    kept = {key: value.clone() for key, value in toy.state_dict().items()}
    plain = folded(toy, before, after)
    with torch.no_grad():
        for pair in ((before, after), (after, other)):
            wanted, got = toy(*pair).logits, plain(*pair).logits
            assert wanted.std() > 0.005
            assert torch.allclose(wanted, got, atol=1e-5)
    assert not [module for module in plain.modules() if isinstance(module, NORM)]
    assert kept.keys() == toy.state_dict().keys()
    assert all(torch.equal(value, kept[key]) for key, value in toy.state_dict().items())


def test_a_norm_after_a_convolution_costs_nothing():
    plain = folded(TOYS["after a convolution, twice"]().eval(), *torch.rand(2, 1, 3, 9, 9))
    assert [type(layer) for layer in plain.layers] == [nn.Conv2d, nn.Identity, nn.ReLU, nn.Conv2d]


def test_a_norm_without_statistics_is_refused():
    net = Toy(nn.Conv2d(3, 4, 3), NORM(4, track_running_stats=False)).eval()
    with pytest.raises(DataError, match="no statistics"):
        folded(net, *torch.rand(2, 1, 3, 9, 9))

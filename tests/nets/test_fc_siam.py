"""FC-Siam-conc and FC-Siam-diff: their published size, and what of them minds the order."""

from __future__ import annotations

import pytest
import torch

from nets.learning import fresh, noise, settled
from spotdiff.nets import get_net
from spotdiff.nets.parts.outputs import count_parameters


@pytest.mark.parametrize(
    ("name", "count"),
    [("fc-siam-conc", 1_544_770), ("fc-siam-diff", 1_348_930)],  # published 1.55 and 1.35 million
)
def test_the_published_size(name, count):
    assert count_parameters(get_net(name, {"classes": 2}).build()) == count


def test_the_difference_knows_the_order_from_its_deepest_features_alone():
    net = settled(fresh("fc-siam-diff"))
    before, after = noise(1, 45, 70)
    with torch.inference_mode():
        said, mirrored = net(before, after).logits, net(after, before).logits
        net.ups[-1].weight.zero_()
        blind, blind_mirrored = net(before, after).logits, net(after, before).logits
    assert (said - mirrored).abs().max() > 1e-5
    torch.testing.assert_close(blind, blind_mirrored)


def test_pictures_side_by_side_know_it_from_everything():
    net = settled(fresh("fc-siam-conc"))
    before, after = noise(1, 45, 70)
    with torch.inference_mode():
        net.ups[-1].weight.zero_()
        assert (net(before, after).logits - net(after, before).logits).abs().max() > 1e-2


@pytest.mark.parametrize("name", ["fc-siam-conc", "fc-siam-diff"])
def test_channels_are_dropped_while_learning_only(name):
    net = settled(fresh(name, dropout=0.5))
    pair = noise(1, 64, 64)
    with torch.no_grad(), torch.random.fork_rng():
        assert torch.equal(net(*pair).logits, net(*pair).logits)
        for part in net.modules():
            part.training = isinstance(part, torch.nn.Dropout2d)
        assert not torch.equal(net(*pair).logits, net(*pair).logits)


@pytest.mark.parametrize("name", ["fc-siam-conc", "fc-siam-diff"])
def test_two_classes_tell_that_not_which(name):
    net = settled(fresh(name, classes=2))
    with torch.inference_mode():
        said = net.pictures(*noise(1, 32, 32))
    assert not net.directed
    assert torch.equal(said["gone"], said["new"])

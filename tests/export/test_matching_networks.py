"""Export of the networks that match the two pictures, and of any that may come."""

from __future__ import annotations

import pytest

import tiny_networks
from spotdiff.export import export_onnx
from spotdiff.nets import net_names

from .checks import check_exported
from .test_joined_networks import JOINED


@pytest.mark.parametrize("name", [name for name in net_names() if name not in JOINED])
def test_says_what_the_network_says(name, tmp_path, capfd):
    weights = tiny_networks.random_weights(name, tmp_path / "w.safetensors")
    check_exported(export_onnx(weights, tmp_path / "w.onnx"), weights)
    assert capfd.readouterr() == ("", "")

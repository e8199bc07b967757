"""U-Net over joined pictures: its published settings and its transferred encoders."""

from __future__ import annotations

import pytest
import torch

from nets.learning import fresh, noise, settled
from spotdiff.nets.parts.outputs import FOUR, count_parameters
from spotdiff.nets.unet import Unet


@pytest.mark.parametrize(
    ("setting", "channels", "count"),
    [
        ("a", (6, 16, 32, 64, 128, 256), 1_966_748),
        ("b", (6, 16, 32, 64), 121_244),
        ("c", (6, 16, 32, 64, 128), 490_652),
    ],
)
def test_the_published_settings(setting, channels, count):
    design = Unet(setting=setting)
    net = design.build()
    assert design.channels == net.encoder.channels == channels
    assert net.encoder.strides == tuple(2**level for level in range(len(channels)))
    assert count_parameters(net) == count


def test_widths_of_ones_own_take_the_place_of_a_setting():
    assert Unet(setting="b", widths=(8, 12)).build().encoder.channels == (8, 12)


def test_it_sees_both_pictures_and_says_four_maps():
    net = settled(fresh("unet"))
    before, after = noise(1, 40, 56)
    with torch.inference_mode():
        said = net.pictures(before, after)
        others = net.pictures(after, after), net.pictures(before, before)
    assert all((said["added"] - other["added"]).abs().max() > 1e-3 for other in others)
    torch.testing.assert_close(sum(said[name] for name in FOUR), torch.ones(1, 1, 40, 56))
    torch.testing.assert_close(said["gone"], said["removed"] + said["changed"])
    torch.testing.assert_close(said["new"], said["added"] + said["changed"])


@pytest.mark.parametrize("encoder", ["resnet18", "swin-t"])
def test_a_transferred_encoder_keeps_the_decoder_narrow(encoder):
    net = settled(fresh("unet", encoder=encoder))
    own = count_parameters(net) - count_parameters(net.encoder.body)
    assert own < 1e6
    assert net.encoder.strides == ((1, 4, 8, 16, 32) if encoder == "swin-t" else (1, 2, 4, 8, 16, 32))
    with torch.inference_mode():
        assert net(*noise(1, 45, 70)).logits.shape == (1, 4, 45, 70)

"""What holds for every network, whatever it is made of."""

from __future__ import annotations

import pytest
import torch

from nets.learning import VARIANTS, fresh, iou, label, learn, noise, settings_of, settled
from spotdiff.errors import OptionError
from spotdiff.nets import get_net, net_names
from spotdiff.nets.parts.facts import Facts
from spotdiff.nets.parts.outputs import FOUR, TWO, Centres, Classes, Masks
from spotdiff.nets.parts.weights import load_weights, save_weights

every_net = pytest.mark.parametrize("name", net_names())
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=label)


def built(variant):
    name, settings = variant
    return settled(fresh(name, **settings))


@every_variant
def test_maps_are_as_large_as_the_pictures_whatever_their_size(variant):
    net = built(variant)
    with torch.inference_mode():
        for height, width in ((32, 32), (45, 70), (63, 33)):
            said = net(*noise(1, height, width))
            maps = said.answer()
            assert all(torch.isfinite(each).all() for each in maps.values())
            if not isinstance(said, Centres):
                check_maps(maps, shape=(1, 1, height, width))


def check_maps(maps, *, shape):
    assert {"gone", "new"} <= maps.keys()
    if "anything" in maps:
        assert maps.pop("anything").shape == shape[:1]
    for each in maps.values():
        assert each.shape == shape
        assert each.min() >= 0
        assert each.max() <= 1.0001


@every_variant
def test_one_pair_alone_is_told_what_it_is_told_among_others(variant):
    net = built(variant)
    before, after = noise(3, 45, 70, seed=1)
    with torch.inference_mode():
        many = net.pictures(before, after)
        ones = [net.pictures(before[i : i + 1], after[i : i + 1]) for i in range(3)]
    for name, maps in many.items():
        torch.testing.assert_close(maps, torch.cat([one[name] for one in ones]), rtol=1e-4, atol=1e-4)
        assert maps.std() > 0  # equal because it says the same of anything would be no merit


@every_variant
def test_weights_come_back_as_they_were(variant, tmp_path):
    name, settings = variant
    net = built(variant)
    form = {Classes: "classes", Masks: "masks", Centres: "centres"}[type(net(*noise(1, 32, 32)))]
    save_weights(tmp_path / "w.safetensors", net, Facts(name, settings_of(name, **settings), form))
    back, _ = load_weights(tmp_path / "w.safetensors")
    pair = noise(1, 45, 70)
    with torch.inference_mode():
        said, again = net.pictures(*pair), back.pictures(*pair)
    assert all(torch.equal(said[part], again[part]) for part in said)
    assert net.directed == back.directed


@every_variant
def test_every_weight_is_learned_from(variant):
    name, settings = variant
    net = fresh(name, **settings).train()
    said = net(*noise(2, 64, 64))
    parts = [said.logits] if isinstance(said, Classes) else [part for part in said if torch.is_tensor(part)]
    parts += [part for head in said for part in head] if isinstance(said, Centres) else []
    sum((part * torch.rand_like(part)).sum() for part in parts).backward()
    still = [key for key, value in net.named_parameters() if value.grad is None or not value.grad.abs().max() > 0]
    assert not still


@every_net
def test_two_pairs_are_learned_by_heart(name, two_pairs):
    net = fresh(name)
    if isinstance(net(two_pairs.before, two_pairs.after), Centres):
        pytest.skip("boxes are learned another way, which its own tests show")
    net, losses = learn(net, two_pairs)
    with torch.inference_mode():
        said = net.pictures(two_pairs.before, two_pairs.after)
    assert losses[-1] < losses[0] / 5
    assert iou(said["gone"], two_pairs.gone) > 0.9
    assert iou(said["new"], two_pairs.new) > 0.9


@every_net
def test_the_same_seed_builds_the_same_net(name):
    one, other, third = (fresh(name, seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert any(not torch.equal(one[key], third[key]) for key in one)


@every_variant
def test_a_net_that_tells_gone_from_new_minds_the_order(variant):
    """And one of four classes that says it does not answers alike both ways round."""
    net = built(variant)
    before, after = noise(1, 45, 70, seed=2)
    with torch.inference_mode():
        said, mirrored = net(before, after), net(after, before)
    if not isinstance(said, Classes):
        return
    classes = said.logits.shape[1]
    assert classes in (len(FOUR), len(TWO))
    if net.directed:
        assert classes == len(FOUR)
        assert (said.logits - mirrored.logits).abs().max() > 1e-5
    elif classes == len(FOUR):
        torch.testing.assert_close(said.logits, mirrored.logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("branches", ["i", "e", "iade"])
def test_a_net_that_cannot_tell_which_is_as_sure_that_something_changed(branches):
    net = built(("fused", {"branches": branches}))
    with torch.inference_mode():
        said = net.pictures(*noise(1, 45, 70))
    either = 1 - said["unchanged"]
    assert (said["gone"] - said["removed"] - said["changed"]).abs().max() < 1e-6 or not net.directed
    assert torch.equal(said["gone"], either) == torch.equal(said["new"], either) == (not net.directed)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("spot", {"widths": (8, 12), "radii": (1,)}),
        ("unet", {"setting": "d"}),
        ("unet", {"widths": (8,)}),
        ("unet", {"widths": (8, 0)}),
        ("unet", {"widths": (8,) * 7}),
        ("unet", {"pretrained": True}),
        ("unet", {"encoder": "small", "pretrained": True}),
        ("fc-siam-conc", {"classes": 3}),
        ("fc-siam-diff", {"widths": (8,) * 6}),
        ("fc-siam-diff", {"dropout": 1.0}),
        ("fused", {"branches": "ai"}),
        ("fused", {"branches": ""}),
        ("fused", {"branches": "iadex"}),
        ("fused", {"levels": 5}),
        ("fused", {"classes": 3}),
        ("fused", {"pretrained": True}),
        ("fused", {"backbone": "resnet19"}),
    ],
)
def test_settings_that_do_not_fit_are_named(name, settings):
    with pytest.raises(OptionError, match=list(settings)[-1]):
        get_net(name, settings).build()

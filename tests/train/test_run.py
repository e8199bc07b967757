"""A run folder holds what repeats it, goes on where it stopped, and takes no other training in."""

from __future__ import annotations

import json

import cv2
import pytest
import torch

from spotdiff.errors import DataError
from spotdiff.methods.spot import Spot
from spotdiff.nets.parts.weights import load_weights, read_weights
from spotdiff.train.recipe import get_recipe
from spotdiff.train.run import fine_tuned, prepare, shipped
from tiny_training import write_squares

TINY = {
    "net.backbone": "small",
    "net.pretrained": "false",
    "net.widths": "6,8",
    "net.radii": "1,1",
    "net.keys": "4",
    "net.width": "8",
}
SHORT = {"size": 48, "batch": 4, "steps": 4, "measure_every": 2, "measured": 4, "precision": "no"}


def recipe_of(**changes):
    return get_recipe("spot", {**TINY, **SHORT, **changes})


def trained(out, data=(), **changes):
    run = prepare(recipe_of(**changes), data, out)
    return run, list(run.progress(minutes=0))


def test_everything_to_repeat_it_is_there(tmp_path):
    run, _ = trained(tmp_path)
    assert get_recipe(str(tmp_path / "recipe.json")) == run.recipe
    said = json.loads((tmp_path / "run.json").read_text())
    assert said["data_digest"] == run.training_data.digest
    assert {"torch", "numpy", "python", "spotdiff"} <= said.keys()
    for picture in ("curves.png", "samples/0000004.png"):
        assert cv2.imread(str(tmp_path / picture)) is not None


def test_the_weights_know_what_they_are(tmp_path):
    run, _ = trained(tmp_path)
    net, facts = load_weights(tmp_path / "weights.safetensors")
    assert (facts.net, facts.form, facts.directed, facts.side, facts.recipe) == ("spot", "masks", True, 48, "spot")
    assert facts.parameters == sum(p.numel() for p in net.parameters()) == run.facts.parameters
    assert "drawn scenes" in facts.data


def test_repeating_it_gives_the_same_weights(tmp_path):
    trained(tmp_path / "one")
    trained(tmp_path / "two")
    one, two = (read_weights(tmp_path / name / "weights.safetensors") for name in ("one", "two"))
    assert one[0].digest == two[0].digest


def test_it_goes_on_where_it_stopped_and_further_when_asked(tmp_path):
    trained(tmp_path)
    longer = prepare(recipe_of(steps=6), (), tmp_path)
    assert longer.begun == 4
    assert [progress.step for progress in longer.progress()] == [5, 6]


def test_another_training_is_kept_out(tmp_path):
    trained(tmp_path)
    with pytest.raises(DataError, match="another recipe"):
        prepare(recipe_of(lr=0.1), (), tmp_path)


def test_other_data_is_kept_out(tmp_path):
    data = [str(write_squares(tmp_path / "yard", 8))]
    trained(tmp_path / "run", data)
    assert prepare(recipe_of(), data, tmp_path / "run").begun == 4
    write_squares(tmp_path / "yard", 1, start=8)
    with pytest.raises(DataError, match="other data"):
        prepare(recipe_of(), data, tmp_path / "run")


def test_weights_to_begin_with(tmp_path):
    trained(tmp_path / "first")
    weights = tmp_path / "first" / "weights.safetensors"
    data = [str(write_squares(tmp_path / "yard", 20))]
    run = prepare(recipe_of(steps=2), data, tmp_path / "second", weights=weights)
    values = read_weights(weights)[1]
    assert all(torch.equal(value, values[name]) for name, value in run.net.state_dict().items())
    seen = list(run.progress())
    assert seen[0].step == 0
    assert seen[0].measured.figures
    with pytest.raises(DataError, match="holds spot"):
        prepare(get_recipe("unet-a", SHORT), (), tmp_path / "third", weights=weights)


def test_fine_tuning_is_shorter_and_gentler():
    recipe = get_recipe("spot")
    assert fine_tuned(recipe).steps < recipe.steps
    assert fine_tuned(recipe).lr < recipe.lr


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("unet-c", {}),
        ("fc-siam-conc", {"net.widths": "4,6,8,8"}),
        ("fused", {"net.width": "8"}),
        ("siamese", {}),
    ],
)
def test_every_form_of_answer_is_trained(tmp_path, name, changes):
    recipe = get_recipe(name, {**SHORT, "size": 64, "steps": 2, "measured": 2, **changes})
    run = prepare(recipe, (), tmp_path)
    assert [progress.step for progress in run.progress()] == [0, 1, 2]
    assert load_weights(tmp_path / "weights.safetensors")[1].net == recipe.net


def test_weights_that_come_with_spotdiff_are_those_of_the_default_method():
    facts, _ = read_weights(shipped("spot"))
    assert facts.digest == Spot().facts().digest
    with pytest.raises(DataError, match="no weights of fused come with spotdiff"):
        shipped("fused")


def test_it_goes_on_from_what_is_shipped(tmp_path):
    run = prepare(get_recipe("spot", SHORT), [], tmp_path / "run", weights="shipped")
    assert not run.fresh
    assert sum(p.numel() for p in run.net.parameters()) == 796_782

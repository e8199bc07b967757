"""Recipes by name, from files, changed field by field."""

from __future__ import annotations

import pytest

from spotdiff.errors import DataError, OptionError
from spotdiff.nets import get_net, net_names
from spotdiff.train.recipe import RECIPES, get_recipe


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_names_a_net_that_there_is(name):
    recipe = get_recipe(name)
    assert recipe.net in net_names()
    get_net(recipe.net, recipe.settings)


def test_a_recipe_written_is_the_recipe_read(tmp_path):
    recipe = get_recipe("unet-b", {"steps": "7", "loss.weight": "2", "pairs.unchanged": "0.1", "net.widths": "4,8"})
    (tmp_path / "recipe.json").write_text(recipe.to_json())
    read = get_recipe(str(tmp_path / "recipe.json"))
    assert read.to_json() == recipe.to_json()


def test_a_recipe_in_toml(tmp_path):
    (tmp_path / "mine.toml").write_text('net = "unet"\nsteps = 9\n[settings]\nsetting = "c"\n[loss]\nname = "focal"\n')
    recipe = get_recipe(str(tmp_path / "mine.toml"))
    assert (recipe.name, recipe.steps, recipe.settings, recipe.loss.name) == ("mine", 9, {"setting": "c"}, "focal")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps = ", "cannot be read as a recipe"),
        ("stepps = 3", "no 'stepps'"),
        ("steps = 0", "steps takes"),
        ('loss = "dice"', "fields of their own"),
        ('[loss]\nname = "hinge"', "one of squared"),
    ],
)
def test_a_wrong_file_is_told(tmp_path, text, said):
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises((DataError, OptionError), match=said):
        get_recipe(str(tmp_path / "wrong.toml"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"step": "3"}, "steps"), ({"loss.wait": "3"}, "weight"), ({"data.x": "3"}, "net, loss or pairs")],
)
def test_a_wrong_change_is_told(changes, said):
    with pytest.raises(OptionError, match=said):
        get_recipe("spot", changes)


def test_an_unknown_recipe_is_told():
    with pytest.raises(OptionError, match="unet-a"):
        get_recipe("unet-d")

from __future__ import annotations

import pytest

from spotdiff.data.synth import RECIPES, PairRecipe, get_pair_recipe
from spotdiff.errors import OptionError


def test_recipes_differ_as_their_names_say():
    assert RECIPES.keys() == {"default", "aligned", "free", "captions", "plain"}
    assert (RECIPES["aligned"].camera, RECIPES["free"].camera, RECIPES["plain"].camera) == (
        "aligned",
        "moved",
        "still",
    )
    assert RECIPES["plain"].light == RECIPES["plain"].sensor == RECIPES["plain"].texture_motion == 0


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("size", 16, "size takes 32..4096 px"),
        ("unchanged", 1.5, "unchanged takes 0..1"),
        ("inpaint", 0.5, "inpaint takes 0..0.3"),
        ("camera", "sideways", "camera takes one of"),
        ("most_changes", 0, "most_changes takes 1..16"),
        ("smallest", 0.4, "larger than largest"),
        ("moved", 0.9, "together 1 at most"),
    ],
)
def test_values_that_cannot_be_are_refused(field, value, said):
    with pytest.raises(OptionError, match=said):
        PairRecipe(**{field: value})


def test_fields_are_changed_by_text():
    recipe = get_pair_recipe("plain", {"size": "128", "light": "0.5"})
    assert (recipe.size, recipe.light, recipe.camera) == (128, 0.5, "still")


def test_unknown_names_are_told():
    with pytest.raises(OptionError, match="there are default, aligned, free, captions, plain"):
        get_pair_recipe("best")
    with pytest.raises(OptionError, match="did you mean camera"):
        get_pair_recipe("default", {"camra": "still"})

"""Pairs made up, with exact truth: things put into photographs, and everything that must not count put over them."""

from __future__ import annotations

from spotdiff.data.synth.materials import Materials as Materials
from spotdiff.data.synth.recipe import RECIPES as RECIPES
from spotdiff.data.synth.recipe import PairRecipe as PairRecipe
from spotdiff.data.synth.recipe import get_pair_recipe as get_pair_recipe
from spotdiff.data.synth.synthesis import Synthesis as Synthesis

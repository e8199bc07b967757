"""Recipes of captioners: everything that decides what a training gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from spotdiff.errors import OptionError
from spotdiff.params import build, check, param, params_of

NET = "captioner"


@dataclass(frozen=True, slots=True)
class CaptionRecipe:
    """How a captioner is trained; the defaults are those published by Fan and Wang (2019).

    Attributes:
        name: Of the recipe.
        settings: Of the network, without its words.
        side: Both pictures, or a region's surroundings, are brought to this square.
        batch: Pairs, or regions, a step.
        epochs: Times that all of them are learned from, at most.
        lr: Learning rate of Adam.
        clip: Longest gradient; longer ones are shortened.
        augment: Mirror pairs and exchange their pictures, with captions that stay true.
        least: Times that a word must stand in the sentences to be learned.
        held_out: Share of the pairs that is kept for measuring.
        measured: Most held-out pairs that are measured on.
        patience: Epochs without a better fact F1 until training stops; 0 never stops early.
        seed: Of weights, order and dropout.
    """

    name: str = NET
    settings: Mapping[str, Any] = field(default_factory=dict)
    side: int = param(224, "side of the square that is learned from", low=32, high=1024, unit="px")
    batch: int = param(5, "pairs a step", low=2, high=65536)
    epochs: int = param(50, "times that all pairs are learned from, at most", low=1)
    lr: float = param(1e-4, "learning rate of Adam", low=0, high=1)
    clip: float = param(5.0, "longest gradient", low=1e-6)
    augment: bool = param(False, "mirror pairs and exchange their pictures")
    least: int = param(3, "times that a word must stand in the sentences", low=1)
    held_out: float = param(0.05, "share kept for measuring", low=0.01, high=0.9)
    measured: int = param(200, "most held-out pairs that are measured on", low=1, high=100_000)
    patience: int = param(5, "epochs without a better one until training stops; 0 never", low=0)
    seed: int = param(0, "of weights, order and dropout", low=0, high=10**18)

    def __post_init__(self) -> None:
        check(self)

    @property
    def net(self) -> str:
        """The network's name."""
        return NET

    def to_json(self) -> str:
        """The recipe as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"


CAPTION_RECIPES: Mapping[str, CaptionRecipe] = {
    recipe.name: recipe
    for recipe in (
        CaptionRecipe(),
        CaptionRecipe(name="captioner-attention", settings={"looks": "attention"}, augment=True, lr=3e-4),
        CaptionRecipe(
            name="captioner-regions",
            settings={"looks": "regions", "backbone": "small", "decoder": "gru", "width": 256},
            side=64,
            batch=32,
            lr=1e-3,
            augment=True,
        ),
    )
}


def changed(recipe: CaptionRecipe, changes: Mapping[str, object]) -> CaptionRecipe:
    """The recipe with some fields changed, those of the network as `net.FIELD`; texts are read as the field's type.

    Raises:
        OptionError: there is no such field, or a value that it cannot have.

    Examples:
        >>> changed(CAPTION_RECIPES["captioner"], {"batch": "8", "net.decoder": "gru"}).settings
        {'decoder': 'gru'}
    """
    own = {name: getattr(recipe, name) for name in params_of(CaptionRecipe)}
    inner = {name.removeprefix("net."): value for name, value in changes.items() if name.startswith("net.")}
    if "words" in inner:
        raise OptionError("net.words come from the sentences that are learned from")
    own |= {name: value for name, value in changes.items() if not name.startswith("net.")}
    plain = build(CaptionRecipe, own, owner=f"recipe {recipe.name}")
    return replace(plain, name=recipe.name, settings={**recipe.settings, **inner})

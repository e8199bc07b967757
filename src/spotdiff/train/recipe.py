"""Recipes: everything that decides what a training gives, as one value."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from spotdiff.errors import DataError, OptionError
from spotdiff.input_files import read_text
from spotdiff.params import build, check, param, params_of
from spotdiff.train.losses import Loss


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a net is trained.

    Attributes:
        name: Of the recipe.
        net, settings: The network and its settings.
        loss: How answers are judged.
        pairs, pair_settings: Recipe of made pairs (see `spotdiff synth`) and what is changed in it.
        made: Share of made pairs where labelled ones are given too.
        size: Side of the square that is learned from, in pixels.
        side: Longer side of the pictures that the weights are first shown in use, in pixels; 0 for `size`.
        batch: Pairs a step, over all processes together.
        steps: Optimiser steps.
        lr: Highest learning rate; it warms up and then falls to 0 along half a cosine.
        backbone_rate: Learning rate of a backbone, as a share of `lr`: at the full one it forgets what it brings.
        frozen: Shallowest maps of a backbone that keep the weights they came with; they cost most to learn.
        norms: What batch norm goes by: each batch, while the statistics used later are learned, or the statistics that
            the weights came with. Small batches of a few pairs are no measure for a net that has seen thousands.
        warmup: Share of the steps spent warming up.
        decay: Weight decay.
        clip: Longest gradient; longer ones are shortened.
        ema: How much of the running mean of the weights is kept each step; the mean is what is used.
        precision: no (32 bits), bf16, fp16, or auto: bf16 where the machine reckons with it, else no. A processor that
            has to imitate bf16 took 8 to 9 times as long.
        seed: Of weights, pairs and dropout.
        held_out: Share of the photographs, cut-outs or labelled pairs that are kept for measuring.
        measured: Most held-out pairs that are measured on.
        measure_every: Steps between two measurings.
        keep: Which weights the run leaves: those with the best figures so far, or the last; few held-out pairs measure
            less surely than a long training learns.
        patience: Measurings without a better one until training stops; 0 never stops early.
        from_weights: Whether this is a recipe for going on from weights that know the field; see `fine_tuned`.
    """

    name: str = "recipe"
    net: str = param("spot", "the network")
    settings: Mapping[str, Any] = field(default_factory=dict)
    loss: Loss = field(default_factory=Loss)
    pairs: str = param("aligned", "recipe of made pairs")
    pair_settings: Mapping[str, Any] = field(default_factory=dict)
    made: float = param(0.5, "share of made pairs where labelled ones are given too", low=0, high=1)
    size: int = param(160, "side of the square that is learned from", low=32, high=4096, unit="px")
    side: int = param(0, "longer side of the pictures shown first in use; 0 for size", low=0, high=16384, unit="px")
    batch: int = param(16, "pairs a step", low=1, high=65536)
    steps: int = param(5000, "optimiser steps", low=1)
    lr: float = param(2e-3, "highest learning rate", low=0, high=10)
    backbone_rate: float = param(1.0, "learning rate of a backbone, as a share of lr", low=0, high=1)
    frozen: int = param(0, "shallowest maps of a backbone that are not learned", low=0, high=5)
    norms: str = param("batch", "what batch norm goes by", choices=("batch", "kept"))
    warmup: float = param(0.05, "share of the steps spent warming up", low=0, high=1)
    decay: float = param(0.01, "weight decay", low=0, high=1)
    clip: float = param(1.0, "longest gradient", low=1e-6)
    ema: float = param(0.995, "how much of the running mean of the weights is kept each step", low=0, high=0.99999)
    precision: str = param("auto", "of the arithmetic", choices=("auto", "no", "bf16", "fp16"))
    seed: int = param(0, "of weights, pairs and dropout", low=0, high=10**18)
    held_out: float = param(0.1, "share kept for measuring", low=0.01, high=0.9)
    measured: int = param(64, "most held-out pairs that are measured on", low=1, high=100_000)
    measure_every: int = param(250, "steps between two measurings", low=1)
    keep: str = param("best", "which weights are left: with the best figures, or the last", choices=("best", "last"))
    patience: int = param(0, "measurings without a better one until training stops; 0 never", low=0)

    from_weights: bool = param(False, "whether it is for going on from weights that know the field")

    def __post_init__(self) -> None:
        check(self)

    def to_json(self) -> str:
        """The recipe as JSON, which `read_recipe` takes."""
        return json.dumps(asdict(self), indent=2) + "\n"


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="spot",
            net="spot",
            settings={"pretrained": True},
            loss=Loss(name="cross-entropy+dice"),
            backbone_rate=0.2,
        ),
        Recipe(name="unet-a", net="unet", settings={"setting": "a"}, loss=Loss(name="squared"), lr=1e-3),
        Recipe(name="unet-b", net="unet", settings={"setting": "b"}, loss=Loss(name="squared"), lr=1e-3),
        Recipe(name="unet-c", net="unet", settings={"setting": "c"}, loss=Loss(name="squared"), lr=1e-3),
        Recipe(name="fc-siam-conc", net="fc-siam-conc", lr=1e-3),
        Recipe(name="fc-siam-diff", net="fc-siam-diff", lr=1e-3),
        Recipe(name="siamese", net="siamese", pairs="free", lr=5e-4),
        Recipe(name="fused", net="fused", lr=1e-3),
    )
}


def get_recipe(name: str, changes: Mapping[str, object] | None = None) -> Recipe:
    """A recipe by its name, or from a file (TOML, or the `recipe.json` of a run), with some fields changed.

    Fields of the network, the loss and the made pairs are changed as `net.FIELD`, `loss.FIELD` and `pairs.FIELD`; texts
    are read as the field's type.

    Raises:
        OptionError: there is no such recipe or field, or a value that it cannot have.
        DataError: the file cannot be read as a recipe.

    Examples:
        >>> recipe = get_recipe("spot", {"steps": "10", "loss.weight": "2", "pairs.unchanged": "0.2"})
        >>> recipe.steps, recipe.loss.weight, dict(recipe.pair_settings)
        (10, 2.0, {'unchanged': '0.2'})
    """
    recipe = RECIPES.get(name) or (_from_file(Path(name)) if Path(name).suffix in (".toml", ".json") else None)
    if recipe is None:
        known = ", ".join(RECIPES)
        raise OptionError(f"there is no recipe {name!r}; there are {known}, or give a file RECIPE.toml")
    return changed(recipe, changes or {})


def changed(recipe: Recipe, changes: Mapping[str, object]) -> Recipe:
    """The recipe with some fields changed; see `get_recipe`."""
    parts: dict[str, dict[str, object]] = {"net": {}, "loss": {}, "pairs": {}, "": {}}
    for name, value in changes.items():
        part, dot, inner = name.partition(".")
        if dot and part not in parts:
            raise OptionError(f"there is no {name!r}; what is changed inside is net, loss or pairs, such as net.width")
        parts[part if dot else ""][inner if dot else name] = value
    loss = build(Loss, _fields(recipe.loss) | parts["loss"], owner="the loss")
    plain = build(Recipe, _fields(recipe) | parts[""], owner=f"recipe {recipe.name}")
    return replace(
        plain,
        name=recipe.name,
        loss=loss,
        settings={**recipe.settings, **parts["net"]},
        pair_settings={**recipe.pair_settings, **parts["pairs"]},
    )


def _fields(instance: object) -> dict[str, object]:
    return {name: getattr(instance, name) for name in params_of(type(instance))}


def _from_file(path: Path) -> Recipe:
    try:
        text = read_text(path, pipe=True)
        read = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as a recipe: {error}") from None
    if not isinstance(read, dict):
        raise DataError(f"{path} holds no recipe: it needs fields such as net and steps")
    odd = sorted(read.keys() - {f.name for f in fields(Recipe)})
    if odd:
        raise DataError(f"{path}: a recipe has no {odd[0]!r}; it has {', '.join(f.name for f in fields(Recipe))}")
    parts = {key: read.pop(key, {}) for key in ("settings", "loss", "pair_settings")}
    if not all(isinstance(part, dict) for part in parts.values()):
        raise DataError(f"{path}: settings, loss and pair_settings hold fields of their own")
    plain = build(Recipe, {k: v for k, v in read.items() if k != "name"}, owner=str(path))
    loss = build(Loss, parts["loss"], owner=f"the loss of {path}")
    name = str(read.get("name", path.stem))
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in parts["settings"].items()}
    return replace(plain, name=name, loss=loss, settings=settings, pair_settings=parts["pair_settings"])

"""A training from recipe and folders to weights, in a folder that holds everything to repeat it."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from accelerate import PartialState

import spotdiff
from spotdiff import nets
from spotdiff.atomic_write import write_whole
from spotdiff.errors import DataError
from spotdiff.nets import get_net
from spotdiff.nets.parts.facts import Facts
from spotdiff.nets.parts.outputs import Centres, Masks, Net, count_parameters
from spotdiff.nets.parts.weights import net_of, read_weights
from spotdiff.train.checkpoint import load_checkpoint
from spotdiff.train.loop import CHECKPOINT, METRICS, WEIGHTS, Progress, learn
from spotdiff.train.metrics_log import MetricsLog
from spotdiff.train.recipe import get_recipe
from spotdiff.train.result import RUN, Result, result_of, write_result
from spotdiff.train.training_data import TrainingData, find_training_data

if TYPE_CHECKING:
    from spotdiff.train.recipe import Recipe

RECIPE = "recipe.json"
SHIPPED = "shipped"  # says: the weights that come with spotdiff
_FINE_STEPS, _FINE_RATE = 300, 0.25  # of the recipe's rate, where weights are given to begin with
_FINE_BATCH, _FINE_HELD_OUT, _FINE_MEASURE = 8, 0.25, 100

_MAY_DIFFER = ("steps", "patience", "measure_every")  # in a run that is gone on with


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A training that is ready to start.

    Attributes:
        recipe: How.
        net: With the weights to begin with.
        facts: Of the net.
        training_data: What it learns from.
        out: The folder.
        begun: Steps that an earlier call has done; this one goes on from there.
        fresh: Whether no weights were given to begin with.
    """

    recipe: Recipe
    net: Net
    facts: Facts
    training_data: TrainingData
    out: Path
    begun: int
    fresh: bool

    @property
    def steps(self) -> int:
        """Optimiser steps, at most."""
        return self.recipe.steps

    def progress(self, *, workers: int = 0, minutes: float = 2.0) -> Iterator[Progress]:
        """Train; see `spotdiff.train.loop.learn`. The result so far is written after each measuring."""
        data = self.training_data
        if self.begun:  # the record is written anew, also where nothing is left to learn
            self._write_result()
        for progress in learn(
            self.recipe,
            self.net,
            self.facts,
            data.source,
            data.held_out,
            self.out,
            flow=None if self.fresh else data.held_samples or data.held_out,
            workers=workers,
            minutes=minutes,
        ):
            if progress.measured is not None:
                self._write_result()
            yield progress

    def _write_result(self) -> None:
        if leads() and (result := self.result()) is not None:
            write_result(self.out, result)

    def result(self) -> Result | None:
        """What the training has come to so far, with what earlier calls measured; None before anything is kept.

        Raises:
            DataError: the journal holds something else.
        """
        log = MetricsLog(self.out / METRICS)
        log.resume(self.recipe.steps)
        data = self.training_data
        pairs = len(data.held_out)
        return result_of(log, from_weights=not self.fresh, pairs=pairs, labelled=data.labelled)


def use_threads(count: int) -> None:
    """Learn on that many threads of this process; 0 leaves it to torch, which takes one a processor core."""
    if count:
        torch.set_num_threads(count)


def leads() -> bool:
    """Whether this process speaks and writes, where several learn together."""
    leader: bool = PartialState(cpu=not torch.accelerator.is_available()).is_main_process
    return leader


def fine_tuned(recipe: Recipe) -> Recipe:
    """The recipe for going on from weights that know the field: fewer steps, a lower rate, more pairs held out.

    One that is for that already, such as the record of a run, stays as it is.
    """
    if recipe.from_weights:
        return recipe
    return replace(
        recipe,
        steps=min(recipe.steps, _FINE_STEPS),
        lr=recipe.lr * _FINE_RATE,
        batch=min(recipe.batch, _FINE_BATCH),
        norms="kept",
        held_out=_FINE_HELD_OUT,
        measure_every=_FINE_MEASURE,
        from_weights=True,
    )


def prepare(recipe: Recipe, data: Sequence[str], out: str | Path, *, weights: str | Path | None = None) -> Run:
    """Check everything, build the net and write down how it will be trained.

    Args:
        recipe: How.
        data: Folders to learn from; see `spotdiff.train.training_data.find_training_data`.
        out: Folder of the run. One that holds a training by the same recipe is gone on with.
        weights: A file of weights to begin with, or `shipped` for those that come with spotdiff; they bring their own
            network and settings.

    Raises:
        DataError: what is given cannot be learned from, or the folder holds another training.
        OptionError: the recipe names what is not there.
    """
    folder = Path(out)
    weights = shipped(recipe.net) if weights == SHIPPED else weights
    known, values = None, None
    if weights is not None:
        known, values = read_weights(weights)
        if known.net != recipe.net:
            raise DataError(f"{weights} holds {known.net}, and the recipe {recipe.name} trains {recipe.net}")
        recipe = replace(recipe, settings=known.settings, side=recipe.side or known.side, from_weights=True)
    elif recipe.from_weights:
        raise DataError(f"the recipe {recipe.name} goes on from weights; give them: --from WEIGHTS, or --from shipped")
    torch.manual_seed(recipe.seed)
    if known is None or values is None:
        net = get_net(recipe.net, recipe.settings).build()
    else:
        net = net_of(known, values, path=weights)
    _same_training(folder, recipe)
    training_data = find_training_data(data, recipe)
    _same_data(folder, training_data, known)
    state = load_checkpoint(folder / CHECKPOINT)
    facts = _facts(net, recipe, training_data)
    if known is not None:
        facts = replace(facts, threshold=known.threshold)
    if leads():
        _write_records(folder, recipe, training_data, known)
    begun = state["step"] if state else 0
    return Run(recipe, net, facts, training_data, folder, begun=begun, fresh=weights is None)


def shipped(net: str) -> Path:
    """The weights of a network that come with spotdiff, as they can be trained on.

    Raises:
        DataError: none come with it.
    """
    path = Path(nets.__file__).parent / "shipped" / f"{net}.safetensors"
    if not path.is_file():
        raise DataError(f"no weights of {net} come with spotdiff; give a file, or train the recipe spot")
    return path


def _same_training(folder: Path, recipe: Recipe) -> None:
    written = folder / RECIPE
    if (folder / CHECKPOINT).exists() and written.exists():
        earlier = get_recipe(str(written))
        length = {name: getattr(recipe, name) for name in _MAY_DIFFER}
        if replace(earlier, **length).to_json() != recipe.to_json():
            raise DataError(f"{folder} holds a training by another recipe ({RECIPE} differs); give another --out")
    if (folder / WEIGHTS).exists() and not written.exists():
        raise DataError(f"{folder} holds weights of unknown origin; give another --out")


def _same_data(folder: Path, training_data: TrainingData, known: Facts | None) -> None:
    """Refuse to go on with other data or from other weights.

    A pair that was learned from could now be one that is measured on, and what was measured first would not be what the
    training is measured against.
    """
    written = folder / RUN
    if not ((folder / CHECKPOINT).exists() and written.exists()):
        return
    try:
        earlier = json.loads(written.read_text(encoding="utf-8"))
        digest, begun_from = earlier["data_digest"], earlier["begun_from"]
    except (ValueError, TypeError, KeyError):
        raise DataError(f"{written} does not tell what was learned from; give another --out") from None
    if digest != training_data.digest:
        raise DataError(f"{folder} holds a training on other data; give another --out, and its weights as --from")
    if begun_from != (known and known.digest):
        raise DataError(
            f"{folder} holds a training that began with other weights; give those as --from, or another --out"
        )


def _facts(net: Net, recipe: Recipe, training_data: TrainingData) -> Facts:
    with torch.inference_mode():
        output = net.eval()(*torch.zeros(2, 1, 3, 64, 64))
    net.train()
    form = "centres" if isinstance(output, Centres) else "masks" if isinstance(output, Masks) else "classes"
    return Facts(
        net=recipe.net,
        settings={k: v for k, v in recipe.settings.items() if k != "pretrained"},  # the weights are in the file
        form=form,  # type: ignore[arg-type]
        classes=() if form == "centres" else tuple(output.answer()),
        directed=net.directed,
        stride=net.stride,
        side=recipe.side or recipe.size,
        recipe=recipe.name,
        data=training_data.description,
        parameters=count_parameters(net),
        licence="Apache-2.0",
        made_with=spotdiff.__version__,
    )


def _write_records(folder: Path, recipe: Recipe, training_data: TrainingData, known: Facts | None) -> None:
    from importlib.metadata import version

    packages = ("torch", "numpy", "opencv-python-headless", "accelerate")
    record = {
        "data": training_data.description,
        "data_digest": training_data.digest,
        "held_out": len(training_data.held_out),
        "begun_from": None if known is None else known.digest,
        "spotdiff": spotdiff.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }
    write_whole(folder / RECIPE, recipe.to_json().encode())
    write_whole(folder / RUN, (json.dumps(record, indent=2) + "\n").encode())

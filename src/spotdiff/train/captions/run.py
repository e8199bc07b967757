"""A training of a captioner from recipe and captioned pairs to weights, in a folder to go on from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch

import spotdiff
from spotdiff.atomic_write import write_whole
from spotdiff.errors import DataError
from spotdiff.nets import get_net
from spotdiff.nets.parts.facts import Facts
from spotdiff.nets.parts.outputs import count_parameters
from spotdiff.train.captions.loop import learn, steps_an_epoch
from spotdiff.train.captions.recipe import NET
from spotdiff.train.captions.training_data import CaptionData, find_caption_data
from spotdiff.train.checkpoint import load_checkpoint
from spotdiff.train.loop import CHECKPOINT, METRICS, WEIGHTS
from spotdiff.train.metrics_log import MetricsLog
from spotdiff.train.result import RUN, Result, result_of
from spotdiff.train.run import RECIPE

if TYPE_CHECKING:
    from spotdiff.nets.captioner import CaptionerNet
    from spotdiff.train.captions.recipe import CaptionRecipe
    from spotdiff.train.loop import Progress


@dataclass(frozen=True, slots=True, eq=False)
class CaptionRun:
    """A training that is ready to start; see `spotdiff.train.run.Run`."""

    recipe: CaptionRecipe
    net: CaptionerNet
    facts: Facts
    training_data: CaptionData
    out: Path
    begun: int

    @property
    def steps(self) -> int:
        """Optimiser steps, at most."""
        return self.recipe.epochs * steps_an_epoch(self.recipe, self.training_data)

    def progress(self, *, workers: int = 0) -> Iterator[Progress]:
        """Train; see `spotdiff.train.captions.loop.learn`."""
        return learn(self.recipe, self.net, self.facts, self.training_data, self.out)

    def result(self) -> Result | None:
        """What the training has come to so far; see `spotdiff.train.run.Run.result`."""
        log = MetricsLog(self.out / METRICS)
        log.resume(self.steps)
        return result_of(log, from_weights=False, pairs=len(self.training_data.held_out))


def prepare_captions(recipe: CaptionRecipe, data: Sequence[str], out: str | Path) -> CaptionRun:
    """Check everything, build the net and write down how it will be trained.

    Raises:
        DataError: what is given cannot be learned from, or the folder holds another training.
        OptionError: the recipe names what is not there.
    """
    folder = Path(out)
    design = get_net(NET, recipe.settings)
    regions = getattr(design, "looks", "") == "regions"
    training_data = find_caption_data(
        data,
        side=recipe.side,
        regions=regions,
        held_out=recipe.held_out,
        measured=recipe.measured,
        least=recipe.least,
    )
    settings = {**recipe.settings, "words": " ".join(training_data.vocabulary.words)}
    torch.manual_seed(recipe.seed)
    net = cast("CaptionerNet", get_net(NET, settings).build())
    _same_training(folder, recipe, training_data)
    facts = Facts(
        net=NET,
        settings=settings,
        form="words",
        side=recipe.side,
        recipe=recipe.name,
        data=training_data.description,
        parameters=count_parameters(net),
        licence="Apache-2.0",
        made_with=spotdiff.__version__,
    )
    record = {"data": training_data.description, "data_digest": training_data.digest, "spotdiff": spotdiff.__version__}
    write_whole(folder / RECIPE, recipe.to_json().encode())
    write_whole(folder / RUN, (json.dumps(record, indent=2) + "\n").encode())
    state = load_checkpoint(folder / CHECKPOINT)
    return CaptionRun(recipe, net, facts, training_data, folder, state["step"] if state else 0)


def _same_training(folder: Path, recipe: CaptionRecipe, training_data: CaptionData) -> None:
    """Refuse to go on with another recipe or other data; only the length may differ."""
    if (folder / WEIGHTS).exists() and not (folder / RECIPE).exists():
        raise DataError(f"{folder} holds weights of unknown origin; give another --out")
    if not (folder / CHECKPOINT).exists():
        return
    free = {"epochs", "patience"}
    try:
        earlier, now = json.loads((folder / RECIPE).read_text()), json.loads(recipe.to_json())
        digest = json.loads((folder / RUN).read_text())["data_digest"]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{folder} holds a training of unknown origin; give another --out") from None
    if digest != training_data.digest or {k: v for k, v in earlier.items() if k not in free} != {
        k: v for k, v in now.items() if k not in free
    }:
        raise DataError(f"{folder} holds a training by another recipe or on other data; give another --out")

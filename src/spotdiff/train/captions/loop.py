"""The loop of a captioner: epochs over captioned pairs, measured by the facts that it gets right."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.utils import clip_grad_norm_

from spotdiff.language.parse import parse
from spotdiff.metrics.facts import SLOTS, FactScores
from spotdiff.nets.parts.captioning import beam_search
from spotdiff.nets.parts.vocabulary import PAD
from spotdiff.nets.parts.weights import save_weights
from spotdiff.report.plots import write_training_curves
from spotdiff.train.captions.training_data import CaptionBatch, CaptionData, Item
from spotdiff.train.checkpoint import resume, save_checkpoint
from spotdiff.train.loop import CHECKPOINT, METRICS, PLOT, WEIGHTS, Progress
from spotdiff.train.metrics_log import KEPT, MetricsLog
from spotdiff.train.validation import Validation

if TYPE_CHECKING:
    from spotdiff.nets.captioner import CaptionerNet
    from spotdiff.nets.parts.facts import Facts
    from spotdiff.train.captions.recipe import CaptionRecipe

_AT_ONCE = 16  # items that are measured on together


@dataclass(slots=True)
class _Learner:
    recipe: CaptionRecipe
    net: CaptionerNet
    device: torch.device
    optimiser: torch.optim.Adam = field(init=False)
    step: int = 0
    best: float = -math.inf
    since_best: int = 0
    losses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.net.to(self.device)
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=self.recipe.lr, fused=True)

    def learn(self, batch: CaptionBatch) -> float:
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)
        loss = nll(self.net, batch)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        clip_grad_norm_(self.net.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.step += 1
        self.losses.append(float(loss.detach()))
        return self.losses[-1]

    def state(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("step", "best", "since_best", "losses")}
        nothing: dict[str, Any] = {"average": {}, "scaler": {}}
        return own | nothing | {"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        for name in ("step", "best", "since_best", "losses"):
            setattr(self, name, state[name])


def nll(net: CaptionerNet, batch: CaptionBatch) -> torch.Tensor:
    """Mean negative logarithm of the chance of each word, those before it given."""
    chances = net(batch.before, batch.after, batch.words, batch.facts)
    losses = -chances.gather(2, batch.words[..., None])[..., 0]
    mean: torch.Tensor = losses[batch.words != PAD].mean()
    return mean


def steps_an_epoch(recipe: CaptionRecipe, training_data: CaptionData) -> int:
    """Whole batches; a last batch of one has no batch norm."""
    return max(len(training_data.items) // recipe.batch, 1)


def learn(
    recipe: CaptionRecipe,
    net: CaptionerNet,
    facts: Facts,
    training_data: CaptionData,
    out: Path,
    *,
    minutes: float = 2.0,
) -> Iterator[Progress]:
    """Train a captioner; where the folder holds a checkpoint of this training, it goes on from there.

    Yields:
        Every step, and what was measured: before the first step, and after each epoch.

    Raises:
        DataError: the checkpoint cannot be read.
        OSError: a file cannot be written; the last checkpoint is still there.
    """
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    learner = _Learner(recipe, net, device or torch.device("cpu"))
    resume(learner, out / CHECKPOINT)
    metrics_log = MetricsLog(out / METRICS)
    metrics_log.resume(learner.step)
    if 0 < recipe.patience <= learner.since_best:
        return
    each, kept = steps_an_epoch(recipe, training_data), time.monotonic()
    if learner.step == 0:
        yield _validated(learner, metrics_log, training_data, facts, out)
    while learner.step < recipe.epochs * each:
        loss = learner.learn(_batch(recipe, training_data, learner.step, each).to(learner.device))
        due = learner.step % each == 0
        progress = _validated(learner, metrics_log, training_data, facts, out) if due else Progress(learner.step, loss)
        if due or time.monotonic() - kept >= minutes * 60:
            save_checkpoint(out / CHECKPOINT, learner.state())
            kept = time.monotonic()
        yield progress
        if progress.stopped:
            return


def _batch(recipe: CaptionRecipe, training_data: CaptionData, step: int, each: int) -> CaptionBatch:
    """The batch of a step; order and wording go by the step alone, so that a stop changes nothing."""
    epoch, turn = divmod(step, each)
    order = list(range(len(training_data.items)))
    Random(f"{recipe.seed} {epoch}").shuffle(order)
    rng = Random(f"{recipe.seed} {step}")
    items = [training_data.items[number] for number in order[turn * recipe.batch : (turn + 1) * recipe.batch]]
    if recipe.augment:
        items = [item.augmented(rng) for item in items]
    return CaptionBatch.of(items, training_data.vocabulary, rng)


def _validated(
    learner: _Learner, metrics_log: MetricsLog, training_data: CaptionData, facts: Facts, out: Path
) -> Progress:
    losses = learner.losses
    loss, learner.losses = sum(losses) / len(losses) if losses else math.nan, []
    learner.net.eval()
    figures = validate(learner.net, training_data.held_out, learner.device)
    learner.net.train()
    score = figures["fact F1"] if figures["fact F1"] == figures["fact F1"] else -figures["validation loss"]
    best = learner.step > 0 and score > learner.best
    if learner.step:
        learner.best, learner.since_best = (score, 0) if best else (learner.best, learner.since_best + 1)
    if best:
        rounded = {name: round(value, 4) for name, value in figures.items() if value == value}
        save_weights(out / WEIGHTS, learner.net, replace(facts, steps=learner.step, figures=rounded))  # type: ignore[arg-type]
    metrics_log.add({"step": learner.step, "loss": loss, "score": score, KEPT: float(best)} | figures)
    out_of_patience = 0 < learner.recipe.patience <= learner.since_best
    write_training_curves(metrics_log.rows, out / PLOT)
    stopped = f"no better fact F1 in {learner.recipe.patience} epochs" if out_of_patience else ""
    return Progress(learner.step, loss, Validation(figures, score, 0.5), best, stopped)


@torch.inference_mode()
def validate(net: CaptionerNet, items: Sequence[Item], device: torch.device) -> dict[str, float]:
    """Validation loss, and the facts in the likeliest sentence of each item; put the net into `eval` mode first."""
    loss, scores, rng = 0.0, FactScores(), Random(0)
    for start in range(0, len(items), _AT_ONCE):
        some = items[start : start + _AT_ONCE]
        batch = CaptionBatch.of(some, net.vocabulary, rng).to(device)
        loss += float(nll(net, batch)) * len(some)
        memory = net.encode(batch.before, batch.after, batch.facts)
        for item, (text, _) in zip(some, beam_search(net, memory, width=1), strict=True):
            if item.facts is not None:
                scores.add(parse(text), item.facts)
    shares = {f"{slot} F1": scores.of(slot).f1 for slot in SLOTS}
    figures = {"validation loss": loss / len(items), "fact F1": scores.all.f1, **shares}
    return figures | {"false statements": scores.false_statements}

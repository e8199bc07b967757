"""The loop: a batch, its loss, a step, the mean of the weights; now and then a measuring and a checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel

from spotdiff.nets.parts.backbones import Backbone
from spotdiff.nets.parts.facts import Facts
from spotdiff.nets.parts.weights import save_weights
from spotdiff.report.plots import write_training_curves
from spotdiff.train.batches import batch_loader
from spotdiff.train.checkpoint import resume, save_checkpoint
from spotdiff.train.flow_validation import VERDICTS, validate_flow
from spotdiff.train.metrics_log import KEPT, MetricsLog
from spotdiff.train.preview import write_preview
from spotdiff.train.validation import Validation, validate

if TYPE_CHECKING:
    from spotdiff.data import Sample
    from spotdiff.data.example import Example, Source
    from spotdiff.nets.parts.outputs import Net
    from spotdiff.train.batches import Batch
    from spotdiff.train.recipe import Recipe

CHECKPOINT, WEIGHTS, METRICS = "checkpoint.pt", "weights.safetensors", "journal.csv"
CANDIDATE = "candidate.safetensors"  # what is measured; there only while it is
PLOT, SAMPLES = "curves.png", "samples"
_SHOWN = 8  # held-out pairs in a preview
_ROUNDING = 1e-6  # of figures in the journal
_EARLY = 10  # steps after which the mean has forgotten most of the random start


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands.

    Attributes:
        step: Steps done.
        loss: Of the last step; where something was measured, the mean since the last measuring.
        measured: Figures on held-out examples, when they were just taken.
        best: Whether they are the best so far.
        stopped: Why training ends here before its last step; empty while it goes on.
    """

    step: int
    loss: float
    measured: Validation | None = None
    best: bool = False
    stopped: str = ""


@dataclass(slots=True)
class Learner:
    """Everything that changes while a net learns, and goes into a checkpoint."""

    recipe: Recipe
    net: Net
    accelerator: Accelerator
    optimiser: Any = field(init=False)
    model: Any = field(init=False)
    average: AveragedModel = field(init=False)
    step: int = 0
    best: float = -math.inf
    since_best: int = 0
    losses: list[float] = field(default_factory=list)  # of the steps since the last measuring

    def __post_init__(self) -> None:
        for part in self.net.modules():
            if isinstance(part, Backbone) and self.recipe.frozen:
                part.freeze(self.recipe.frozen)
        learned_before = {id(p) for part in self.net.modules() if isinstance(part, Backbone) for p in part.parameters()}
        groups = []
        for share, known in ((1.0, False), (self.recipe.backbone_rate, True)):
            own = [p for p in self.net.parameters() if p.requires_grad and (id(p) in learned_before) is known]
            groups += [  # biases and norms do not decay
                {"params": [p for p in own if p.ndim > 1], "weight_decay": self.recipe.decay, "share": share},
                {"params": [p for p in own if p.ndim <= 1], "weight_decay": 0.0, "share": share},
            ]
        groups = [group for group in groups if group["params"]]
        optimiser = torch.optim.AdamW(groups, lr=self.recipe.lr)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a sixth faster
        self.model, self.optimiser = self.accelerator.prepare(self.net, optimiser)
        self.average = AveragedModel(self.net, multi_avg_fn=ema_with_warmup(self.recipe.ema), use_buffers=True)
        self.average.module.eval()

    @property
    def out_of_patience(self) -> bool:
        """Whether nothing got better for as long as the recipe is patient."""
        return 0 < self.recipe.patience <= self.since_best

    def begin(self) -> None:
        """Bring the net into its learning state."""
        self.net.train()
        if self.recipe.norms == "kept":
            for part in self.net.modules():
                if isinstance(part, _BatchNorm):
                    part.eval()

    def learn(self, batch: Batch) -> float:
        """One step; the loss comes back."""
        torch.manual_seed(seed_of(self.recipe.seed, self.step, self.accelerator.process_index))
        for group in self.optimiser.param_groups:
            group["lr"] = group["share"] * rate(self.step, self.recipe)
        with self.accelerator.autocast():
            loss = self.recipe.loss(self.model(batch.before, batch.after), batch)
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.average.update_parameters(self.net)
        self.step += 1
        self.losses.append(float(loss.detach()))
        return self.losses[-1]

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "net": self.net.state_dict(),
            "average": self.average.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "best": self.best,
            "since_best": self.since_best,
            "losses": self.losses,
            "scaler": scaler.state_dict() if (scaler := self.accelerator.scaler) else {},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.net.load_state_dict(state["net"])
        self.average.module.load_state_dict(state["average"])
        self.average.n_averaged.fill_(state["step"])
        self.optimiser.load_state_dict(state["optimiser"])
        for name in ("step", "best", "since_best", "losses"):
            setattr(self, name, state[name])
        if self.accelerator.scaler:
            self.accelerator.scaler.load_state_dict(state["scaler"])


def learn(
    recipe: Recipe,
    net: Net,
    facts: Facts,
    source: Source,
    held_out: Sequence[Example],
    out: Path,
    *,
    flow: Sequence[Sample | Example] | None = None,
    workers: int = 0,
    minutes: float = 2.0,
) -> Iterator[Progress]:
    """Train a net; where the folder holds a checkpoint of this training, it goes on from there.

    Args:
        recipe: How.
        net: With the weights to begin with.
        facts: Of the net; steps, figures and digest are filled in.
        source: Where examples come from.
        held_out: Examples to measure on, and to show.
        out: Folder of the run: `weights.safetensors` (the best mean weights), `checkpoint.pt`, `journal.csv`, the
            plot of it, and a preview of predictions for every validation.
        flow: Where the net goes on from weights that know the field: the held-out pairs that the whole flow is measured
            on. Weights are then kept only where they are no worse there than those it began with, in their score and in
            their verdicts. None where it knows nothing yet; what it says before the first step is then not kept.
        workers: Helper processes that make examples.
        minutes: Between two checkpoints.

    Yields:
        Every step, and what was measured. Figures are measured before the first step and after the last.

    Raises:
        DataError: the checkpoint cannot be read.
        OSError: a file cannot be written; the last checkpoint is still there.
    """
    accelerator = _accelerator(recipe.precision)
    learner = Learner(recipe, net, accelerator)
    metrics_log = MetricsLog(out / METRICS)
    resume(learner, out / CHECKPOINT)
    if learner.out_of_patience:
        return
    if learner.step:
        metrics_log.resume(learner.step)
    recorder = _Recorder(learner, metrics_log, facts, held_out, out, flow=flow, minutes=minutes)
    if learner.step == 0:
        yield recorder.validate()
    batches = batch_loader(
        source,
        first=learner.step,
        last=recipe.steps,
        batch=recipe.batch,
        workers=workers,
        rank=accelerator.process_index,
        processes=accelerator.num_processes,
    )
    learner.begin()
    for batch in batches:
        loss = learner.learn(batch.to(accelerator.device))
        due = learner.step % recipe.measure_every == 0 or learner.step == recipe.steps
        progress = recorder.validate() if due else Progress(learner.step, loss)
        recorder.save(now=due)
        yield progress
        if progress.stopped:
            return


def _accelerator(precision: str) -> Accelerator:
    """What reckons, in the precision asked for; `auto` is bf16 where the machine has that itself."""
    there = torch.accelerator.is_available()
    if precision == "auto":
        known: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
        precision = "bf16" if there or known.get("avx512_bf16") else "no"
    return Accelerator(mixed_precision=precision, cpu=not there)


def seed_of(*numbers: int) -> int:
    """One seed from several; chance within a step goes by the step, so that nothing of it need be kept."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def ema_with_warmup(decay: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]:
    """Takes a step's values into their exponential mean, of which less is kept in the first steps.

    `torch.optim.swa_utils.get_ema_multi_avg_fn` keeps as much from the first step on, and so the random start for long.
    """

    @torch.no_grad()
    def update(mean: Sequence[Tensor], values: Sequence[Tensor], count: Tensor | int) -> None:
        keep = min(decay, (1 + int(count)) / (_EARLY + int(count)))
        if mean[0].is_floating_point():
            torch._foreach_lerp_(list(mean), list(values), 1 - keep)
        else:  # counts of batches
            torch._foreach_copy_(list(mean), list(values))

    return update


def rate(step: int, recipe: Recipe) -> float:
    """The learning rate of a step: up along a line, then down half a cosine (Loshchilov and Hutter 2017, eq. 5)."""
    warm = max(round(recipe.steps * recipe.warmup), 1)
    if step < warm:
        return recipe.lr * (step + 1) / warm
    return recipe.lr * (1 + math.cos(math.pi * (step - warm) / max(recipe.steps - warm, 1))) / 2


def _worse(validation: Validation, start: Mapping[str, float]) -> bool:
    """Whether the figures are worse than those before the first step, in their score or in their verdicts."""
    ends = ((validation.score, start.get("score")), (validation.figures.get(VERDICTS), start.get(VERDICTS)))
    return any(now is not None and was is not None and now < was - _ROUNDING for now, was in ends)


class _Recorder:
    """Validates the net, writes the figures, keeps the best weights and the checkpoints."""

    def __init__(
        self,
        learner: Learner,
        metrics_log: MetricsLog,
        facts: Facts,
        held_out: Sequence[Example],
        out: Path,
        *,
        flow: Sequence[Sample | Example] | None,
        minutes: float,
    ) -> None:
        self.learner, self.metrics_log, self.facts, self.held_out, self.out = learner, metrics_log, facts, held_out, out
        self.flow = flow
        self.seconds, self.saved = minutes * 60, time.monotonic()

    def validate(self) -> Progress:
        """Figures of the mean weights, and the mean loss; the best weights so far are written."""
        learner = self.learner
        loss = float(np.mean(learner.losses)) if learner.losses else float("nan")
        learner.losses = []
        mean: Any = learner.average.module
        # batch statistics differ a little from process to process, and one is enough to ask the whole flow
        validation = self._measured(mean) if self.flow is None or learner.accelerator.is_main_process else None
        validation = broadcast_object_list([validation])[0]
        score = validation.score
        best = self._better(validation)
        if learner.step or self.flow is not None:
            learner.best, learner.since_best = (score, 0) if best else (learner.best, learner.since_best + 1)
        if learner.accelerator.is_main_process:
            if best:
                figures = {name: round(value, 4) for name, value in validation.figures.items()}
                threshold = validation.threshold or self.facts.threshold
                facts = replace(self.facts, steps=learner.step, threshold=threshold, figures=figures)
                save_weights(self.out / WEIGHTS, mean, facts)
            lr = rate(max(learner.step - 1, 0), learner.recipe)
            row = {"step": learner.step, "loss": loss, "lr": lr, "score": score, KEPT: float(best)}
            self.metrics_log.add(row | validation.figures)
            write_training_curves(self.metrics_log.rows, self.out / PLOT)
            write_preview(mean, self.held_out[:_SHOWN], self.out / SAMPLES / f"{learner.step:07d}.png")
        stopped = f"no better figures in {learner.recipe.patience} measurings" if learner.out_of_patience else ""
        return Progress(learner.step, loss, validation, best, stopped)

    def _measured(self, mean: Net) -> Validation:
        if self.flow is None:
            return validate(mean, self.held_out)
        candidate = self.out / CANDIDATE
        try:
            save_weights(candidate, mean, replace(self.facts, steps=self.learner.step))
            return validate_flow(candidate, self.facts.net, self.flow)
        finally:
            candidate.unlink(missing_ok=True)

    def _better(self, validation: Validation) -> bool:
        """Whether these weights are to be kept in place of the last ones that were."""
        if self.flow is None:
            if self.learner.step == 0:
                return False
        elif _worse(validation, self.metrics_log.first):
            return False
        return validation.score > self.learner.best or self.learner.recipe.keep == "last"

    def save(self, *, now: bool) -> None:
        """Write a checkpoint if it is time."""
        if not self.learner.accelerator.is_main_process:
            return
        if now or time.monotonic() - self.saved >= self.seconds:
            save_checkpoint(self.out / CHECKPOINT, self.learner.state())
            self.saved = time.monotonic()

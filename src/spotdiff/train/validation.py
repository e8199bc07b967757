"""How a net does on held-out examples, as training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from spotdiff.evaluate.map_metrics import MapScores
from spotdiff.metrics.masks import LEVELS, best_threshold
from spotdiff.nets.parts.outputs import FOUR, Net
from spotdiff.regions.centre_heatmap import decode, painted
from spotdiff.train.batches import collate

if TYPE_CHECKING:
    from spotdiff.data.example import Example
    from spotdiff.types import Map

_AT_ONCE = 8  # examples
_LEAST = 0.01  # score of a box that is painted
_KINDS = ("added", "removed", "changed")
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Validation:
    """Figures on held-out examples.

    Attributes:
        figures: By name; those that the truth cannot give are missing.
        score: The one that decides which weights are best: mean average precision of the kinds of change, or that of
            any change where the net or the truth knows no kinds. Higher is better.
        threshold: At which the F1 of any change is best, in [0, 1]; None where it was not looked for.
    """

    figures: dict[str, float]
    score: float
    threshold: float | None = None


@torch.inference_mode()
def predictions(net: Net, examples: Sequence[Example]) -> list[Arrays]:
    """A net's maps for each example, by name, (H, W) each; boxes are painted as maps."""
    predicted: list[Arrays] = []
    device = next(net.parameters()).device
    for start in range(0, len(examples), _AT_ONCE):
        batch = collate(examples[start : start + _AT_ONCE]).to(device)
        named = net.pictures(batch.before, batch.after)
        arrays = {name: tensor.float().cpu().numpy() for name, tensor in named.items()}
        for number in range(len(batch.before)):
            outputs = {name: array[number] for name, array in arrays.items()}
            predicted.append(_maps(outputs, net, batch.before.shape[-2:]))
    return predicted


def validate(net: Net, examples: Sequence[Example]) -> Validation:
    """Figures of a net over examples; put it into `eval` mode first."""
    scores = MapScores()
    for example, prediction in zip(examples, predictions(net, examples), strict=True):
        add_scores(scores, example, prediction, directed=net.directed)
    return _figures_of(scores)


def add_scores(scores: MapScores, example: Example, prediction: Arrays, *, directed: bool) -> None:
    """Count one prediction against its truth.

    Args:
        scores: What the figures are added to.
        example: With the truth.
        prediction: From `predictions`.
        directed: Whether the net tells gone from new; where it or the truth does not, only the places count.
    """
    directed = directed and example.directed
    either = example.gone | example.new
    scores.add(
        prediction["gone"],
        prediction["new"],
        example.gone if directed else either,
        example.new if directed else either,
        example.counted_before & example.counted_after,
        four={name: prediction[name] for name in FOUR} if directed and FOUR[0] in prediction else None,
        directed=directed,
    )


def _maps(outputs: Arrays, net: Net, shape: tuple[int, ...]) -> Arrays:
    if "gone" in outputs:
        return {name: array[0] for name, array in outputs.items() if array.ndim == 3}
    sides: list[Map] = []
    for side in ("before", "after"):
        heat, size, offset = (outputs[f"{part}_{side}"] for part in ("heat", "size", "offset"))
        boxes, scores = decode(heat[0], size, offset, stride=net.stride, shape=(shape[0], shape[1]), threshold=_LEAST)
        sides.append(painted(boxes, scores, (shape[0], shape[1])))
    return {"gone": sides[0], "new": sides[1]}


def _figures_of(scores: MapScores) -> Validation:
    report = scores.report()
    figures = {f"{name} F1": each.f1 for name, each in report.maps.items()}
    figures |= {f"{name} AP": each.average_precision for name, each in report.maps.items()}
    if report.unchanged:
        figures["false alarms"] = report.false_alarms
    figures = {name: value for name, value in figures.items() if value == value}
    precise = [figures[f"{kind} AP"] for kind in _KINDS if f"{kind} AP" in figures]
    score = float(np.mean(precise)) if precise else figures.get("any AP", 0.0)
    best = best_threshold(scores.levels["any"]) or LEVELS // 2  # where nothing changed, that of the answer
    return Validation(figures, score, (best - 0.5) / (LEVELS - 1))  # the lowest chance that is rounded to that level

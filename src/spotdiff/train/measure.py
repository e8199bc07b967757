"""How a net does on held-out examples, as training goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from spotdiff.evaluate.maps import MapScores
from spotdiff.metrics.masks import LEVELS, best_threshold
from spotdiff.nets.parts.outputs import FOUR, Net
from spotdiff.regions.centres import decode, painted
from spotdiff.train.batch import collate

if TYPE_CHECKING:
    from spotdiff.data.example import Example
    from spotdiff.types import Map

_AT_ONCE = 8  # examples
_LEAST = 0.01  # score of a box that is painted
_KINDS = ("added", "removed", "changed")
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures on held-out examples.

    Attributes:
        figures: By name; those that the truth cannot give are missing.
        score: The one that decides which weights are best: mean average precision of the kinds of change, or that of
            any change where the net or the truth knows no kinds. Higher is better.
        threshold: At which the F1 of any change is best, in [0, 1].
    """

    figures: dict[str, float]
    score: float
    threshold: float


@torch.inference_mode()
def answers(net: Net, examples: Sequence[Example]) -> list[Arrays]:
    """What a net says of each example, by name, each map (H, W) and nets' boxes painted as maps."""
    said: list[Arrays] = []
    device = next(net.parameters()).device
    for start in range(0, len(examples), _AT_ONCE):
        batch = collate(examples[start : start + _AT_ONCE]).to(device)
        named = net.pictures(batch.before, batch.after)
        arrays = {name: tensor.float().cpu().numpy() for name, tensor in named.items()}
        for number in range(len(batch.before)):
            one = {name: array[number] for name, array in arrays.items()}
            said.append(_maps(one, net, batch.before.shape[-2:]))
    return said


def measure(net: Net, examples: Sequence[Example]) -> Measured:
    """Figures of a net over examples; put it into `eval` mode first."""
    scores = MapScores()
    for example, said in zip(examples, answers(net, examples), strict=True):
        count(scores, example, said, directed=net.directed)
    return _measured(scores)


def count(scores: MapScores, example: Example, said: Arrays, *, directed: bool) -> None:
    """Hold one answer against its truth.

    Args:
        scores: What the figures are added to.
        example: With the truth.
        said: From `answers`.
        directed: Whether the net tells gone from new; where it or the truth does not, only the places count.
    """
    directed = directed and example.directed
    either = example.gone | example.new
    scores.add(
        said["gone"],
        said["new"],
        example.gone if directed else either,
        example.new if directed else either,
        example.counted_before & example.counted_after,
        four={name: said[name] for name in FOUR} if directed and FOUR[0] in said else None,
        directed=directed,
    )


def _maps(one: Arrays, net: Net, shape: tuple[int, ...]) -> Arrays:
    if "gone" in one:
        return {name: array[0] for name, array in one.items() if array.ndim == 3}
    both: list[Map] = []
    for side in ("before", "after"):
        heat, size, offset = (one[f"{part}_{side}"] for part in ("heat", "size", "offset"))
        boxes, sure = decode(heat[0], size, offset, stride=net.stride, shape=(shape[0], shape[1]), threshold=_LEAST)
        both.append(painted(boxes, sure, (shape[0], shape[1])))
    return {"gone": both[0], "new": both[1]}


def _measured(scores: MapScores) -> Measured:
    report = scores.report()
    figures = {f"{name} F1": each.f1 for name, each in report.maps.items()}
    figures |= {f"{name} AP": each.average_precision for name, each in report.maps.items()}
    if report.unchanged:
        figures["false alarms"] = report.false_alarms
    figures = {name: value for name, value in figures.items() if value == value}
    precise = [figures[f"{kind} AP"] for kind in _KINDS if f"{kind} AP" in figures]
    score = float(np.mean(precise)) if precise else figures.get("any AP", 0.0)
    lowest = (best_threshold(scores.levels["any"]) - 0.5) / (LEVELS - 1)  # chance that is rounded to that level
    return Measured(figures, score, lowest)

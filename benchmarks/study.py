"""The published networks, and spot without each of its parts: same pairs, same steps, other photographs and things.

    python benchmarks/study.py --train TRAIN --test TEST --out OUT [--steps N] [--only NAME ...] [--parts]

TRAIN and TEST hold photos/ and cutouts/; nothing of TEST is learned from. A study that was stopped goes on. OUT gets a
run for every network, study.json, study.md and a precision-recall plot for each of the four maps.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from spotdiff.data.example import Example, Source
from spotdiff.data.synth import Materials, Synthesis, get_pair_recipe
from spotdiff.evaluate.aggregate import Curve
from spotdiff.evaluate.maps import FOUR, MapReport, MapScores
from spotdiff.metrics import masks
from spotdiff.nets.parts.weights import load_weights
from spotdiff.report.plots import Line, precision_recall_svg
from spotdiff.train.loop import METRICS, WEIGHTS
from spotdiff.train.metrics_log import MetricsLog
from spotdiff.train.recipe import Recipe, changed, get_recipe
from spotdiff.train.run import prepare
from spotdiff.train.validation import add_scores, predictions

SEED_OF_TEST = 977
SMALL = {"backbone": "small", "width": 32}
COLUMNS = (*FOUR, "any")


@dataclass(frozen=True)
class Entry:
    """One network of the study: a recipe, what is changed in it, and whether it is only told that something changed."""

    recipe: str
    changes: Mapping[str, object] = field(default_factory=dict)
    one_mask: bool = False


@dataclass(frozen=True)
class OneMask:
    """A source whose pairs have one mask, of what changed in either picture, in place of two."""

    source: Source

    def __getitem__(self, number: int) -> Example:
        return one_mask(self.source[number])


def one_mask(pair: Example) -> Example:
    either = pair.gone | pair.new
    return replace(pair, gone=either, new=either, directed=False)


def fused(branches: str, *, levels: int = 4, head: str = "fcn") -> Entry:
    settings = {**SMALL, "branches": branches, "levels": levels, "head": head}
    return Entry("fused", {f"net.{name}": value for name, value in settings.items()})


STUDY: Mapping[str, Entry] = {
    **{name: Entry(name) for name in ("unet-a", "unet-b", "unet-c", "fc-siam-conc", "siamese")},
    **{f"fused {branches}": fused(branches) for branches in ("iade", "i", "ia", "id", "ie")},
    **{f"fused iade, {levels} levels": fused("iade", levels=levels) for levels in (1, 2, 3)},
    "fused iade, deeplabv3": fused("iade", head="deeplabv3"),
    **{name: Entry(name) for name in ("fc-siam-diff", "spot")},
}
PARTS: Mapping[str, Entry] = {  # spot, each time with one thing taken away
    "spot": Entry("spot"),
    "nothing shared": Entry("spot", {"pairs.distractors": 0, "pairs.inpaint": 0}),
    "unchanged 0": Entry("spot", {"pairs.unchanged": 0}),
    "unchanged 0.2": Entry("spot", {"pairs.unchanged": 0.2}),
    "light even": Entry("spot", {"pairs.uneven": 0, "pairs.shadows": 0}),
    "no matching": Entry("spot", {"net.radii": (0, 0, 0, 0)}),
    "nothing outside": Entry("spot", {"net.near": -1}),
    "nothing from ImageNet": Entry("spot", {"net.pretrained": False}),
    "one mask": Entry("spot", one_mask=True),
}


EVERY = {**STUDY, **PARTS}
SHIFTED = {"camera": "residual", "camera_px": 16.0, "texture_motion": 0.0}  # 8 px at the study's 128


def recipe_of(name: str, options: argparse.Namespace) -> Recipe:
    entry = EVERY[name]
    same = {"steps": options.steps, "batch": options.batch, "size": options.size, "pairs": "aligned"}
    every = {"measure_every": max(options.steps // 4, 1), "measured": 32, "ema": 0.98, "seed": options.seed}
    return changed(get_recipe(entry.recipe), {**same, **every, **entry.changes})


def test_pairs(options: argparse.Namespace, changes: Mapping[str, object]) -> list[Example]:
    materials = Materials.open(Path(options.test) / "photos", Path(options.test) / "cutouts")
    pairs = Synthesis(get_pair_recipe("aligned", {"size": options.size, **changes}), materials, SEED_OF_TEST)
    return [pairs[number] for number in range(options.pairs)]


def done(out: Path, steps: int) -> bool:
    metrics_log = MetricsLog(out / METRICS)
    metrics_log.resume(steps)
    return bool(metrics_log.rows) and metrics_log.rows[-1]["step"] == steps


def learned(name: str, options: argparse.Namespace) -> tuple[Path, float]:
    """The run of a network, trained to its end, and the seconds a step took in this call (NaN when it was done)."""
    out = Path(options.out) / name.replace(" ", "-").replace(",", "")
    if done(out, options.steps):
        return out, float("nan")
    run = prepare(recipe_of(name, options), [options.train], out)
    if EVERY[name].one_mask:
        training_data = run.training_data
        held_out = tuple(one_mask(pair) for pair in training_data.held_out)
        run = replace(
            run, training_data=replace(training_data, source=OneMask(training_data.source), held_out=held_out)
        )
    start, steps = time.perf_counter(), 0
    for progress in run.progress(workers=options.workers):
        steps += 1
        if progress.measured:
            print(
                f"{name}: step {progress.step} loss {progress.loss:.3f} score {progress.measured.score:.3f}", flush=True
            )
    return out, (time.perf_counter() - start) / steps if steps else float("nan")


def judged(weights: Path, pairs: Sequence[Example]) -> tuple[MapScores, dict[str, float]]:
    net, facts = load_weights(weights)
    start = time.perf_counter()
    said = predictions(net, pairs)
    seconds = (time.perf_counter() - start) / len(pairs)
    scores = MapScores()
    for example, one in zip(pairs, said, strict=True):
        add_scores(scores, example, one, directed=net.directed)
    at = scores.levels["any"].at(round(facts.threshold * (masks.LEVELS - 1)))
    calibrated = float(masks.f1(at))  # the threshold is from held-out pairs of the training
    return scores, {"parameters": facts.parameters, "seconds": seconds, "steps": facts.steps, "any F1": calibrated}


def row_of(name: str, report: MapReport, more: Mapping[str, float]) -> dict[str, object]:
    kinds = {f"{kind} F1": report.maps[kind].f1 for kind in COLUMNS if kind in report.maps}
    precise = {f"{kind} AP": report.maps[kind].average_precision for kind in COLUMNS if kind in report.maps}
    return {"net": name, **kinds, **precise, "false alarms": report.false_alarms, **more}


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    """Two tables: F1 of the answers and false alarms on unchanged pairs; average precision over all thresholds."""
    answers_at = ("parameters", "ms a pair", *(f"{kind} F1" for kind in COLUMNS), "false alarms")
    return _table(rows, answers_at) + "\n" + _table(rows, tuple(f"{kind} AP" for kind in COLUMNS))


def _table(rows: Sequence[Mapping[str, object]], heads: Sequence[str]) -> str:
    lines = ["| net | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for row in rows:
        known = {**row, "ms a pair": round(1000 * row["seconds"])}
        lines.append(f"| {row['net']} | " + " | ".join(_cell(known.get(head)) for head in heads) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) and value == value else "-"


def plot(kind: str, scores: Mapping[str, MapScores], path: Path) -> None:
    lines = []
    for name, each in scores.items():
        levels = each.levels.get(kind)
        if levels is None:
            continue
        counts = levels.counts()
        precision, recall = np.asarray(masks.precision(counts)), np.asarray(masks.recall(counts))
        said = np.flatnonzero(~np.isnan(precision))[::-1]
        figures = each.report().maps[kind]
        at = (figures.precision, figures.recall)
        curve = Curve("pixels", said.astype(np.float64), precision[said], recall[said], answer=at)
        lines.append(Line(name, f"F1 {figures.f1:.3f}, AP {figures.average_precision:.3f}", curve))
    path.write_text(precision_recall_svg(lines, title=f"{kind}: precision and recall"), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--pairs", type=int, default=300, help="test pairs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--parts", action="store_true", help="spot without each of its parts, not the networks")
    parser.add_argument("--shifted", action="store_true", help="measure on pairs with 8 px of motion left in them")
    parser.add_argument("--only", nargs="*", choices=list(EVERY))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pairs, scores, rows = test_pairs(options, SHIFTED if options.shifted else {}), {}, []
    out = Path(options.out)
    for name in options.only or (PARTS if options.parts else STUDY):
        run, step = learned(name, options)
        scores[name], more = judged(run / WEIGHTS, pairs)
        rows.append(row_of(name, scores[name].report(), more))
        print(f"{name}: {step:.2f} s a step", flush=True)
        out.joinpath("study.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
        out.joinpath("study.md").write_text(markdown(rows), encoding="utf-8")
    for kind in FOUR:
        plot(kind, scores, out / f"{kind}.svg")
    print(markdown(rows))


if __name__ == "__main__":
    main()

"""Do scores mean what they say? Made pairs through the whole flow: reliability of regions, false alarms of verdicts.

    python benchmarks/calibration.py --materials HELD_OUT [--count 400] [--out docs/study] [-- side=448]

HELD_OUT holds photos/ and cutouts/ that nothing was learned from. Half of the pairs are unchanged. Printed are, for
scores of regions from 0.5 up, the share that truly changed, and, for every sensitivity, the share of unchanged pairs
that are called changed and of changed pairs that are not. OUT gets both as pictures.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spotdiff.data.example import Example
from spotdiff.data.synth import Materials, Synthesis, get_pair_recipe
from spotdiff.options import Options
from spotdiff.pipeline import compare
from spotdiff.types import Comparison

SEED = 4241
SIZES = (256, 448, 800)  # of the pictures, in turn
RIGHT = 0.2  # share of a region's box that truly changed, for it to be right: thin things fill little of it
SENSITIVITIES = (0.3, 0.5, 0.7)


@dataclass(frozen=True)
class Found:
    """What came of one pair: whether it changed, its image score, of every region the score and whether it is right."""

    changed: bool
    score: float
    verdict: str
    regions: tuple[tuple[float, bool], ...]


def main() -> None:
    options = _arguments()
    settings = dict(setting.split("=", 1) for setting in options.settings)
    materials = Materials.open(options.materials / "photos", options.materials / "cutouts")
    pairs = list(made(materials, options.count))
    usual = [judged(pair, Options(settings=settings)) for pair in pairs]
    rows = reliability([region for found in usual for region in found.regions])
    print("| region score | regions | truly changed |\n|---|---|---|")
    for low, high, count, right in rows:
        print(f"| {low:.2f} to {high:.2f} | {count} | {right:.3f} |")
    print("\n| sensitivity | unchanged called changed | changed not called so | unsure |\n|---|---|---|---|")
    for sensitivity in SENSITIVITIES:
        founds = usual
        if sensitivity != Options().sensitivity:
            founds = [judged(pair, Options(settings=settings, sensitivity=sensitivity)) for pair in pairs]
        print(f"| {sensitivity} | {alarms(founds):.3f} | {misses(founds):.3f} | {unsure(founds):.3f} |")
    if options.out:
        (options.out / "reliability.svg").write_text(drawn(rows), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--materials", type=Path, required=True)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--out", type=Path)
    parser.add_argument("settings", nargs="*", help="settings of the method, after --")
    return parser.parse_args()


def made(materials: Materials, count: int) -> list[Example]:
    """Pairs of several sizes, taken by every kind of camera, half of them unchanged."""
    sources = [
        Synthesis(get_pair_recipe("default", {"size": size, "unchanged": 0.5}), materials, SEED) for size in SIZES
    ]
    return [sources[number % len(SIZES)][number] for number in range(count)]


def judged(pair: Example, options: Options) -> Found:
    answer = compare(pair.before, pair.after, options=options)
    return Found(pair.changed, answer.score, answer.verdict, tuple(_regions(answer, pair)))


def _regions(answer: Comparison, pair: Example) -> list[tuple[float, bool]]:
    """Every region that can be judged: its score, and whether enough of its box truly changed."""
    found = []
    for region in answer.regions:
        sides = ((region.box_before, pair.gone, pair.counted_before), (region.box_after, pair.new, pair.counted_after))
        shares = [share_of(box, truth, counted) for box, truth, counted in sides if box is not None]
        known = [share for share in shares if share is not None]
        if known:
            found.append((region.score, max(known) >= RIGHT))
    return found


def share_of(box: tuple[int, int, int, int], truth: np.ndarray, counted: np.ndarray) -> float | None:
    left, top, right, bottom = (max(int(value), 0) for value in box)
    inside, counts = truth[top:bottom, left:right], counted[top:bottom, left:right]
    if inside.size == 0 or counts.mean() < 0.5:
        return None
    return float(inside[counts].mean())


def reliability(regions: list[tuple[float, bool]]) -> list[tuple[float, float, int, float]]:
    """Tenths of score from 0.5 to 1: low, high, how many regions, share that is right."""
    rows = []
    for low in np.arange(0.5, 1.0, 0.1):
        inside = [right for score, right in regions if low <= score < low + 0.1 + 1e-9]
        rows.append((float(low), float(low + 0.1), len(inside), float(np.mean(inside)) if inside else float("nan")))
    return rows


def alarms(founds: list[Found]) -> float:
    return float(np.mean([found.verdict == "changed" for found in founds if not found.changed]))


def misses(founds: list[Found]) -> float:
    return float(np.mean([found.verdict != "changed" for found in founds if found.changed]))


def unsure(founds: list[Found]) -> float:
    return float(np.mean([found.verdict == "unsure" for found in founds]))


def drawn(rows: list[tuple[float, float, int, float]]) -> str:
    """The reliability plot: score across, share that is right up, the diagonal for scores that mean what they say."""
    points = [
        (40 + 600 * ((low + high) / 2 - 0.5), 320 - 300 * right) for low, high, _, right in rows if right == right
    ]
    line = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="5" fill="#0072b2"/>' for x, y in points)
    ticks = "".join(
        f'<text x="{40 + 600 * (value - 0.5):.0f}" y="342" text-anchor="middle">{value:.1f}</text>'
        for value in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 380 370" font-family="sans-serif" font-size="12">'
        "<title>Share of regions that truly changed, by their score</title>"
        '<rect width="380" height="370" fill="#fff"/><path d="M40 20V320H340" fill="none" stroke="#5c6067"/>'
        '<path d="M40 170L340 20" stroke="#9aa0a6" stroke-dasharray="5 4"/>'
        f'<polyline points="{line}" fill="none" stroke="#0072b2" stroke-width="2"/>{dots}{ticks}'
        '<text x="34" y="24" text-anchor="end">1</text><text x="34" y="174" text-anchor="end">.5</text>'
        '<text x="34" y="324" text-anchor="end">0</text>'
        '<text x="190" y="362" text-anchor="middle">score of a region</text>'
        '<text x="48" y="16">share that truly changed</text></svg>\n'
    )


if __name__ == "__main__":
    main()

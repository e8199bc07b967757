"""Do scores mean what they say? Pairs that nothing was learned from, through the whole flow; and the constants anew.

    python benchmarks/calibration.py --materials HELD_OUT [--count 300] [--out docs/study] [--fit] [-- weights=FILE]

HELD_OUT holds photos/, cutouts/ and views/ (see `spotdiff train`). Two thirds of the pairs are made, half of them of
one place at two times, and half of them changed; the last third are two pictures of a fixed camera as they are, in
which nothing counts as changed. Printed are, for scores of regions from 0.5 up, the share that truly changed, and, for
every sensitivity, what unchanged pairs and changed ones are called. OUT gets the first as a picture. With --fit the
constants of `Extraction.calibration` come first: a logistic regression in which changed and unchanged pairs weigh the
same, and a pair with many regions as much as the root of their number; the tables are then those of the new constants.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from spotdiff.data.example import Example
from spotdiff.data.synth import Materials, Synthesis, get_pair_recipe
from spotdiff.methods.spot import Spot
from spotdiff.options import Options
from spotdiff.pipeline import compare_pair
from spotdiff.regions.find import faint_density
from spotdiff.types import Calibration, Comparison, Extraction, Pair, Picture

SEED = 4241
SIZES = (256, 448)  # of the pictures, in turn; larger ones would be photographs made large, without detail
RIGHT = 0.2  # share of a region's box that truly changed, for it to be right: thin things fill little of it
SENSITIVITIES = (0.3, 0.5, 0.7)
DOUBT = 0.001  # that is always left of evidence
UNSEEN = 0.95  # as in spotdiff.regions.find
SEEN = 50.0  # pixels, at the first look, from which on a region is seen in full


@dataclass(frozen=True)
class Known:
    """A pair, and what is true of it; None where nothing changed."""

    before: np.ndarray
    after: np.ndarray
    truth: Example | None

    @property
    def changed(self) -> bool:
        """Whether anything did."""
        return self.truth is not None and self.truth.changed


@dataclass(frozen=True)
class Found:
    """What came of one pair: whether it changed, the verdict, of every region the score and whether it is right."""

    changed: bool
    verdict: str
    regions: tuple[tuple[float, bool], ...]


def main() -> None:
    options = _arguments()
    settings = dict(setting.split("=", 1) for setting in options.settings)
    materials = Materials.open(*(options.materials / part for part in ("photos", "cutouts", "views")))
    pairs = [*made(materials, options.count * 2 // 3), *unchanged_views(materials, options.count // 3)]
    extraction = Spot.extraction
    if options.fit:
        extraction = replace(extraction, calibration=fitted(pairs, settings))
        rounded = {name: round(value, 2) for name, value in asdict(extraction.calibration).items()}
        print(f"calibration = {Calibration(**rounded)}\n")
    usual = [judged(pair, settings, extraction, Options()) for pair in pairs]
    rows = reliability([region for found in usual for region in found.regions])
    print("| region score | regions | truly changed |\n|---|---|---|")
    for low, high, count, right in rows:
        print(f"| {low:.2f} to {high:.2f} | {count} | {right:.3f} |")
    print("\n| sensitivity | unchanged: changed, unsure | changed: changed, unsure |\n|---|---|---|")
    for sensitivity in SENSITIVITIES:
        asked = Options(sensitivity=sensitivity)
        founds = usual if asked == Options() else [judged(pair, settings, extraction, asked) for pair in pairs]
        told = [
            ", ".join(f"{share(founds, changed, verdict):.3f}" for verdict in ("changed", "unsure"))
            for changed in (False, True)
        ]
        print(f"| {sensitivity} | {told[0]} | {told[1]} |")
    if options.out:
        (options.out / "reliability.svg").write_text(drawn(rows), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--materials", type=Path, required=True)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--fit", action="store_true", help="fit the constants anew")
    parser.add_argument("settings", nargs="*", help="settings of the method, after --")
    return parser.parse_args()


def made(materials: Materials, count: int) -> Iterator[Known]:
    """Pairs of several sizes, half of them unchanged, half of them at two times of one place."""
    recipes = [
        get_pair_recipe("aligned", {"size": size, "unchanged": 0.5, "moments": 0.5, "drawn": 0.15}) for size in SIZES
    ]
    sources = [Synthesis(recipe, materials, SEED) for recipe in recipes]
    for number in range(count):
        example = sources[number % len(SIZES)][number]
        yield Known(example.before, example.after, example)


def unchanged_views(materials: Materials, count: int) -> Iterator[Known]:
    """Two pictures of a fixed camera at two times, whole."""
    rng = np.random.default_rng(SEED)
    sizes = np.array([min(len(view.pictures), 40) for view in materials.views], float)
    for _ in range(count):
        view = materials.views[int(rng.choice(len(sizes), p=sizes / sizes.sum()))]
        before, after = (view.picture(int(number)) for number in rng.choice(len(view.pictures), 2, replace=False))
        yield Known(before, after, None)


def answer_to(pair: Known, settings: dict[str, str], extraction: Extraction, options: Options) -> Comparison:
    class Calibrated(Spot):  # the method with other constants
        pass

    Calibrated.extraction = extraction
    method = Calibrated(**settings)
    return compare_pair(Pair(Picture(pair.before), Picture(pair.after)), method, options.changed(describe="off"))


def judged(pair: Known, settings: dict[str, str], extraction: Extraction, options: Options) -> Found:
    answer = answer_to(pair, settings, extraction, options)
    return Found(pair.changed, answer.verdict, tuple((score, right) for score, _, right in _regions(answer, pair)))


def fitted(pairs: list[Known], settings: dict[str, str]) -> Calibration:
    """The constants under which scores are chances, by Newton's method."""
    plain = replace(Spot.extraction, calibration=None, least=0.0)
    rows, right, weights = [], [], []
    balance = sum(not pair.changed for pair in pairs) / sum(pair.changed for pair in pairs)
    for pair in pairs:
        answer = answer_to(pair, settings, plain, Options())
        if answer.evidence is None:
            continue
        whole, seen_at = log_odds(answer.evidence.anything or 0.5), answer.evidence.seen_at
        faint, regions = np.log1p(faint_density(answer.regions, answer.evidence.gone.size)), _regions(answer, pair)
        for score, area, is_right in regions:
            seen = min(area * seen_at**2 / SEEN, 1.0)
            shown = whole * seen + log_odds(UNSEEN) * (1 - seen)
            rows.append((log_odds(score), np.log(max(area, 1) / 100), shown, faint, 1.0))
            right.append(is_right)
            weights.append((balance if pair.changed else 1.0) / max(len(regions), 1))
    known, truth, weight, constants = np.array(rows), np.array(right, float), np.array(weights), np.zeros(5)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-known @ constants))
        slope = known.T @ (weight * (truth - chance)) - 1e-3 * constants
        bend = (known * (weight * chance * (1 - chance))[:, None]).T @ known + 1e-3 * np.eye(5)
        constants += np.linalg.solve(bend, slope)
    return Calibration(*constants.tolist())


def log_odds(chance: float) -> float:
    bounded = min(max(chance, DOUBT), 1 - DOUBT)
    return float(np.log(bounded / (1 - bounded)))


def _regions(answer: Comparison, pair: Known) -> list[tuple[float, int, bool]]:
    """Every region that can be judged: its score, its area, and whether enough of its box truly changed."""
    if pair.truth is None:
        return [(region.score, region.area, False) for region in answer.regions]
    found, truth = [], pair.truth
    for region in answer.regions:
        sides = (
            (region.box_before, truth.gone, truth.counted_before),
            (region.box_after, truth.new, truth.counted_after),
        )
        shares = [share_of(box, mask, counted) for box, mask, counted in sides if box is not None]
        known = [share for share in shares if share is not None]
        if known:
            found.append((region.score, region.area, max(known) >= RIGHT))
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


def share(founds: list[Found], changed: bool, verdict: str) -> float:  # noqa: FBT001
    """How many of the pairs that did, or did not, change are called so."""
    return float(np.mean([found.verdict == verdict for found in founds if found.changed is changed]))


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

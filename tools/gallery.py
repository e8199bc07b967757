"""The gallery of docs/gallery: pairs of our own on which the default method does best and worst, with what it said.

    python tools/render_pairs.py --count 60 --seed 7 --out rendered
    python tools/gallery.py rendered --out docs/gallery

Pairs are ranked by how many of their changed places were found and how many regions were wrong, and nothing is chosen
by hand: the ten best of those with three changes and more, and the ten worst of all.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import spotdiff
from spotdiff.data import Sample, open_named
from spotdiff.data.dataset import CHANGED, UNCOUNTED, read_truth
from spotdiff.language.parse import parse
from spotdiff.language.places import place_of
from spotdiff.metrics.ratios import mean_known, share
from spotdiff.report.overlay import overlay

SHOWN = 10
BUSY = 3  # changed places of a pair that is fit for the best
FEWEST = 12  # pixels of a changed place that counts
RIGHT = 0.3  # share of a region that truly changed, for it to be right
SENTENCES = 6  # of the surest regions of a pair
NEAR = 12  # pixels that after may be shifted by
WIDE = 300  # pixels of one picture of a row


@dataclass(frozen=True)
class Shown:
    """One pair with its answer: how many places changed, how many were found, how many regions are wrong."""

    sample: Sample
    answer: spotdiff.Comparison
    places: int
    found: int
    wrong: int

    @property
    def quality(self) -> float:
        """F1 of places found and regions right; NaN where nothing changed and nothing was said."""
        return share(2 * self.found, self.found + self.wrong + self.places)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    every = [judge(sample) for sample in open_named(str(options.pairs))]
    judged = sorted((shown for shown in every if shown.quality == shown.quality), key=lambda shown: shown.quality)
    best = [shown for shown in reversed(judged) if shown.places >= BUSY][:SHOWN]
    worst = judged[:SHOWN]
    text = [HEAD.format(count=len(every), known=len(judged), mean=mean_known([shown.quality for shown in judged]))]
    for title, rows in (("Ten of the best", best), ("The ten worst", worst)):
        text.append(f"## {title}\n")
        for number, shown in enumerate(rows, 1):
            name = f"{title.split()[-1]}_{number:02}.jpg"
            Image.fromarray(row(shown)).save(options.out / name, quality=82)
            text.append(f"![{name}]({name})\n\n{told(shown)}\n")
    (options.out / "README.md").write_text("\n".join(text), encoding="utf-8")


HEAD = """# Gallery

{count} pairs, rendered for this page and for no training, through `spotdiff compare` with its defaults: before, after,
what was said. A pair's figure is the F1 of changed places found and regions right; the mean over the
{known} in which anything changed or was said is {mean:.2f}.
Which pairs stand here was decided by that figure alone.
"""


def judge(sample: Sample) -> Shown:
    """Compare a pair and hold the regions against the truth."""
    answer = spotdiff.compare(sample.before, sample.after, name=sample.name)
    truth = read_truth(sample)
    if truth.mask is None:
        raise SystemExit(f"{sample.name} has no mask")
    true = (truth.mask == CHANGED).astype(np.uint8)
    counts = ~np.isin(truth.mask, UNCOUNTED)
    said = np.zeros(true.shape, np.uint8)
    wrong = 0
    for region in answer.regions:
        box = region.box_before or region.box_after
        if box is None:
            continue
        part = slice(max(box[1], 0), box[3]), slice(max(box[0], 0), box[2])
        inside, known = true[part] > 0, counts[part]
        if known.mean() > 0.5:
            wrong += bool(inside[known].mean() < RIGHT)
        said[part] = 1
    labels, parts, stats, _ = cv2.connectedComponentsWithStats(true)
    places = [number for number in range(1, labels) if stats[number, cv2.CC_STAT_AREA] >= FEWEST]
    found = sum(said[parts == number].mean() >= 0.5 for number in places)
    return Shown(sample, answer, len(places), found, wrong)


def row(shown: Shown) -> np.ndarray:
    """Before, after and what was said, side by side."""
    pictures = [shown.answer.pair.before.pixels, shown.answer.pair.after.pixels, overlay(shown.answer)]
    height = round(WIDE * pictures[0].shape[0] / pictures[0].shape[1])
    small = [cv2.resize(np.ascontiguousarray(p), (WIDE, height), interpolation=cv2.INTER_AREA) for p in pictures]
    return np.hstack(small)


def told_of(answer: spotdiff.Comparison) -> str:
    """What is said of the surest regions; every sentence is read back and held against its region first."""
    size = answer.pair.before.size
    for region in answer.regions:
        (fact,) = parse(region.text)
        box = region.box_before if region.kind in ("removed", "moved") else region.box_after or region.box_before
        if fact.kind != region.kind or (box and fact.spot.place not in places_near(box, size)):
            raise SystemExit(f"{region.text!r} is not what the record says: {region.kind} at {box}")
    return " ".join(region.text for region in answer.regions[:SENTENCES])


def places_near(box: tuple[int, ...], size: tuple[int, int]) -> set[str]:
    """The thirds that the middle of a box lies in or next to: words are of the common frame, boxes of each picture."""
    near = [tuple(edge + shift[i % 2] for i, edge in enumerate(box)) for shift in product((-NEAR, 0, NEAR), repeat=2)]
    return {place_of(moved, size) for moved in near}


def told(shown: Shown) -> str:
    """What is true and what was said, in a line."""
    answer = shown.answer
    return (
        f"{shown.found} of {shown.places} changed places found, {shown.wrong} regions wrong. "
        f"Said ({answer.verdict}): {answer.text} {told_of(answer)}".rstrip()
    )


if __name__ == "__main__":
    main()

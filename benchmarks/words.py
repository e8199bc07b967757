"""Is what the words say true? Every sentence of every region, read back and held against true boxes.

    python benchmarks/words.py DATA [--split dev] [--out FILE.json]

DATA is a dataset with boxes of objects, such as vehicles that came and went. A region belongs to the true box that it
overlaps most, by a tenth at least. Its kind is right if the box has that kind; its place is right if the middle of the
true box lies in the third of the picture that the sentence names, or within 2 % of the picture's side of it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from spotdiff.data import find_datasets, open_dataset
from spotdiff.data.dataset import EITHER, read_truth
from spotdiff.language.parse import parse
from spotdiff.language.places import place_of
from spotdiff.metrics.detections import boxes_array, iou_matrix
from spotdiff.pipeline import compare
from spotdiff.types import Region

LEAST = 0.1  # overlap of a region and its true box
NEAR = 0.02  # of the side of the picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--split", default="")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = [row for path in find_datasets(options.data) for row in _rows(path, options.split)]
    on = [row for row in rows if row["true"] is not None]
    if options.out:
        options.out.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    print(f"pairs {len({row['pair'] for row in rows})}, sentences {len(rows)}, on a true box {len(on)}")
    for name in ("kind", "place", "place within 2 %", "both"):
        right = sum(bool(row[name]) for row in on)
        print(f"{name:<18}{right:>5} of {len(on)}  {right / max(len(on), 1):.3f}")
    stated = [row for row in rows if not str(row["text"]).startswith("Possibly")]
    nothing = sum(row["true"] is None for row in stated)
    print(f"stated where nothing is known to have changed: {nothing} of {len(stated)}")


def _rows(path: Path, split: str) -> list[dict[str, object]]:
    rows = []
    for sample in open_dataset(path, split=split):
        truth = read_truth(sample)
        boxes = boxes_array(truth.boxes)
        found = compare(sample.before, sample.after)
        for region in found.regions:
            where = _where(region)
            (fact,) = parse(region.text)
            overlaps = iou_matrix(boxes_array([where]), boxes)[0] if len(boxes) else []
            best = int(max(range(len(boxes)), key=lambda n: overlaps[n])) if len(boxes) else 0
            row: dict[str, object] = {"pair": sample.name, "text": region.text, "score": region.score, "true": None}
            if len(boxes) and overlaps[best] >= LEAST and truth.kinds[best] != EITHER:
                row |= _judged(fact.kind, fact.spot.place, truth.boxes[best], truth.kinds[best], found.pair.before.size)
            if not (len(boxes) and overlaps[best] >= LEAST and truth.kinds[best] == EITHER):
                rows.append(row)
    return rows


def _judged(kind: str, place: str, box: tuple[float, ...], true: str, size: tuple[int, int]) -> dict[str, object]:
    shifts = [(x * NEAR * size[0], y * NEAR * size[1]) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    near = {place_of(tuple(edge + shift[i % 2] for i, edge in enumerate(box)), size) for shift in shifts}
    exact = place_of(box, size) == place
    return {
        "true": true,
        "kind": kind == true,
        "place": exact,
        "place within 2 %": place in near,
        "both": kind == true and place in near,
    }


def _where(region: Region) -> tuple[float, ...]:
    first = region.box_before if region.kind in ("removed", "moved") else region.box_after
    return first or region.box_before or region.box_after or (0, 0, 0, 0)


if __name__ == "__main__":
    main()

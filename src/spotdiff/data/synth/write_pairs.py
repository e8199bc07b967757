"""Made pairs as a dataset in a folder, which `spotdiff.data.open_dataset` reads; stopped and started again, it goes on.

Beside the layout told in `spotdiff.data.open` there are

    DATA/scene/NAME.json    what is known of the pair: kinds, classes, colours, words, boxes, outlines, light, camera,
                            and what changed in some sentences, all of the same facts
    DATA/captions.json      these sentences, in the layout of Spot-the-diff
    DATA/recipe.json        what the pairs were made by, and how many of each kind there are
    DATA/contact.png        some of the pairs to look at
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.atomic_write import write_whole
from spotdiff.data.dataset import CHANGED, UNCHANGED, UNCOUNTED
from spotdiff.data.read_json import read_json
from spotdiff.data.synth.captions import fact_of, in_order, sentences_of
from spotdiff.data.synth.contact_sheet import contact_sheet
from spotdiff.data.synth.output import claim_folder, encode_json, encode_png, map_numbers, provenance
from spotdiff.data.synth.synthesis import Synthesis
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from spotdiff.data.example import Example
    from spotdiff.types import Bytes, Mask

SCHEMA = "spotdiff/pairs/1"
_SHEET = 24  # pairs on the contact sheet
_CHUNK = 8  # pairs that a worker is given at once


@dataclass(frozen=True, slots=True)
class WrittenPair:
    """A pair in the folder.

    Attributes:
        name: Of the pair.
        kinds: Of its changes.
        sentences: What changed, each of them all of it.
        fresh: Whether it was made now; False when it was there already.
    """

    name: str
    kinds: tuple[str, ...]
    sentences: tuple[str, ...]
    fresh: bool


def write_pairs(source: Synthesis, out: str | Path, count: int, *, workers: int = 0) -> Iterator[WrittenPair]:
    """Write the first `count` pairs, those that are missing, and tell of each, in order.

    Args:
        source: What makes them.
        out: The folder; made when missing.
        count: How many pairs it holds in the end.
        workers: Processes that make them; 0 for this one.

    Raises:
        DataError: the folder holds something else, or pairs of another recipe, seed or material; a photograph or
            cut-out turns out to be damaged; a worker dies.
        OSError: something cannot be written.
    """
    folder = Path(out)
    made_by = provenance(SCHEMA, source.recipe, source.materials, source.seed)
    claim_folder(folder / "recipe.json", made_by, made_by, what="pairs")
    tally: Counter[str] = Counter()
    changed, captions = 0, []
    for written in map_numbers(partial(_write_pair, source, folder), count, workers=workers, at_once=_CHUNK):
        tally.update(written.kinds)
        changed += bool(written.kinds)
        captions.append({"img_id": written.name, "sentences": written.sentences})
        yield written
    totals = {"pairs": count, "changed": changed, "kinds": dict(sorted(tally.items()))}
    write_whole(folder / "captions.json", encode_json(captions))
    write_whole(folder / "contact.png", encode_png(contact_sheet(source, min(count, _SHEET))))
    write_whole(folder / "recipe.json", encode_json(made_by | totals))


def _write_pair(source: Synthesis, folder: Path, number: int) -> WrittenPair:
    """Make a pair and write its files, the scene last: where that is, all of them are."""
    name = f"{number:06d}"
    scene = folder / "scene" / f"{name}.json"
    if scene.exists():
        return _read_scene(scene, name)
    example, mask = source.with_mask(number)
    size = example.before.shape[1], example.before.shape[0]
    facts = [fact_of(place, size) for place in in_order(example.places)]
    sentences = sentences_of(facts, source.seed, number)
    pictures = {
        "before": example.before,
        "after": example.after,
        "mask": mask,
        "gone": _mask_levels(example.gone, example.counted_before),
        "new": _mask_levels(example.new, example.counted_after),
    }
    for part, pixels in pictures.items():
        write_whole(folder / part / f"{name}.png", encode_png(pixels))
    write_whole(folder / "boxes" / f"{name}.json", encode_json(_boxes(example)))
    write_whole(scene, encode_json(_scene(example, name) | {"sentences": sentences}))
    return WrittenPair(name, tuple(place.kind for place in example.places), sentences, fresh=True)


def _read_scene(path: Path, name: str) -> WrittenPair:
    try:
        scene = read_json(path)
        kinds = tuple(str(place["kind"]) for place in scene["places"])
        return WrittenPair(name, kinds, tuple(map(str, scene["sentences"])), fresh=False)
    except (DataError, TypeError, KeyError):
        raise DataError(f"{path} tells of no pair; remove it, and the pair is made anew") from None


def _mask_levels(mask: Mask, counted: Mask) -> Bytes:
    return np.where(counted, np.where(mask, CHANGED, UNCHANGED), UNCOUNTED[0]).astype(np.uint8)


def _boxes(example: Example) -> dict[str, Any]:
    """The places that have a box in both pictures."""
    places = [place for place in example.places if place.box_before and place.box_after]
    before = [[*(place.box_before or ()), place.kind] for place in places]
    return {"form": "places", "boxes": before, "boxes_after": [list(place.box_after or ()) for place in places]}


def _scene(example: Example, name: str) -> dict[str, Any]:
    size = [example.before.shape[1], example.before.shape[0]]
    places = [
        {
            "kind": place.kind,
            "facts": dict(place.facts),
            "box_before": place.box_before,
            "box_after": place.box_after,
            "outline_before": place.outline_before,
            "outline_after": place.outline_after,
        }
        for place in example.places
    ]
    return {"name": name, "size": size, "changed": example.changed, "places": places, **example.facts}

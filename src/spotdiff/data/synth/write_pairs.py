"""Made pairs as a dataset in a folder, which `spotdiff.data.open_dataset` reads; stopped and started again, it goes on.

Beside the layout told in `spotdiff.data.open` there are

    DATA/scene/NAME.json    what is known of the pair: kinds, classes, colours, words, boxes, outlines, light, camera,
                            and what changed in some sentences, all of the same facts
    DATA/captions.json      these sentences, in the layout of Spot-the-diff
    DATA/recipe.json        what the pairs were made by, and how many of each kind there are
    DATA/contact.png        some of the pairs to look at
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff import __version__
from spotdiff.data.dataset import CHANGED, UNCHANGED, UNCOUNTED
from spotdiff.data.synth.captions import fact_of, in_order, sentences_of
from spotdiff.data.synth.contact_sheet import contact_sheet
from spotdiff.data.synth.synthesis import Synthesis
from spotdiff.errors import DataError
from spotdiff.files import write_whole

if TYPE_CHECKING:
    from spotdiff.data.example import Example, Place
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
    folder, how = Path(out), _how(source)
    _claim(folder, how)
    tally: Counter[str] = Counter()
    changed, captions = 0, []
    for written in _all_written(source, folder, count, workers):
        tally.update(written.kinds)
        changed += bool(written.kinds)
        captions.append({"img_id": written.name, "sentences": written.sentences})
        yield written
    how |= {"pairs": count, "changed": changed, "kinds": dict(sorted(tally.items()))}
    write_whole(folder / "captions.json", _json(captions))
    write_whole(folder / "contact.png", _png(contact_sheet(source, min(count, _SHEET))))
    write_whole(folder / "recipe.json", _json(how))


def _how(source: Synthesis) -> dict[str, Any]:
    digest = sha256()
    for file in (*source.materials.photos, *source.materials.cutouts):
        digest.update(file.data)
    counts = {"photos": len(source.materials.photos), "cutouts": len(source.materials.cutouts)}
    materials = counts | {"sha256": digest.hexdigest()}
    how = {"schema": SCHEMA, "version": __version__, "recipe": asdict(source.recipe), "seed": source.seed}
    return how | {"materials": materials}


def _claim(folder: Path, how: dict[str, Any]) -> None:
    """Write down in the folder how its pairs are made, unless that is there already.

    Raises:
        DataError: the folder holds something else.
    """
    noted = folder / "recipe.json"
    if not noted.exists():
        if folder.is_dir() and any(folder.iterdir()):
            raise DataError(f"{folder} is not empty and holds no recipe.json; choose another folder")
        write_whole(noted, _json(how))
        return
    try:
        said = json.loads(noted.read_text(encoding="utf-8"))
        other = [part for part in ("schema", "recipe", "seed", "materials") if said.get(part) != how[part]]
    except (ValueError, AttributeError, RecursionError):
        raise DataError(f"{noted} says nothing of pairs; choose another folder") from None
    if other:
        raise DataError(f"{folder} holds pairs of another {' and '.join(other)}; choose another folder")


def _all_written(source: Synthesis, folder: Path, count: int, workers: int) -> Iterator[WrittenPair]:
    if not workers:
        yield from (_written(source, folder, number) for number in range(count))
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_settle, initargs=(source, folder))
    try:
        yield from pool.map(_written_here, range(count), chunksize=_CHUNK)
    except BrokenProcessPool:
        raise DataError(
            "a worker died, perhaps for lack of memory; start again with fewer workers: it goes on"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


_HERE: dict[str, Any] = {}  # what a worker process works on: handed over once, not with every pair


def _settle(source: Synthesis, folder: Path) -> None:
    cv2.setNumThreads(1)
    _HERE.update(source=source, folder=folder)


def _written_here(number: int) -> WrittenPair:
    return _written(_HERE["source"], _HERE["folder"], number)


def _written(source: Synthesis, folder: Path, number: int) -> WrittenPair:
    """Make a pair and write its files, the scene last: where that is, all of them are."""
    name = f"{number:06d}"
    scene = folder / "scene" / f"{name}.json"
    if scene.exists():
        return _found(scene, name)
    example, mask = source.with_mask(number)
    size = example.before.shape[1], example.before.shape[0]
    facts = [fact_of(place, size) for place in in_order(example.places)]
    sentences = sentences_of(facts, source.seed, number)
    pictures = {
        "before": example.before,
        "after": example.after,
        "mask": mask,
        "gone": _coded(example.gone, example.counted_before),
        "new": _coded(example.new, example.counted_after),
    }
    for part, pixels in pictures.items():
        write_whole(folder / part / f"{name}.png", _png(pixels))
    write_whole(folder / "boxes" / f"{name}.json", _json(_boxes(example)))
    write_whole(scene, _json(_scene(example, name) | {"sentences": sentences}))
    return WrittenPair(name, tuple(place.kind for place in example.places), sentences, fresh=True)


def _found(scene: Path, name: str) -> WrittenPair:
    try:
        said = json.loads(scene.read_text(encoding="utf-8"))
        kinds = tuple(str(place["kind"]) for place in said["places"])
        return WrittenPair(name, kinds, tuple(map(str, said["sentences"])), fresh=False)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DataError(f"{scene} tells of no pair; remove it, and the pair is made anew") from None


def _coded(mask: Mask, counted: Mask) -> Bytes:
    return np.where(counted, np.where(mask, CHANGED, UNCHANGED), UNCOUNTED[0]).astype(np.uint8)


def _boxes(example: Example) -> dict[str, Any]:
    """The places that have a box in both pictures."""
    both = [place for place in example.places if place.box_before and place.box_after]
    before = [[*(place.box_before or ()), place.kind] for place in both]
    return {"form": "places", "boxes": before, "boxes_after": [list(place.box_after or ()) for place in both]}


def _scene(example: Example, name: str) -> dict[str, Any]:
    size = [example.before.shape[1], example.before.shape[0]]
    places = [_told(place) for place in example.places]
    return {"name": name, "size": size, "changed": example.changed, "places": places, **example.facts}


def _told(place: Place) -> dict[str, Any]:
    return {
        "kind": place.kind,
        "facts": dict(place.facts),
        "box_before": place.box_before,
        "box_after": place.box_after,
        "outline_before": place.outline_before,
        "outline_after": place.outline_after,
    }


def _json(said: object) -> bytes:
    return (json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _png(pixels: Bytes) -> bytes:
    """A PNG file of (H, W) or (H, W, 3) RGB, packed quickly rather than tightly."""
    blue_first = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    return bytes(cv2.imencode(".png", blue_first, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])

"""Labels in: pairs with what is drawn on them become a dataset."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.data.labels.parts.bitmaps import bitmaps_of, boxes_of
from spotdiff.data.labels.parts.marks import SIDES
from spotdiff.errors import OptionError
from spotdiff.files import write_whole
from spotdiff.image.png import encode_grey

if TYPE_CHECKING:
    from spotdiff.data.labels.parts.gather import Labelled

BOXES = ("places", "objects")


def write_dataset(pairs: Sequence[Labelled], out: Path, *, boxes: str = "places") -> Iterator[Labelled]:
    """Write a dataset, pair by pair as it is asked for; it stands in `out` when the last has been given.

    Each pair gets before/, after/, added/, removed/, changed/, unchanged/, gone/, new/, mask/ and boxes/ of its name.

    Args:
        pairs: Sound pairs of names that differ.
        out: A folder that is not there yet, or is empty.
        boxes: `places` or `objects`, see `spotdiff.data.dataset.Truth`.

    Raises:
        OptionError: `out` holds something.
    """
    with new_folder(out) as folder:
        for pair in pairs:
            _write(pair, folder, boxes)
            yield pair


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder beside `out` to fill, which takes its place when all went well and vanishes when not.

    Raises:
        OptionError: `out` is a file, or a folder that holds something.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OptionError(f"{out} is there already: choose a new or an empty folder")
    part = out.absolute().with_name(f".{out.absolute().name}.part")
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(parents=True)
    try:
        yield part
        if out.exists():
            out.rmdir()
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(pair: Labelled, folder: Path, boxes: str) -> None:
    if len(pair.shots) == 1:
        coded = [(".png", half) for half in pair.shots[0].halves()]
    else:
        coded = [(shot.ending, shot.data) for shot in pair.shots]
    for side, (ending, data) in zip(SIDES, coded, strict=True):
        write_whole(folder / side / f"{pair.name}{ending}", data)
    for name, pixels in bitmaps_of(pair).by_folder().items():
        write_whole(folder / name / f"{pair.name}.png", encode_grey(pixels))
    said = json.dumps(boxes_of(pair, form=boxes)) + "\n"
    write_whole(folder / "boxes" / f"{pair.name}.json", said.encode("ascii"))

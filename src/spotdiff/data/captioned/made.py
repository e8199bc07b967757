"""Pairs that `spotdiff synth` made, with their facts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.data.captioned import CaptionedPair, clean_sentences
from spotdiff.data.example import Place
from spotdiff.data.read_json import read_json
from spotdiff.data.synth.captions import fact_of, in_order
from spotdiff.errors import DataError, why_no_folder
from spotdiff.types import KINDS

if TYPE_CHECKING:
    from spotdiff.types import Box, Outline

_LONGEST = 100_000  # pixels of a side


class Made:
    """Layout: see `spotdiff.data.synth.write_pairs`."""

    def open(self, root: Path, split: str = "") -> tuple[CaptionedPair, ...]:
        """All pairs of the folder; made pairs have no splits.

        Raises:
            DataError: the folder holds no made pairs, a scene is damaged, or a split is asked for.
        """
        if split:
            raise DataError(f"{root} has no split {split!r}: made pairs have none; make a folder for each")
        scenes = sorted((root / "scene").glob("*.json"))
        if not scenes and not root.is_dir():
            raise DataError(f"{root}: {why_no_folder(root)}")
        if not scenes:
            raise DataError(
                f"{root} holds no made pairs; make some with `spotdiff synth --recipe captions --out {root}`"
            )
        return tuple(_read_scene(root, scene) for scene in scenes)


def _read_scene(root: Path, path: Path) -> CaptionedPair:
    scene = read_json(path)
    try:
        size = (int(scene["size"][0]), int(scene["size"][1]))
        if not all(1 <= side <= _LONGEST for side in size):
            raise ValueError
        places = in_order([_parse_place(place, size) for place in scene["places"]])
        sentences = clean_sentences(scene["sentences"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, StopIteration, OverflowError):
        raise DataError(f"{path} tells of no captioned pair; remove it, and make the pairs anew") from None
    before, after = (root / side / f"{path.stem}.png" for side in ("before", "after"))
    facts = tuple(fact_of(place, size) for place in places)
    return CaptionedPair(path.stem, before, after, sentences, facts, places)


def _parse_place(place: Mapping[str, Any], size: tuple[int, int]) -> Place:
    kind = next(kind for kind in KINDS if kind == place["kind"])
    facts = {str(name): str(value) for name, value in place["facts"].items()}
    boxes = _parse_box(place["box_before"], size), _parse_box(place["box_after"], size)
    outlines = _parse_outlines(place["outline_before"]), _parse_outlines(place["outline_after"])
    return Place(kind, *boxes, *outlines, facts)


def _parse_outlines(rows: Any) -> tuple[Outline, ...]:  # noqa: ANN401 (as JSON has it)
    outlines = tuple(tuple((int(x), int(y)) for x, y in outline) for outline in rows)
    if not all(outline and all(abs(at) <= _LONGEST for corner in outline for at in corner) for outline in outlines):
        raise ValueError
    return outlines


def _parse_box(row: Any, size: tuple[int, int]) -> Box | None:  # noqa: ANN401
    if row is None:
        return None
    left, top, right, bottom = (int(edge) for edge in row)
    if not (0 <= left < right <= size[0] and 0 <= top < bottom <= size[1]):
        raise ValueError
    return left, top, right, bottom

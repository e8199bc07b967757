"""Pairs that `spotdiff synth` made, with their facts."""

from __future__ import annotations

from pathlib import Path

from spotdiff.data.captioned._told import Told, read_json, sentences_in
from spotdiff.data.example import Place
from spotdiff.data.synth.captions import fact_of, in_order
from spotdiff.errors import DataError


class Made:
    """Layout: see `spotdiff.data.synth.write`."""

    def open(self, root: Path, split: str = "") -> tuple[Told, ...]:
        """All pairs of the folder; made pairs have no splits.

        Raises:
            DataError: the folder holds no made pairs, a scene is damaged, or a split is asked for.
        """
        if split:
            raise DataError(f"{root} has no split {split!r}: made pairs have none; make a folder for each")
        scenes = sorted((root / "scene").glob("*.json"))
        if not scenes:
            raise DataError(f"{root} holds no made pairs; make some with `spotdiff synth --recipe captions --out {root}`")
        return tuple(_told(root, scene) for scene in scenes)


def _told(root: Path, scene: Path) -> Told:
    said = read_json(scene)
    try:
        size = (int(said["size"][0]), int(said["size"][1]))
        places = in_order([_place(one) for one in said["places"]])
        sentences = sentences_in(said["sentences"])
    except (KeyError, TypeError, ValueError, IndexError):
        raise DataError(f"{scene} tells of no captioned pair; remove it, and make the pairs anew") from None
    pictures = (root / side / f"{scene.stem}.png" for side in ("before", "after"))
    return Told(scene.stem, *pictures, sentences, tuple(fact_of(place, size) for place in places), places)


def _place(said: dict[str, object]) -> Place:
    boxes = [tuple(map(int, box)) if isinstance(box, list) else None for box in (said["box_before"], said["box_after"])]
    return Place(said["kind"], *boxes, facts=dict(said["facts"]))  # type: ignore[arg-type, call-overload]

"""From label files to pairs whose labels are known to be sound; every trouble is told, file by file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.data.labels.parts.marks import SIDES, Mark, Side
from spotdiff.data.labels.parts.pictures import Shelf, Shot, shot_of
from spotdiff.data.labels.parts.polygons import cover, fill
from spotdiff.data.labels.parts.sides import Spot, spot_of
from spotdiff.data.labels.parts.words import ADDED, MOVED, REMOVED, kind_of, words_of
from spotdiff.errors import DataError, SpotdiffError

if TYPE_CHECKING:
    from spotdiff.data.labels.parts.marks import Format, Sheet

_SLACK = 1.0  # pixels by which a corner may lie beyond an edge, as rounding in the tools puts it there


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A pair and what is drawn on it.

    Attributes:
        name: The pair's name.
        size: (width, height) of each of its pictures.
        shots: Its two pictures, or the one that shows them side by side.
        marks: What is drawn on each picture, in its own pixels; the labels are kinds.
    """

    name: str
    size: tuple[int, int]
    shots: tuple[Shot, ...]
    marks: Mapping[Side, tuple[Mark, ...]]


@dataclass(slots=True)
class _Found:
    """What is known so far."""

    words: Mapping[str, str]
    shelf: Shelf
    sheets: dict[Spot, Sheet] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


def gather(
    form: Format,
    source: Path,
    *,
    pictures: Path | None = None,
    side_by_side: bool = False,
    labels: Iterable[str] = (),
    unmarked: bool = False,
) -> tuple[tuple[Labelled, ...], tuple[str, ...]]:
    """The pairs that label files speak of, sorted by name, and every trouble with them, one line each.

    Args:
        form: How the files are written.
        source: A label file, or a folder of them.
        pictures: Folder of the pictures; None for that of `source`.
        side_by_side: Whether one picture shows both, before on the left and after on the right.
        labels: `theirs=ours` for words that labels use.
        unmarked: Whether the pairs among the pictures that no label file speaks of are unchanged ones.

    Raises:
        DataError: `source` is not there or holds no label file, or `pictures` is no folder.
        OptionError: one of `labels` cannot be.
    """
    root = source if source.is_dir() else source.parent
    found = _Found(words_of(labels), Shelf.of(pictures or root))
    for path in _label_files(form, source):
        _take_file(form, path, root, found, side_by_side=side_by_side)
    names = {spot.key for spot in found.sheets}
    if unmarked:
        names |= set(found.shelf.files if side_by_side else found.shelf.pairs())
    take = _side_by_side if side_by_side else _two
    pairs = [take(name, found) for name in sorted(names)]
    return tuple(pair for pair in pairs if pair is not None), tuple(found.troubles)


def _label_files(form: Format, source: Path) -> Sequence[Path]:
    if not source.is_dir():
        return (source,)
    files = sorted(path for path in source.rglob(f"*{form.ending}") if path.is_file() and path.name[0] != ".")
    if not files:
        raise DataError(f"{source} holds no {form.ending} file")
    return files


def _take_file(form: Format, path: Path, root: Path, found: _Found, *, side_by_side: bool) -> None:
    try:
        sheets = form.read(path)
    except DataError as error:
        found.troubles.append(str(error))
        return
    for sheet in sheets:
        try:
            spot = spot_of(sheet, root, side_by_side=side_by_side)
            known = found.sheets.setdefault(spot, sheet)
            if known is not sheet:
                raise DataError(f"{_called(known)} is of the same picture {spot.key!r}: keep one of them")
        except DataError as error:
            found.troubles.append(f"{_called(sheet)}: {error}")


def _called(sheet: Sheet) -> str:
    return f"{sheet.file}: {sheet.name}" if sheet.name else str(sheet.file)


def _shot(spot: Spot, found: _Found) -> Shot | None:
    """The picture at a spot, of the size that its label file says."""
    sheet = found.sheets.get(spot)
    where = _called(sheet) if sheet else f"{found.shelf.folder}: {spot.side}/{spot.key}"
    try:
        shot = shot_of(found.shelf.find(spot, sheet), sheet)
        if sheet and sheet.size not in (None, shot.size):
            said, true = ("x".join(map(str, size)) for size in (sheet.size or (), shot.size))
            raise DataError(f"it says that the picture is {said}, but it is {true}")
    except SpotdiffError as error:
        found.troubles.append(f"{where}: {error}")
        return None
    return shot


def _two(name: str, found: _Found) -> Labelled | None:
    shots = tuple(_shot(Spot(name, side), found) for side in SIDES)
    before, after = shots
    if before is None or after is None:
        return None
    if before.size != after.size:
        sizes = " and ".join("x".join(map(str, shot.size)) for shot in (before, after))
        found.troubles.append(f"{found.shelf.folder}: {name}: its pictures are {sizes}: bring them to one size first")
        return None
    sheets = [(side, found.sheets.get(Spot(name, side))) for side in SIDES]
    marks = {side: _sound(sheet, sheet.marks, side, before.size, found) for side, sheet in sheets if sheet}
    return _complete(Labelled(name, before.size, (before, after), marks), sheets[0][1] or sheets[1][1], found)


def _side_by_side(name: str, found: _Found) -> Labelled | None:
    spot = Spot(name, None)
    shot, sheet = _shot(spot, found), found.sheets.get(spot)
    if shot is None:
        return None
    width, height = shot.size
    if width % 2:
        where = _called(sheet) if sheet else f"{found.shelf.folder}: {name}"
        found.troubles.append(f"{where}: the picture is {width} wide: two pictures side by side have an even width")
        return None
    marks: dict[Side, tuple[Mark, ...]] = {}
    if sheet:
        split = [_split(mark, shot.size) for mark in sheet.marks]
        for side in SIDES:
            own = tuple(mark for mark, there in split if there == side)
            marks[side] = _sound(sheet, own, side, (width // 2, height), found)
    return _complete(Labelled(name, (width // 2, height), (shot,), marks), sheet, found)


def _split(mark: Mark, size: tuple[int, int]) -> tuple[Mark, Side]:
    """A mark in the pixels of the half that holds its centroid, and which half that is."""
    if mark.trouble or not all(len(ring) for ring in mark.rings):
        return mark, "before"
    (left, _, _, _), covered = cover(mark.rings, size)
    every, middle = np.concatenate(mark.rings), size[0] / 2
    columns = np.flatnonzero(covered.any(axis=0))
    weights = covered.sum(axis=0)[columns]
    centroid = left + float(np.average(columns + 0.5, weights=weights)) if columns.size else float(every[:, 0].mean())
    side: Side = "before" if centroid < middle else "after"
    low, high = every[:, 0].min(), every[:, 0].max()
    crosses = low < middle - _SLACK and high > middle + _SLACK
    trouble = "it crosses the middle, from one picture into the other" if crosses else ""
    shift = (0.0 if side == "before" else middle, 0.0)
    return replace(mark, rings=tuple(ring - shift for ring in mark.rings), trouble=trouble), side


def _sound(sheet: Sheet, marks: Sequence[Mark], side: Side, size: tuple[int, int], found: _Found) -> tuple[Mark, ...]:
    """The marks with their kinds as labels; those with trouble are told and left out."""
    sound = []
    for mark in marks:
        try:
            sound.append(_checked(mark, side, size, found.words))
        except DataError as error:
            label = f" ({mark.label})" if mark.label else ""
            found.troubles.append(f"{_called(sheet)}: {mark.where}{label}: {error}")
    return tuple(sound)


def _checked(mark: Mark, side: Side, size: tuple[int, int], words: Mapping[str, str]) -> Mark:
    if mark.trouble:
        raise DataError(mark.trouble)
    kind = kind_of(mark.label, words)
    if (kind, side) in ((ADDED, "before"), (REMOVED, "after")):
        raise DataError(f"what is {kind} is drawn in {'after' if kind == ADDED else 'before'}, not in {side}")
    for ring in mark.rings:
        count = len(np.unique(ring, axis=0))
        if count < 3:
            raise DataError(f"a polygon has three corners or more, not {count}")
        low, high = ring.min(axis=0), ring.max(axis=0)
        if (low < -_SLACK).any() or (high > np.array(size) + _SLACK).any():
            corners = ",".join(f"{v:g}" for v in (*low, *high))
            raise DataError(f"it lies outside: {corners} is not within 0,0,{size[0]},{size[1]}")
        if not fill(ring, size).any():
            raise DataError("it covers no pixel")
    return replace(mark, label=kind)


def _complete(pair: Labelled, sheet: Sheet | None, found: _Found) -> Labelled:
    """The pair, once a thing that moved is known to be drawn where it was and where it is."""
    sides = [side for side, marks in pair.marks.items() if any(mark.label == MOVED for mark in marks)]
    if len(sides) == 1 and sheet:
        other = "after" if sides[0] == "before" else "before"
        said = f"what moved is drawn in {sides[0]} only: draw it in {other} too, or call it added or removed"
        found.troubles.append(f"{_called(sheet)}: {pair.name}: {said}")
    return pair

"""Which pair a label file speaks of, and of which of its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from spotdiff.data.open import PAIR_FOLDERS
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from spotdiff.data.labels.parts.marks import Sheet, Side

_SIDES: dict[str, Side] = {}
for _before, _after in PAIR_FOLDERS:
    _SIDES |= {_before: "before", _after: "after"}
FOLDERS: dict[Side, tuple[str, ...]] = {
    "before": tuple(before for before, _ in PAIR_FOLDERS),
    "after": tuple(after for _, after in PAIR_FOLDERS),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A picture's place in a dataset: the pair's name, and which of the two it is (None: both, side by side)."""

    key: str
    side: Side | None


def spot_of(sheet: Sheet, root: Path, *, side_by_side: bool) -> Spot:
    """Where a picture belongs.

    Its side is the last folder on the way to it that bears the name of one: before, t0 or A; after, t1 or B. The
    pair's name is what follows. Where the picture's name has no such folder, the label file's own path below `root`
    tells the side, by a folder or by its name: what `before.json` says is of before.

    Raises:
        DataError: nothing tells the side, or the name leads out of the dataset.

    Examples:
        >>> from pathlib import Path
        >>> from spotdiff.data.labels.parts.marks import Sheet
        >>> spot_of(Sheet("site/before/yard/1.png", (), Path("x.json")), Path(), side_by_side=False)
        Spot(key='yard/1', side='before')
        >>> spot_of(Sheet("1.png", (), Path("after.json")), Path(), side_by_side=False)
        Spot(key='1', side='after')
    """
    file = sheet.file.relative_to(root).with_suffix("") if sheet.file.is_relative_to(root) else PurePosixPath()
    name = _parts(sheet.name)
    if side_by_side:
        return Spot(_key(name or file.parts), None)
    at = _last_side(name or file.parts[:-1])
    if at is not None:
        way = name or file.parts
        return Spot(_key(way[at + 1 :]), _SIDES[way[at]])
    at = _last_side(file.parts)
    if at is None or not name:
        raise DataError("nothing tells whether it is before or after: keep it in a folder of that name")
    return Spot(_key(name), _SIDES[file.parts[at]])


def _last_side(way: tuple[str, ...]) -> int | None:
    return next((at for at in reversed(range(len(way))) if way[at] in _SIDES), None)


def _parts(name: str) -> tuple[str, ...]:
    """The parts of a path, written for whichever system; without the ending."""
    path = PureWindowsPath(name) if "\\" in name else PurePosixPath(name)
    return path.with_suffix("").parts if path.name else ()


def _key(way: tuple[str, ...]) -> str:
    key = "/".join(way)
    bad = not way or any(part in ("..", "/") or not part.isprintable() or ":" in part or "\\" in part for part in way)
    if bad or key.startswith("/"):
        raise DataError(f"{key!r} cannot be the name of a pair: it is empty, leads elsewhere or holds odd letters")
    return key

"""The folder is the registry: a file in a room is a plug-in, listed without importing it.

A plug-in file holds one public dataclass whose name is the file's name in capitals-first form:
`pixel.py` holds `Pixel`; `two_words.py` holds `TwoWords` and is called `two-words`. Other people's
packages add theirs through the entry point group `spotdiff.ROOM`; they cannot take a name that the
house already uses.
"""

from __future__ import annotations

import ast
import difflib
from importlib import import_module
from pathlib import Path

from spotdiff.errors import OptionError

_HOUSE = Path(__file__).parent
_SPELLINGS = {  # further names of a plug-in: a network's own name where a method is asked for
    "methods": dict.fromkeys(("unet", "fused", "siamese", "fc-siam-conc", "fc-siam-diff", "onnx"), "network")
}


def canonical(room: str, name: str) -> str:
    """The name that a plug-in is listed by, from any accepted spelling of it; other names stay as they are.

    Examples:
        >>> canonical("methods", "fc_siam_diff"), canonical("methods", "pixel")
        ('network', 'pixel')
    """
    name = name.replace("_", "-")
    return _SPELLINGS.get(room, {}).get(name, name)


def _files(room: str) -> dict[str, Path]:
    files = sorted((_HOUSE / room).glob("*.py"))
    return {path.stem.replace("_", "-"): path for path in files if not path.stem.startswith("_")}


def _guests(room: str) -> dict[str, object]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=f"spotdiff.{room.replace('/', '.')}")}


def names(room: str) -> list[str]:
    """Names of all plug-ins of a room, ours first, each list sorted; nothing is imported."""
    ours = list(_files(room))
    return ours + sorted(set(_guests(room)) - set(ours) - set(_SPELLINGS.get(room, {})))


def summaries(room: str) -> dict[str, str]:
    """The first docstring line of every plug-in of a room by name, read without importing ours."""
    lines = {}
    for name, path in _files(room).items():
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        lines[name] = doc.partition("\n")[0]
    for name in names(room)[len(lines) :]:
        lines[name] = (load(room, name).__doc__ or "").strip().partition("\n")[0]
    return lines


def load(room: str, name: str) -> type:
    """The class of a plug-in, by any accepted spelling of its name.

    Raises:
        OptionError: the room has no plug-in of that name; the nearest is suggested.
    """
    name = canonical(room, name)
    if name in _files(room):
        module = import_module(f"spotdiff.{room.replace('/', '.')}.{name.replace('-', '_')}")
        found: type = getattr(module, "".join(part.capitalize() for part in name.split("-")))
        return found
    guest = _guests(room).get(name)
    if guest is None:
        near = difflib.get_close_matches(name.lower(), names(room), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names(room))}"
        raise OptionError(f"there is no {name!r} in {room}; {hint}")
    loaded: type = guest.load()  # type: ignore[attr-defined]
    return loaded

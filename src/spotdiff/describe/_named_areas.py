"""Named areas of a picture, from a file that a person writes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.errors import DataError, OptionError
from spotdiff.input_files import read_text

if TYPE_CHECKING:
    from spotdiff.language.places import Areas

_HELP = "areas are polygons by name, in pixels of before: gate = [[10, 20], [90, 20], [90, 80]]"


def read_areas(given: object) -> Areas:
    """The areas of a mapping from names to corners, or of a file: TOML, JSON, or JSON as labelme writes it.

    Raises:
        OptionError: the file cannot be read, or an area is no polygon.

    Examples:
        >>> read_areas({"gate": [[0, 0], [9, 0], [9, 9]]})
        {'gate': ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))}
    """
    areas: Mapping[Any, Any] = given if isinstance(given, Mapping) else _from_file(given)
    if isinstance(areas.get("shapes"), list):
        areas = _labelled(areas["shapes"])
    elif isinstance(areas.get("areas"), Mapping):
        areas = areas["areas"]
    return {str(name): _polygon(name, corners) for name, corners in areas.items()}


def _labelled(shapes: Sequence[Any]) -> dict[str, Any]:
    try:
        areas = {str(shape["label"]): shape["points"] for shape in shapes}
    except (TypeError, KeyError):
        raise OptionError(f"a shape has no label or no points; {_HELP}") from None
    if len(areas) < len(shapes):
        raise OptionError("two shapes have one label; give each area a name of its own")
    return areas


def _from_file(given: object) -> Mapping[str, Any]:
    if not isinstance(given, str | Path):
        raise OptionError(f"areas takes a file, or polygons by name, not {given!r}")
    path = Path(given)
    try:
        text = read_text(path, pipe=True)
        is_json = path.suffix.lower() == ".json" or (path.suffix.lower() != ".toml" and text.lstrip()[:1] == "{")
        areas = json.loads(text) if is_json else tomllib.loads(text)
    except DataError as error:
        raise OptionError(str(error)) from None
    except (ValueError, RecursionError) as error:
        raise OptionError(f"{path} cannot be read as areas ({str(error).partition(chr(10))[0]}); {_HELP}") from None
    if not isinstance(areas, dict):
        raise OptionError(f"{path} names no areas; {_HELP}")
    return areas


def _polygon(name: object, corners: object) -> tuple[tuple[float, float], ...]:
    if not str(name).strip() or not str(name).isprintable():
        raise OptionError(f"an area has the name {str(name)!r}, which nobody can read; give it another")
    try:
        if isinstance(corners, str) or not isinstance(corners, Sequence) or len(corners) < 3:
            raise ValueError
        polygon = tuple((float(x), float(y)) for x, y in corners)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(f"area {name} is no polygon of three or more corners; {_HELP}") from None
    if not all(abs(value) < 1e9 for corner in polygon for value in corner):
        raise OptionError(f"area {name} has a corner that is not a number of pixels")
    return polygon

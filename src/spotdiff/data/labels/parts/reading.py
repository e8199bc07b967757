"""Label files are written by others: read with care, and told in one line what is wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar
from xml.etree import ElementTree

import numpy as np

from spotdiff.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from spotdiff.data.labels.parts.marks import Ring

T = TypeVar("T")
_NAMES = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}


def read_bytes(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        DataError: it cannot be read, is not JSON, or holds something else.
    """
    try:
        said = json.loads(read_bytes(path))
    except RecursionError:
        raise DataError(f"{path}: not a label file: lists inside of lists without end") from None
    except ValueError as error:  # wrong JSON and wrong UTF-8 are both one
        raise DataError(f"{path}: not JSON: {error}") from None
    if not isinstance(said, dict):
        raise DataError(f"{path}: holds a {type(said).__name__}, not an object")
    return said


class _WithoutDoctype(ElementTree.TreeBuilder):
    """Refuses a document type before any entity that it declares could be blown up."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse."""
        raise DataError("it has a document type (DOCTYPE), which label files have no use for")


def read_xml(path: Path) -> ElementTree.Element:
    """The root of an XML file.

    Raises:
        DataError: it cannot be read, is not XML, or has a document type.
    """
    data = read_bytes(path)
    try:
        return ElementTree.XML(data, ElementTree.XMLParser(target=_WithoutDoctype()))
    except DataError as error:
        raise DataError(f"{path}: refused: {error}") from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # an unknown encoding is one of the latter
        raise DataError(f"{path}: not XML: {error}") from None


def entry(said: object, key: str, kind: type[T]) -> T:
    """The value of a key.

    Raises:
        DataError: `said` has no such key, or its value is of another kind.
    """
    value = said.get(key) if isinstance(said, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError(f'it needs "{key}" ({_NAMES.get(kind, kind.__name__)})')
    return value


def number(value: object) -> float:
    """A finite number, also from a text.

    Raises:
        DataError: it is none.
    """
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            found = float(value)
            if math.isfinite(found):
                return found
    except (ValueError, OverflowError):
        pass
    raise DataError(f"{str(value)[:40]!r} is no coordinate") from None


def corners(rows: Iterable[object]) -> Ring:
    """(N, 2) corners from rows of x and y.

    Raises:
        DataError: a row is not two numbers.
    """
    found = []
    for row in rows:
        if not isinstance(row, list | tuple) or len(row) != 2:
            raise DataError(f"a corner is x and y, not {str(row)[:40]}")
        found.append((number(row[0]), number(row[1])))
    return np.array(found, np.float64).reshape(-1, 2)


def said_size(width: object, height: object) -> tuple[int, int] | None:
    """(width, height), or None where the file says nothing of it.

    Raises:
        DataError: it says something that is no size.
    """
    if width is None and height is None:
        return None
    return round(number(width)), round(number(height))

"""JSON that others wrote, and in one line what is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from spotdiff.errors import DataError
from spotdiff.input_files import read_bytes


def read_json(path: Path) -> Any:  # noqa: ANN401 (of any shape)
    """What a JSON file holds.

    Raises:
        DataError: it cannot be read, or is not JSON.
    """
    try:
        return parse_json(read_bytes(path))
    except _NotJsonError as error:
        raise DataError(f"{path} is not JSON: {error}") from None


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 (of any shape)
    """What a JSON text says.

    Raises:
        DataError: it is not JSON, or an object in it has a key twice, of which readers would drop one.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise _NotJsonError("lists inside of lists without end") from None
    except ValueError as error:  # wrong JSON, wrong UTF-8 and numbers of too many digits are all one
        raise _NotJsonError(str(error)) from None


class _NotJsonError(DataError):
    """What is wrong with a text, which does not know its file."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known = dict(pairs)
    if len(known) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"an object has {twice[:40]!r} twice")
    return known


def read_json_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        DataError: it cannot be read, is not JSON, or holds something else.
    """
    document = read_json(path)
    if not isinstance(document, dict):
        raise DataError(f"{path} holds a {type(document).__name__}, not an object")
    return document

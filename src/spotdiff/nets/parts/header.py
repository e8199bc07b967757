"""The facts of a weights file, read from its head: neither torch nor the values are loaded."""

from __future__ import annotations

import json
from pathlib import Path

from spotdiff.errors import DataError
from spotdiff.nets.parts.facts import KEY, Facts

_LONGEST = 100_000_000  # bytes of a safetensors head; the format allows no more


def read_facts(path: str | Path) -> Facts:
    """The facts in the head of a file of weights (safetensors).

    Raises:
        DataError: the file cannot be read or holds no weights of ours.
    """
    try:
        with Path(path).open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            head = json.loads(file.read(length)) if length <= _LONGEST else None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):  # neither JSON nor even text
        head = None
    metadata = head.get("__metadata__") if isinstance(head, dict) else None
    return Facts.from_json(metadata.get(KEY) if isinstance(metadata, dict) else None, path=path)


def stamp_of(path: str | Path) -> tuple[str, int, int]:
    """Where a file lies, when it was last written and how long it is: what was read of it holds until this changes.

    Raises:
        DataError: it cannot be looked at.
    """
    try:
        found = Path(path).stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    return str(Path(path).absolute()), found.st_mtime_ns, found.st_size

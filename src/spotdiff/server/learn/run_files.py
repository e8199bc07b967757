"""What the verbs of a run leave in its folder, read while they may still be writing it."""

from __future__ import annotations

import csv
import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = "pairs"  # the folder of what a run is on


def read_json(path: Path) -> dict[str, Any] | None:
    """What stands in a file; None where there is none, or none yet."""
    with suppress(OSError, ValueError):
        read: dict[str, Any] = json.loads(path.read_bytes())
        return read
    return None


def read_table(path: Path) -> list[dict[str, float | str | None]]:
    """The rows of a CSV file so far: numbers, words, and None for a figure that does not exist."""
    with suppress(OSError, ValueError, csv.Error), path.open(encoding="utf-8", newline="") as file:
        return [{name: _value(text) for name, text in row.items()} for row in csv.DictReader(file)]
    return []


def _value(text: str) -> float | str | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else None  # JSON has no word for it

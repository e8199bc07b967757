"""A pair and what people, or the maker of the pair, say of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.errors import DataError

if TYPE_CHECKING:
    from spotdiff.data.example import Place
    from spotdiff.language.facts import ChangeFact


@dataclass(frozen=True, slots=True)
class Told:
    """A captioned pair.

    Attributes:
        name: Of the pair.
        before, after: Picture files.
        sentences: What changed; in published sets each sentence may tell of another change.
        facts: What is known to be true; None where there are only sentences.
        places: Where each fact is; () where nobody knows.
    """

    name: str
    before: Path
    after: Path
    sentences: tuple[str, ...]
    facts: tuple[ChangeFact, ...] | None = None
    places: tuple[Place, ...] = ()


def read_json(path: Path) -> Any:  # noqa: ANN401 (of any shape)
    """What a JSON file holds.

    Raises:
        DataError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise DataError(f"{path} is no JSON") from None


def sentences_in(values: object) -> tuple[str, ...]:
    """The sentences of a list with all spaces single, those left out that say nothing (no letters, under 2 words)."""
    lines = [" ".join(str(value).split()) for value in values] if isinstance(values, Sequence) else []
    return tuple(line for line in lines if len(line.split()) > 1 and any(map(str.isalpha, line)))

"""What a file of weights says of itself, so that it alone is enough to use and to judge it; read without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from spotdiff.errors import DataError

KEY = "spotdiff"  # under which the facts stand in a file's metadata
Form = Literal["classes", "masks", "centres", "words"]
_LONGEST = 100_000_000  # bytes of a safetensors head; the format allows no more
_BOUNDS = {
    "stride": (1, 256),
    "side": (1, 16384),
    "threshold": (1e-6, 1.0),
    "steps": (0, None),
    "parameters": (0, None),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of trained weights.

    Attributes:
        net: Name of the network.
        settings: Its settings.
        form: What it says: classes, masks, centres or words.
        classes: Channels of its answer, in order; empty for centres.
        directed: Whether it tells gone from new.
        stride: Strides of the box grid for centres, else 1.
        side: Longer side of the pictures it was trained on, in pixels; what it is best used at.
        threshold: What counts as changed, in [0, 1].
        colour: Order of the colour channels, values in [0, 1].
        recipe: Name of the recipe.
        data: What it was trained on.
        steps: Optimiser steps taken.
        parameters: How many numbers it has learned.
        licence: Licence of the weights.
        figures: What was measured on held-out pairs, by name.
        digest: SHA-256 of the weights' values, in hexadecimal.
        made_with: Version of this package.
    """

    net: str
    settings: Mapping[str, Any]
    form: Form
    classes: tuple[str, ...] = ()
    directed: bool = True
    stride: int = 1
    side: int = 256
    threshold: float = 0.5
    colour: str = "RGB"
    recipe: str = ""
    data: str = ""
    steps: int = 0
    parameters: int = 0
    licence: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    digest: str = ""
    made_with: str = ""

    def to_json(self) -> str:
        """The facts as one line of JSON."""
        return json.dumps(asdict(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str | None, *, path: object) -> Facts:
        """The facts in a file's metadata; what a later version may have added is left alone.

        Raises:
            DataError: the file has no facts, or they are not what facts are.

        Examples:
            >>> facts = Facts("unet", {"setting": "a"}, "classes", classes=("changed", "unchanged"))
            >>> Facts.from_json(facts.to_json(), path="w.safetensors") == facts
            True
        """
        try:
            read = json.loads(text or "")
            known = {f.name: read[f.name] for f in fields(cls) if f.name in read}
            known["settings"] = {k: tuple(v) if isinstance(v, list) else v for k, v in known["settings"].items()}
            facts = cls(**(known | {"classes": tuple(known.get("classes", ()))}))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise DataError(f"{path} holds no weights of spotdiff; make such a file with spotdiff train") from None
        odd = [name for name, value in asdict(facts).items() if not _can_be(name, value)]
        if odd:
            wrong = f"{odd[0]} {getattr(facts, odd[0])!r}"
            raise DataError(f"{path} says of itself what cannot be: {wrong}; make it anew, or update spotdiff")
        return facts


def _can_be(name: str, value: Any) -> bool:  # noqa: ANN401 (of any type)
    """Whether a fact is of its type and within its bounds."""
    if name == "form":
        return value in get_args(Form)
    if name == "colour":
        return bool(value == "RGB")  # no method knows another
    if name == "classes":
        return all(isinstance(word, str) for word in value)
    if name in ("settings", "figures"):
        return isinstance(value, Mapping)
    if name in _BOUNDS:
        low, high = _BOUNDS[name]
        kinds = (int, float) if name == "threshold" else (int,)
        return type(value) in kinds and low <= value and (high is None or value <= high)
    return isinstance(value, bool if name == "directed" else str)


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


def file_stamp(path: str | Path) -> tuple[str, int, int]:
    """Where a file lies, when it was last written and how long it is: what was read of it holds until this changes.

    Raises:
        DataError: it cannot be looked at.
    """
    try:
        status = Path(path).stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    return str(Path(path).absolute()), status.st_mtime_ns, status.st_size

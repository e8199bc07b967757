"""Pairs with sentences on what changed: made ones, and published sets, one file each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from spotdiff import plugins
from spotdiff.data.captioned._told import Told as Told
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOM = "data/captioned"
_NAME = re.compile(r"([A-Za-z][\w-]+):(.+)", re.DOTALL)  # two letters or more: one is a drive


class Reader(Protocol):
    """A set of captioned pairs as its authors give it out."""

    def open(self, root: Path, split: str = "") -> Sequence[Told]:
        """Its pairs, in the order of their names; those of one split where one is named.

        Raises:
            DataError: it is not laid out so, or has no such split, or cannot be read.
        """
        ...


def caption_sets() -> dict[str, str]:
    """One line on every set that can be read, by name; nothing is imported."""
    return plugins.summaries(_ROOM)


def open_captions(named: str | Path, *, split: str = "") -> tuple[Told, ...]:
    """The captioned pairs that `NAME:PATH` stands for, or those that `spotdiff synth` wrote to a folder PATH.

    Raises:
        OptionError: there is no set of that name.
        DataError: there are no such pairs, or they have no captions, or there is no such split.
    """
    match = _NAME.fullmatch(str(named))
    name, path = ("made", str(named)) if match is None or Path(named).exists() else (match[1], match[2])
    reader = cast("Reader", plugins.load(_ROOM, name.lower())())
    found = tuple(told for told in reader.open(Path(path), split) if told.sentences)
    if not found:
        raise DataError(f"{named} holds no pair with a caption")
    return found

"""Published sets, one file each: the facts of a set, and how the folders that its authors give out are read.

A file `levir_cd.py` holds the class `LevirCd` with its `card` and `open`, and is called `levir-cd`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from spotdiff import plugins
from spotdiff.data.folders import Dataset, open_dataset
from spotdiff.data.published._card import Card as Card
from spotdiff.data.published._card import Published as Published

_ROOM = "data/published"
_NAME = re.compile(r"([A-Za-z][\w-]+):(.+)", re.DOTALL)  # two letters or more: one is a drive


def published_names() -> list[str]:
    """Names of all published sets, sorted; nothing is imported."""
    return plugins.names(_ROOM)


def published_lines() -> dict[str, str]:
    """One line on every published set by name; nothing is imported."""
    return plugins.summaries(_ROOM)


def get_published(name: str) -> Published:
    """The published set of that name.

    Raises:
        OptionError: there is none; the nearest is suggested.
    """
    published = plugins.load(_ROOM, name.lower())
    return cast("Published", published())


def open_named(named: str | Path, *, split: str = "") -> Dataset:
    """The dataset that `NAME:PATH` stands for, NAME a published set, or the one in our own layout in a folder PATH.

    Raises:
        OptionError: there is no published set of that name.
        DataError: there is no such dataset, or no such split.
    """
    match = _NAME.fullmatch(str(named))
    if match is None or Path(named).exists():
        return open_dataset(named, split=split)
    return get_published(match[1]).open(Path(match[2]), split)

"""Published sets, one file each: the facts of a set, and how the folders that its authors give out are read.

A file `levir_cd.py` holds the class `LevirCd` with its `card` and `open`, and is called `levir-cd`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from spotdiff import plugins
from spotdiff.errors import DataError, why_no_folder

if TYPE_CHECKING:
    from spotdiff.data.dataset import Dataset

_REGISTRY = "data/published"


@dataclass(frozen=True, slots=True)
class Card:
    """The facts of a published set.

    Attributes:
        title: Its name as its authors write it.
        shows: What is in its pictures.
        size: How many pairs there are and how large, as published.
        licence: On what terms, as far as they are told.
        citation: The paper to cite.
        homepage: The page of its authors.
        splits: What `split` may be; "" is always everything.
        folders: Where the files lie below the root; alternatives are one after the other.
        values: What the values of its labels mean.
        known_from: Where the layout is known from, and what of it nobody has seen.
    """

    title: str
    shows: str
    size: str
    licence: str
    citation: str
    homepage: str
    splits: tuple[str, ...]
    folders: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)
    known_from: str = ""


class Published(Protocol):
    """A published set: a class without state."""

    card: ClassVar[Card]

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`; see its card.

        Raises:
            DataError: it is not laid out so, or has no such split.
        """
        ...


def published_summaries() -> dict[str, str]:
    """One line on every published set by name; nothing is imported."""
    return plugins.summaries(_REGISTRY)


def get_published(name: str) -> Published:
    """The published set of that name.

    Raises:
        OptionError: there is none; the nearest is suggested.
    """
    published = plugins.load(_REGISTRY, name.lower())
    return cast("Published", published())


def check_split(card: Card, split: str) -> None:
    """Raise a DataError that lists the splits where there is no such one."""
    if split and split not in card.splits:
        known = ", ".join(card.splits) if card.splits else "it has none"
        raise DataError(f"{card.title} has no split {split!r}: {known}")


def layout_error(card: Card, root: Path) -> DataError:
    """The error for a folder in which the set is not."""
    if not root.is_dir():
        return DataError(f"{root}: {why_no_folder(root)}")
    return DataError(f"{root} is not laid out as {card.title}: it needs {'; or '.join(card.folders)}")


def split_title(name: str, split: str) -> str:
    """The name of a dataset and its split."""
    return f"{name}/{split}" if split else name

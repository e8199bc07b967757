"""What is known of a published set, and the words its reader shares with the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

from spotdiff.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from spotdiff.data.folders import Dataset


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


def check_split(card: Card, split: str) -> None:
    """Raise a DataError that lists the splits where there is no such one."""
    if split and split not in card.splits:
        known = ", ".join(card.splits) if card.splits else "it has none"
        raise DataError(f"{card.title} has no split {split!r}: {known}")


def not_laid_out(card: Card, root: Path) -> DataError:
    """The error for a folder in which the set is not."""
    if not root.is_dir():
        return DataError(f"{root} is not a folder")
    return DataError(f"{root} is not laid out as {card.title}: it needs {'; or '.join(card.folders)}")


def titled(name: str, split: str) -> str:
    """The name of a dataset and its split."""
    return f"{name}/{split}" if split else name


def only(dataset: Dataset, names: Iterable[str], *, listed: Path) -> Dataset:
    """The samples of these names.

    Raises:
        DataError: a name that `listed` lists has no pair.
    """
    from dataclasses import replace

    by_name = {sample.name: sample for sample in dataset}
    wanted = sorted(set(names))
    missing = [name for name in wanted if name not in by_name]
    if missing or not wanted:
        trouble = f"lists names without a pair: {', '.join(missing[:5])}" if missing else "lists no name"
        raise DataError(f"{listed} {trouble}")
    return replace(dataset, samples=tuple(by_name[name] for name in wanted))

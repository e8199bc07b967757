"""Labels as values: what is drawn on a picture, whichever tool drew it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from spotdiff.errors import DataError

Ring = NDArray[np.float64]
Side = Literal["before", "after"]
SIDES: tuple[Side, Side] = ("before", "after")


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """One thing drawn.

    Attributes:
        where: What to call it in messages, such as "shape 3".
        label: The word it bears.
        rings: Its parts, each (N, 2) float64 corners (x, y), closed from last to first; the pixel in the upper left
            corner covers 0 to 1 both ways. A part that crosses or touches itself covers what an odd number of its
            turns enclose, so a hole is cut by walking to it, around it and back.
        trouble: Why it cannot be used; empty when it can.
    """

    where: str
    label: str
    rings: tuple[Ring, ...]
    trouble: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """What is drawn on one picture.

    Attributes:
        name: The picture's name in the label file, with its folders; "" where the label file itself bears the name.
        marks: What is drawn on it.
        file: The label file.
        size: (width, height) that the label file says the picture has, or None.
        picture: Where the label file says the picture is, seen from its own folder.
        embedded: The picture's own file, where the label file holds it.
        weight: Bytes of the picture's file, -1 for unknown.
    """

    name: str
    marks: tuple[Mark, ...]
    file: Path
    size: tuple[int, int] | None = None
    picture: str = ""
    embedded: bytes = b""
    weight: int = -1


class Format(Protocol):
    """How a tool keeps labels."""

    ending: ClassVar[str]

    def read(self, path: Path) -> tuple[Sheet, ...]:
        """What a label file says.

        Raises:
            DataError: it is no such file; a mark alone that cannot be used bears its trouble instead.
        """
        ...

    def write(self, sheets: Sequence[Sheet]) -> Mapping[str, bytes]:
        """The label files for some pictures by their path below the folder of the pictures."""
        ...


def drawn(where: str, label: Callable[[], str], rings: Callable[[], tuple[Ring, ...]]) -> Mark:
    """A mark whose label and corners are read now; what cannot be read becomes its trouble."""
    word = ""
    try:
        word = label()
        return Mark(where, word, rings())
    except DataError as error:
        return Mark(where, word, (), str(error))

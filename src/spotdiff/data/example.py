"""What a net learns from: a pair with exact truth, as arrays, made or read; and where such pairs come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from spotdiff.types import Box, Bytes, Kind, Mask, Outline


@dataclass(frozen=True, slots=True)
class Place:
    """One thing that changed, as the truth has it.

    Attributes:
        kind: added, removed, replaced, moved, or changed where nobody knows.
        box_before, box_after: The changed place in each picture's own pixels, half-open; None outside a picture. For
            an added thing `box_before` is where it will stand; a moved thing left the one and stands at the other.
        outline_before, outline_after: The same as outlines of what is seen; empty where nothing is.
        facts: What is known of the thing, such as class, colour, words, and from where to where it moved.
    """

    kind: Kind
    box_before: Box | None
    box_after: Box | None
    outline_before: tuple[Outline, ...] = ()
    outline_after: tuple[Outline, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A pair with its truth, each picture and its masks in its own pixels; both pictures have one size.

    Attributes:
        before, after: (H, W, 3) uint8.
        gone: (H, W) bool in before's pixels: what has no counterpart in after.
        new: (H, W) bool in after's pixels: what has no counterpart in before.
        counted_before, counted_after: (H, W) bool, False where nobody can say, such as what one picture does not show.
        directed: False when only the changed places are known; `gone` and `new` are then both of them.
        places: What changed, thing by thing; () where only masks are known.
        facts: How the pair came about, such as the light and the motion put on.
        things_gone, things_new: (H, W) uint8, the masks with a number for each thing, 0 for none; None where things are
            not told apart.
    """

    before: Bytes
    after: Bytes
    gone: Mask
    new: Mask
    counted_before: Mask
    counted_after: Mask
    directed: bool = True
    places: tuple[Place, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    things_gone: Bytes | None = None
    things_new: Bytes | None = None

    @property
    def changed(self) -> bool:
        """Whether anything did."""
        return bool(self.gone.any() or self.new.any())


class Source(Protocol):
    """Where examples come from; the same number always gives the same example, in whichever process."""

    def __getitem__(self, number: int) -> Example:
        """The example of that number, 0 and above; a source that makes its pairs never ends."""
        ...

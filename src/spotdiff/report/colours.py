"""One colour a kind, told apart by every kind of sight, and one a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.types import Kind

Colour = tuple[int, int, int]

# Okabe and Ito (2008), Color Universal Design, https://jfly.uni-koeln.de/color/
KIND_COLOURS: dict[Kind, Colour] = {
    "added": (0, 158, 115),
    "removed": (213, 94, 0),
    "replaced": (204, 121, 167),
    "moved": (86, 180, 233),
    "changed": (230, 159, 0),
}


def mix(colour: Colour, other: Colour, share: float) -> Colour:
    """A colour between two; `share` of the other, 0 to 1.

    Examples:
        >>> mix((0, 0, 0), (200, 100, 50), 0.5)
        (100, 50, 25)
    """
    red, green, blue = (round(own + (end - own) * share) for own, end in zip(colour, other, strict=True))
    return red, green, blue


def css(colour: Colour) -> str:
    """A colour as CSS writes it.

    Examples:
        >>> css((0, 158, 115))
        '#009e73'
    """
    return "#{:02x}{:02x}{:02x}".format(*colour)

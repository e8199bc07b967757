"""Pixels of two georeferenced pictures that lie on one grid: by how many whole pixels they are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.types import Georeference, Picture

_WHOLE = 0.05  # pixels by which an offset may miss a whole number
_FARTHEST = 1 << 40  # pixels

Transform = tuple[float, float, float, float, float, float]


def offset_between(before: Picture, after: Picture) -> tuple[int, int] | None:
    """How many pixels right and down a place of before lies in after; None where their grids do not tell."""
    if before.georeference is None or after.georeference is None:
        return None
    return whole_offset(before.georeference, after.georeference, after.size)


def whole_offset(one: Georeference, other: Georeference, size: tuple[int, int]) -> tuple[int, int] | None:
    """By which whole numbers of pixels, right and down, places of one grid are further in the other.

    Args:
        one: The one grid.
        other: The other, of a picture of a size (width, height).
        size: That must fit all over.

    Returns:
        None where the grids are of two coordinate systems, turned, of other pixels, or apart by parts of a pixel.

    Examples:
        >>> from spotdiff.types import Georeference
        >>> wide, part = (Georeference("EPSG:32632", (0.5, 0, x, 0, -0.5, 900)) for x in (100, 120))
        >>> whole_offset(wide, part, (300, 200))
        (-40, 0)
    """
    if one.crs != other.crs:
        return None
    corners = [(x, y) for x in (0, size[0]) for y in (0, size[1])]
    places = [pixel_at(one.transform, *place_of(other.transform, x, y)) for x, y in corners]
    apart = [(x - there_x, y - there_y) for (x, y), (there_x, there_y) in zip(corners, places, strict=True)]
    if not all(abs(value) < _FARTHEST for pair in apart for value in pair):
        return None
    right, down = round(apart[0][0]), round(apart[0][1])
    if any(abs(x - right) > _WHOLE or abs(y - down) > _WHOLE for x, y in apart):
        return None
    return right, down


def place_of(transform: Transform, x: float, y: float) -> tuple[float, float]:
    """The place of a corner (x, y) between pixels."""
    a, b, c, d, e, f = transform
    return a * x + b * y + c, d * x + e * y + f


def pixel_at(transform: Transform, x: float, y: float) -> tuple[float, float]:
    """The corner between pixels at a place (x, y)."""
    a, b, c, d, e, f = transform
    area = a * e - b * d
    return (e * (x - c) - b * (y - f)) / area, (a * (y - f) - d * (x - c)) / area


def moved_by(transform: Transform, x: int, y: int) -> Transform:
    """The transform of a picture that begins at the corner (x, y) of another one's grid."""
    a, b, _, d, e, _ = transform
    left, top = place_of(transform, x, y)
    return a, b, left, d, e, top

"""Named areas as pixels of the first picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.align.warp import move_points
from spotdiff.errors import OptionError
from spotdiff.regions.polygons import polygon_mask

if TYPE_CHECKING:
    from spotdiff.language.places import Areas
    from spotdiff.types import Mask, Matrix

WHOLE = "whole picture"
_SLACK = 1.0  # pixels that a corner drawn by hand may lie outside


def area_masks(areas: Areas, size: tuple[int, int], valid: Mask | None = None) -> dict[str, Mask]:
    """(H, W) bool a name: the pixels of each area that count; without areas the whole picture is one.

    Args:
        areas: Corners (x, y) by name, in pixels of the first picture.
        size: (width, height) of that picture.
        valid: (H, W) bool, False where nothing counts; None for everywhere.

    Raises:
        OptionError: an area reaches outside of the picture, or nothing of it counts.

    Examples:
        >>> int(area_masks({"gate": [(0, 0), (4, 0), (4, 2), (0, 2)]}, (8, 6))["gate"].sum())
        8
    """
    width, height = size
    everywhere = np.ones((height, width), bool) if valid is None else valid
    if not areas:
        return _counting({WHOLE: everywhere})
    for name, corners in areas.items():
        for x, y in corners:
            if not (-_SLACK <= x <= width + _SLACK and -_SLACK <= y <= height + _SLACK):
                raise OptionError(
                    f"area {name} reaches outside of the first picture: corner {x:g}, {y:g} of {width}x{height} pixels"
                )
    return _counting({name: polygon_mask(np.array(corners), size) & everywhere for name, corners in areas.items()})


def _counting(masks: dict[str, Mask]) -> dict[str, Mask]:
    for name, mask in masks.items():
        if not mask.any():
            raise OptionError(f"area {name} holds no pixel that counts; make it larger, or ignore less")
    return masks


def moved_areas(areas: Areas, matrix: Matrix) -> Mapping[str, tuple[tuple[float, float], ...]]:
    """The areas as they lie in a picture whose pixels `matrix` takes the first picture's to.

    Examples:
        >>> moved_areas({"gate": [(0, 0), (4, 0), (4, 2)]}, np.array([[1, 0, 5], [0, 1, -1], [0, 0, 1.0]]))
        {'gate': ((5.0, -1.0), (9.0, -1.0), (9.0, 1.0))}
    """
    # corners lie on the edges of pixels, and a matrix speaks of their centres
    moved = {name: move_points(np.array(corners, np.float64) - 0.5, matrix) + 0.5 for name, corners in areas.items()}
    return {name: tuple((float(x), float(y)) for x, y in corners) for name, corners in moved.items()}

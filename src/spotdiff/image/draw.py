"""Boxes, outlines, arrows and tags drawn onto arrays.

A canvas is (H, W) or (H, W, 3) uint8 and is written in place: the caller owns it. Ink is one value of it:
a palette index on an indexed canvas, a colour on a colour canvas. What lies outside is cut off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Box, Bytes

Ink = int | tuple[int, int, int]

_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_box(canvas: Bytes, box: Box, *, ink: Ink, width: int) -> None:
    """Draw a frame of `width` pixels around a half-open box; the pixels inside the box stay as they are.

    Examples:
        >>> import numpy as np
        >>> canvas = np.zeros((4, 5), np.uint8)
        >>> draw_box(canvas, (1, 1, 4, 3), ink=7, width=1)
        >>> canvas.tolist()
        [[7, 7, 7, 7, 7], [7, 0, 0, 0, 7], [7, 0, 0, 0, 7], [7, 7, 7, 7, 7]]
    """
    left, top, right, bottom = box
    outer = (left - width, top - width, right + width, bottom + width)
    _fill(canvas, (outer[0], outer[1], outer[2], top), ink)
    _fill(canvas, (outer[0], bottom, outer[2], outer[3]), ink)
    _fill(canvas, (outer[0], top, left, bottom), ink)
    _fill(canvas, (right, top, outer[2], bottom), ink)


def draw_arrow(canvas: Bytes, start: tuple[int, int], end: tuple[int, int], *, ink: Ink, width: int) -> None:
    """Draw an arrow from one point (x, y) to another."""
    length = float(np.hypot(end[0] - start[0], end[1] - start[1]))
    cv2.arrowedLine(canvas, start, end, ink, width, tipLength=min(0.4, 8 * width / max(length, 1.0)))


def draw_tag(canvas: Bytes, text: str, *, at: tuple[int, int], ramp: Bytes, height: int) -> Box:
    """Draw a small sign and return the box it covers.

    Args:
        canvas: The canvas.
        text: One line of ASCII.
        at: The sign's left bottom corner (x, y); moved as far as needed to keep the sign on the canvas.
        ramp: (N,) or (N, 3) uint8: the sign's ground first, its letters last, and steps between for smooth edges.
        height: Of the sign, in pixels.
    """
    letters = _letters(text, height)[: canvas.shape[0], : canvas.shape[1]]
    high, wide = letters.shape
    left = min(max(at[0], 0), canvas.shape[1] - wide)
    top = min(max(at[1] - high, 0), canvas.shape[0] - high)
    canvas[top : top + high, left : left + wide] = ramp[(letters.astype(np.uint16) * (len(ramp) - 1) + 127) // 255]
    return left, top, left + wide, top + high


def _letters(text: str, height: int) -> Bytes:
    """(height, W) uint8, 255 where there is ink."""
    scale, weight = height / 36, max(1, round(height / 20))
    (wide, high), _ = cv2.getTextSize(text, _FONT, scale, weight)
    pad = max(2, height // 4)
    sign: Bytes = np.zeros((height, wide + 2 * pad), np.uint8)
    cv2.putText(sign, text, (pad, (height + high) // 2 - height // 16), _FONT, scale, 255, weight, cv2.LINE_AA)
    return sign


def _fill(canvas: Bytes, box: Box, ink: Ink) -> None:
    left, top, right, bottom = (max(0, edge) for edge in box)
    canvas[top:bottom, left:right] = ink

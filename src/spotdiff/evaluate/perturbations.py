"""Perturbations of the second picture at known strengths, with the truth moved along."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align.warp import coverage, move_points, warp_picture
from spotdiff.data.dataset import UNCOUNTED
from spotdiff.image.colour import linear

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from spotdiff.data.dataset import TrueBox, Truth
    from spotdiff.types import Bytes, Matrix, Picture

    Floats = NDArray[np.float64]

STRENGTHS = {
    "shift": ("px", (1.0, 2.0, 4.0, 8.0)),
    "rotation": ("degrees", (1.0, 2.0, 5.0)),
    "exposure": ("EV", (-1.0, -0.5, 0.5, 1.0)),
    "shadow": ("share of the light", (0.2, 0.4, 0.6, 0.8)),
    "noise": ("grey levels", (2.0, 5.0, 10.0, 20.0)),
}
_UNSEEN = UNCOUNTED[0]
_EDGE = 0.02  # of the diagonal: half the width of a shadow's soft edge
_MIDDLE = 0.2  # of the diagonal: how far from the middle a shadow's edge may lie


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A perturbation of a picture.

    Attributes:
        name: One of `STRENGTHS`.
        strength: How much of it. A shift goes to the right, a rotation is clockwise round the middle, exposure is in
            powers of two of the light, a shadow takes a share of the light on one side of a soft edge, noise is normal
            with that standard deviation.
    """

    name: str
    strength: float

    @property
    def unit(self) -> str:
        """Of the strength."""
        return STRENGTHS[self.name][0]


def perturbations() -> tuple[Perturbation, ...]:
    """Every perturbation at every strength, the weakest first; of exposure the darkest."""
    return tuple(Perturbation(name, each) for name, (_, strengths) in STRENGTHS.items() for each in strengths)


def perturbed(
    after: Picture, truth: Truth, perturbation: Perturbation, *, rng: np.random.Generator
) -> tuple[Picture, Truth]:
    """The second picture as it would be, and the truth of the pair with it.

    Truth in before's own pixels stays where it is, but does not count where after no longer shows it. That is read off
    as if both pictures had been taken from one place, so it is off by as much as the camera had moved before.

    Args:
        after: The picture.
        truth: Of the pair.
        perturbation: What is done to it.
        rng: Draws the noise, and where the shadow lies.
    """
    motion = _motion(perturbation, after.size)
    if motion is not None:
        moved = warp_picture(after, np.asarray(np.linalg.inv(motion), np.float64), after.size)
        return moved, _moved(truth, motion, after.size)
    return replace(after, pixels=_relit(after.pixels, perturbation, rng)), truth


def _motion(perturbation: Perturbation, size: tuple[int, int]) -> Matrix | None:
    """From the picture's pixels to those of the moved one; None where nothing moves."""
    matrix = np.eye(3)
    if perturbation.name == "shift":
        matrix[0, 2] = perturbation.strength
        return matrix
    if perturbation.name == "rotation":
        middle = (size[0] - 1) / 2, (size[1] - 1) / 2
        matrix[:2] = cv2.getRotationMatrix2D(middle, -perturbation.strength, 1.0)
        return matrix
    return None


def _relit(pixels: Bytes, perturbation: Perturbation, rng: np.random.Generator) -> Bytes:
    if perturbation.name == "noise":
        noisy = pixels + rng.normal(0, perturbation.strength, pixels.shape)
        return np.asarray(np.clip(np.rint(noisy), 0, 255), np.uint8)
    if perturbation.name == "exposure":
        levels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
        table = _coded(linear(levels) * 2**perturbation.strength)[:, 0]
        return np.asarray(table[pixels], np.uint8)
    return _coded(linear(pixels) * (1 - perturbation.strength * _shade(pixels.shape, rng))[..., None])


def _shade(shape: Sequence[int], rng: np.random.Generator) -> Floats:
    """(H, W) from 0 in the light to 1 in the shade, on the two sides of a line that passes near the middle."""
    height, width = shape[:2]
    diagonal, angle = np.hypot(height, width), rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:height, :width]
    away = (x - width / 2) * np.cos(angle) + (y - height / 2) * np.sin(angle) - rng.uniform(-1, 1) * _MIDDLE * diagonal
    return np.asarray(np.clip(0.5 + away / (2 * _EDGE * diagonal), 0, 1), np.float64)


def _coded(light: Floats) -> Bytes:
    """Linear light, cut to 0..1, as sRGB (IEC 61966-2-1)."""
    cut = np.clip(light, 0, 1)
    coded = np.where(cut <= 0.0031308, 12.92 * cut, 1.055 * cut ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * coded), np.uint8)


def _moved(truth: Truth, motion: Matrix, size: tuple[int, int]) -> Truth:
    mask, gone = (_uncovered(each, motion, size) for each in (truth.mask, truth.gone))
    new = truth.new
    if new is not None:
        moved = cv2.warpPerspective(new, motion, size, flags=cv2.INTER_NEAREST, borderValue=(_UNSEEN,))
        new = np.asarray(moved, np.uint8)
    return _with_boxes_moved(replace(truth, mask=mask, gone=gone, new=new), motion, size)


def _with_boxes_moved(truth: Truth, motion: Matrix, size: tuple[int, int]) -> Truth:
    if truth.form == "places":
        kept = [
            (b, _box(a, motion, size), k) for b, a, k in zip(truth.boxes, truth.boxes_after, truth.kinds, strict=True)
        ]
        both = [(b, a, k) for b, a, k in kept if a is not None]
        return replace(
            truth,
            boxes=tuple(b for b, _, _ in both),
            boxes_after=tuple(a for _, a, _ in both),
            kinds=tuple(k for _, _, k in both),
        )
    if truth.form == "objects":
        moved_boxes = [
            (_box(box, motion, size) if kind == "added" else box, kind)
            for box, kind in zip(truth.boxes, truth.kinds, strict=True)
        ]
        left = [(box, kind) for box, kind in moved_boxes if box is not None]
        return replace(truth, boxes=tuple(box for box, _ in left), kinds=tuple(kind for _, kind in left))
    return truth


def _uncovered(mask: Bytes | None, motion: Matrix, size: tuple[int, int]) -> Bytes | None:
    """A mask of before that does not count where the moved picture shows nothing."""
    if mask is None:
        return None
    seen = coverage(motion, (mask.shape[1], mask.shape[0]), size)
    return np.where(seen, mask, np.uint8(_UNSEEN))


def _box(box: TrueBox, motion: Matrix, size: tuple[int, int]) -> TrueBox | None:
    """The smallest box round a moved one, inside the picture; None where nothing of it is left."""
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64) - 0.5
    moved = np.clip(move_points(corners, motion) + 0.5, 0, np.array(size))
    (x0, y0), (x1, y1) = moved.min(0).tolist(), moved.max(0).tolist()
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

"""Take the camera's shake out: every frame is laid on the reference before anything is asked of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.align.shift import phase_shift

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Mask

_FAR = 0.08  # of the tiny picture's width: a larger shift is no shake
_CONTRAST = 8.0  # grey levels added to the spread, so that flat ground is not blown up to noise
_ROUNDS = 6  # of refinement
_OUTLIER = 0.6  # of even detail: what differs more has moved by itself
_BETTER = 0.97  # of the residual that is left without a shift: a shift must bring it below
_TINY_STEP = 0.05  # pixels of the tiny picture that are no step
_QUIET = 0.01  # of even detail: a residual that needs no shift
_BLUR = 1.5  # pixels: without it a shift by half a pixel would win by averaging noise away
_EDGE = 6  # pixels of the tiny picture left out all round
_PLAIN = 0.05  # spread of even detail below which there is nothing but noise to hold on to
_FEWEST = 4  # pixels that must be left of each side: less shows no shake


class Stabiliser:
    """Measures how far a frame lies from the reference, whatever the light.

    The shift is found by phase correlation and refined by least squares on what did not move by itself; it counts
    only where it explains the frame better than none. A camera that turned is not followed; in pictures of some dozen
    pixels, and of places without features, nothing is measured.

    Args:
        tiny: (H, W, 3) uint8, what frames are laid on.

    References:
        Kuglin, Hines (1975), The phase correlation image alignment method; Lucas, Kanade (1981), An iterative image
        registration technique, section 4.
    """

    def __init__(self, tiny: Bytes) -> None:
        self._reference = _flatten(tiny)
        inner = self._reference[_EDGE:-_EDGE, _EDGE:-_EDGE]
        self._measurable = min(inner.shape) >= _FEWEST and _has_features(inner)
        if not self._measurable:
            return
        self._down, self._across = (np.asarray(g, np.float32) for g in np.gradient(inner))
        flat = np.stack([self._across.ravel(), self._down.ravel()]).astype(np.float64)
        self._inverse = np.linalg.pinv(flat @ flat.T + np.eye(2) * 1e-3)

    def offset(self, tiny: Bytes) -> tuple[float, float]:
        """(x, y) in pixels of the tiny picture that a frame lies beside the reference; (0, 0) where it does not."""
        if not self._measurable:
            return 0.0, 0.0
        frame = _flatten(tiny)
        if not _has_features(frame[_EDGE:-_EDGE, _EDGE:-_EDGE]):
            return 0.0, 0.0
        unmoved = self._residual(frame, 0.0, 0.0)
        if unmoved < _QUIET or max(map(abs, self._step(frame, 0.0, 0.0))) < _TINY_STEP:
            return 0.0, 0.0
        far = _FAR * tiny.shape[1]
        x, y = (float(edge) for edge in phase_shift(self._reference, frame)[:2, 2])
        starts = [(0.0, 0.0)] + ([(x, y)] if 0.5 < max(abs(x), abs(y)) <= far else [])
        residual, x, y = min(self._refined(frame, *start) for start in starts)
        return (x, y) if residual < _BETTER * unmoved and max(abs(x), abs(y)) <= far else (0.0, 0.0)

    def _refined(self, frame: Map, x: float, y: float) -> tuple[float, float, float]:
        """Residual and shift after some rounds of least squares from a first guess."""
        for _ in range(_ROUNDS):
            across, down = self._step(frame, x, y)
            x, y = x - across, y - down
            if max(abs(across), abs(down)) < _TINY_STEP / 2:
                break
        return self._residual(frame, x, y), x, y

    def _step(self, frame: Map, x: float, y: float) -> tuple[float, float]:
        """The step of least squares from a shift, at most a pixel; (0, 0) where there is nothing to hold on to."""
        differences = self._differences(frame, x, y)
        differences[np.abs(differences) > _OUTLIER] = 0
        right = np.array([np.vdot(self._across, differences), np.vdot(self._down, differences)], np.float64)
        step = np.clip(self._inverse @ right, -1, 1)
        return float(step[0]), float(step[1])

    def _differences(self, frame: Map, x: float, y: float) -> Map:
        moved = undo_offset(frame, x, y) if x or y else frame
        inner: Map = (moved - self._reference)[_EDGE:-_EDGE, _EDGE:-_EDGE]
        return inner

    def _residual(self, frame: Map, x: float, y: float) -> float:
        return float(np.minimum(np.abs(self._differences(frame, x, y)), _OUTLIER).mean())


def _has_features(detail: Map) -> bool:
    return float(detail.std()) >= _PLAIN


def _flatten(tiny: Bytes) -> Map:
    """A picture's detail as float32, with light and shade taken out."""
    grey = cv2.cvtColor(tiny, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = cv2.GaussianBlur(grey, (0, 0), _BLUR) - cv2.blur(grey, (15, 15))
    return np.asarray(detail / (np.sqrt(cv2.blur(detail * detail, (15, 15))) + _CONTRAST), np.float32)


def undo_offset(pixels: Any, x: float, y: float) -> Any:  # noqa: ANN401 (an array of any type, and the same again)
    """A picture moved back by (x, y) pixels; its edge is repeated where nothing was seen."""
    if x == 0 and y == 0:
        return pixels
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(pixels, matrix, pixels.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)


def visible_after(size: tuple[int, int], x: float, y: float) -> Mask:
    """(H, W) bool: where a picture of a size (width, height) moved back by (x, y) shows what was seen.

    Examples:
        >>> visible_after((4, 1), 1.5, 0.0).tolist(), visible_after((4, 1), -1.0, 0.0).tolist()
        ([[True, True, False, False]], [[False, True, True, True]])
    """
    width, height = size
    visible = np.zeros((height, width), bool)
    left, top, right, bottom = (max(math.ceil(edge), 0) for edge in (-x, -y, x, y))
    visible[top : height - bottom, left : width - right] = True
    return visible

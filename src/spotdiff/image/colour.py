"""Colours: sRGB made linear, Lab, OKLab, HSV, YIQ and grey; alpha made opaque; a pixel as one number.

Every conversion takes (..., 3) sRGB in 0..255, uint8 or float, and gives float64 of the same shape.
The values are defined by their papers and are compared with peers to the last digit, so they are
computed in float64, on the pixels that matter only; nothing here is meant for a whole 4K picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes

    Floats = NDArray[np.float64]
    Colours = NDArray[Any]
    Codes = NDArray[np.uint32]

# Kotsarenko and Ramos 2010, after Pratt: the rows are Y, I and Q.
YIQ = np.array(
    [
        [0.29889531, 0.58662247, 0.11448223],
        [0.59597799, -0.27417610, -0.32180189],
        [0.21147017, -0.52261711, 0.31114694],
    ]
)
GREY = np.array([0.298936021293775, 0.587043074451121, 0.114020904255103])  # Rec. 601, sums to 1
_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
_D65 = np.array([0.95047, 1.0, 1.08883])  # white of the 2 degree observer
# Ottosson 2020, "A perceptual color space for image processing".
OKLAB_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OKLAB_AXES = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def mixed(matrix: Floats, value: Colours) -> tuple[Floats, ...]:
    """One plane (...) for each row of the matrix: its weighted sum of the channels of (..., 3), from left to right.

    Written out because BLAS spends ten times as long on three columns, on every core, and rounds as it likes.
    """
    first, second, third = (np.asarray(value[..., i], np.float64) for i in range(3))
    return tuple(first * x + second * y + third * z for x, y, z in np.atleast_2d(matrix).tolist())


def _decode(value: Floats) -> Floats:
    decoded: Floats = np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92)
    return decoded


_DECODED = _decode(np.arange(256) / 255)


def linear(rgb: Colours) -> Floats:
    """Light in 0..1, linear, from sRGB in 0..255 (IEC 61966-2-1).

    Examples:
        >>> linear(np.array([0, 255], np.uint8))
        array([0., 1.])
    """
    return _DECODED[rgb] if rgb.dtype == np.uint8 else _decode(np.asarray(rgb, np.float64) / 255)


def grey(rgb: Colours) -> Floats:
    """Grey in 0..255 with Rec. 601 weights, not rounded: (..., 3) to (...).

    Examples:
        >>> float(grey(np.array([255, 0, 0])).round(3))
        76.229
    """
    return mixed(GREY, rgb)[0]


def yiq(rgb: Colours) -> Floats:
    """Y in 0..255, I in -152..152, Q in -133..133."""
    return np.stack(mixed(YIQ, rgb), axis=-1)


def lab(rgb: Colours) -> Floats:
    """CIE L* (0..100), a*, b* under D65, 2 degrees.

    Examples:
        >>> lab(np.array([255, 0, 0], np.uint8)).round(2)
        array([53.24, 80.09, 67.2 ])
    """
    x, y, z = (_lightness(plane / white) for plane, white in zip(mixed(_XYZ, linear(rgb)), _D65, strict=True))
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _lightness(share: Floats) -> Floats:
    return np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)


def oklab(rgb: Colours) -> Floats:
    """OKLab's L (0..1), a and b (about -0.3..0.3).

    Examples:
        >>> oklab(np.array([255, 0, 0], np.uint8)).round(4)
        array([0.628 , 0.2249, 0.1258])
    """
    cones = np.stack([np.cbrt(plane) for plane in mixed(OKLAB_CONES, linear(rgb))], axis=-1)
    return np.stack(mixed(OKLAB_AXES, cones), axis=-1)


def hsv(rgb: Colours) -> Floats:
    """Hue, saturation and value, each in 0..1; the hue of a grey is 0.

    Examples:
        >>> hsv(np.array([0, 255, 0], np.uint8)).round(3)
        array([0.333, 1.   , 1.   ])
    """
    value = np.asarray(rgb, np.float64) / 255
    red, green, blue = value[..., 0], value[..., 1], value[..., 2]
    top = value.max(axis=-1)
    chroma = top - value.min(axis=-1)
    spread = np.where(chroma > 0, chroma, 1)
    sextant = np.where(
        top == red,
        (green - blue) / spread % 6,
        np.where(top == green, (blue - red) / spread + 2, (red - green) / spread + 4),
    )
    hue = np.where(chroma > 0, sextant / 6, 0)
    return np.stack([hue, chroma / np.where(top > 0, top, 1), top], axis=-1)


def checkerboard(place: NDArray[np.int64]) -> Floats:
    """The background pixelmatch puts under transparent pixels: (N,) places, y * width + x, to (N, 3) in 0..255.

    It changes from pixel to pixel without a short period, so that no single colour is hidden by it.
    """
    offset = place * 4
    red = offset % 2
    green = (offset / 1.618033988749895).astype(np.int64) % 2
    blue = (offset / 2.618033988749895).astype(np.int64) % 2
    squares: Floats = np.stack([red, green, blue], axis=-1).astype(np.float64)
    return squares * 159 + 48


def opaque(rgba: Bytes, background: Floats) -> Floats:
    """Pixels laid on a background: (N, 4) uint8 and (N, 3) or (3,) in 0..255 to (N, 3) in 0..255.

    Two pixels that come out equal do so to the last bit: the sum is of whole numbers, divided once.
    """
    alpha = rgba[:, 3:].astype(np.float64)
    laid: Floats = (rgba[:, :3] * alpha + background * (255 - alpha)) / 255
    return laid


def packed(pixels: Bytes, alpha: Bytes | None) -> Codes:
    """Each pixel as one number: (H, W, 3) and (H, W) or None to (H, W) uint32, its bytes R, G, B, A in memory."""
    four = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA) if alpha is None else cv2.merge([*cv2.split(pixels), alpha])
    return np.asarray(four, np.uint8).view(np.uint32)[..., 0]


def unpacked(codes: Codes) -> Bytes:
    """The bytes of packed pixels: (N,) uint32 to (N, 4) uint8, R, G, B, A."""
    return codes.view(np.uint8).reshape(-1, 4)

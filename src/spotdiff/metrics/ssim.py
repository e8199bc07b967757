"""Structural similarity: a map of how alike two pictures are in light, contrast and structure, and its mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.errors import OptionError
from spotdiff.metrics.ssim_formula import WANG, Formula, bessel, similarity_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Map, Mask

    Floats = NDArray[Any]

STRIP = 64  # rows filtered at once: a strip's planes stay in the processor's cache, a whole 4K plane does not
BORDERS = {"reflect": cv2.BORDER_REFLECT, "mirror": cv2.BORDER_REFLECT_101}


def ssim_map(before: Floats, after: Floats, *, formula: Formula = WANG, usable: Mask | None = None) -> Map:
    """How alike the neighbourhoods of every pixel are.

    Args:
        before: (H, W) or (H, W, 3), uint8, uint16 or float; colour is compared channel by channel.
        after: Like `before`, same shape.
        formula: Window, constants, exponents.
        usable: (H, W) bool; pixels where it is False have no part in any window. None for everywhere.

    Returns:
        (H, W) float32 in [-1, 1]: exactly 1 where the windows hold the same values and where `usable` is
        False, about 0 for unrelated texture, negative where one is the other's negative. The mean over the
        channels for colour.

    Raises:
        OptionError: the shapes differ, or a picture is empty, not finite or of another type.

    Notes:
        From u = before + after and v = before - after everything follows with four filters in place of
        five, and v is exactly 0 where the pictures agree. Rows are filtered in strips; parts of a strip
        without a difference within a window's reach are skipped, where the map is 1. The middle of the
        strip's values is taken from u first, since float32 loses what matters in E[u^2] - E[u]^2: largest
        error against float64 4.4e-5 on text, photographs and noise.

    References:
        Wang, Bovik, Sheikh, Simoncelli (2004), Image quality assessment: from error visibility to
        structural similarity, IEEE TIP 13(4), eq. 6, 9, 10, 12 and 13. https://doi.org/10.1109/TIP.2003.819861

    Examples:
        >>> dark, bright = np.zeros((16, 16), np.uint8), np.full((16, 16), 255, np.uint8)
        >>> f"{ssim_map(dark, bright)[8, 8]:.4f}", f"{ssim_map(dark, dark)[8, 8]:.4f}"
        ('0.0001', '1.0000')
    """
    check_pictures(before, after)
    reach = formula.size // 2
    edge = (reach, reach, reach, reach, BORDERS[formula.border])
    padded = [cv2.copyMakeBorder(picture, *edge) for picture in (before, after)]
    weight = None if usable is None or usable.all() else cv2.copyMakeBorder(usable.view(np.uint8), *edge)
    similarity = np.ones(before.shape[:2], np.float32)
    for rows, columns in _parts(padded[0], padded[1], weight, reach):
        window = slice(rows.start, rows.stop + 2 * reach), slice(columns.start, columns.stop + 2 * reach)
        part = _part(padded[0][window], padded[1][window], None if weight is None else weight[window], formula)
        similarity[rows, columns] = part
    if weight is not None and usable is not None:
        similarity[~usable] = 1
    return similarity


def ssim(before: Floats, after: Floats, *, formula: Formula = WANG, usable: Mask | None = None) -> float:
    """Mean structural similarity over the windows that lie wholly inside the picture, -1 to 1.

    Args:
        before: (H, W) or (H, W, 3), uint8, uint16 or float.
        after: Like `before`, same shape.
        formula: Window, constants, exponents.
        usable: (H, W) bool, what counts; None for everything.

    Raises:
        OptionError: the pictures cannot be compared, are smaller than the window, or nothing is usable.

    References:
        Wang et al. (2004), eq. 17. The authors' own program first makes larger pictures smaller:
        `spotdiff.metrics.multiscale.reduce`.

    Examples:
        >>> grey = np.full((32, 32), 128, np.uint8)
        >>> f"{ssim(grey, grey + 2):.5f}"
        '0.99988'
    """
    check_pictures(before, after)
    if min(before.shape[:2]) < formula.size:
        raise OptionError(f"a window of {formula.size} px does not fit in a picture of shape {before.shape[:2]}")
    return mean_of(ssim_map(before, after, formula=formula, usable=usable), size=formula.size, usable=usable)


def mean_of(similarity: Map, *, size: int = 11, usable: Mask | None = None) -> float:
    """The mean of a map over the windows of `size` that lie wholly inside it; over all where none does.

    Raises:
        OptionError: nothing there is usable.
    """
    reach = size // 2 if min(similarity.shape) >= size else 0
    inside = tuple(slice(reach, length - reach) for length in similarity.shape)
    counted = None if usable is None else np.ascontiguousarray(usable[inside]).view(np.uint8)
    if counted is not None and not counted.any():
        raise OptionError("there is no usable pixel to take a mean over")
    return float(cv2.mean(similarity[inside], mask=counted)[0])


def ssim_global(before: Floats, after: Floats, *, formula: Formula = WANG) -> float:
    """Structural similarity with the whole picture as one window in which every pixel weighs the same, -1 to 1.

    Raises:
        OptionError: the pictures cannot be compared.

    Examples:
        >>> halves = np.zeros((16, 16), np.uint8)
        >>> halves[:, 8:] = 255
        >>> f"{ssim_global(halves, halves[:, ::-1].copy()):.4f}"
        '-0.9964'
    """
    check_pictures(before, after)
    return float(similarity_over(before, after, axes=(0, 1), formula=formula).mean())


def similarity_over(before: Floats, after: Floats, *, axes: tuple[int, int], formula: Formula) -> Floats:
    """Similarity of windows that lie along two axes of the arrays, float64 in the shape of the other axes."""
    u: Floats = np.add(before, after, dtype=np.float64)
    v: Floats = np.subtract(before, after, dtype=np.float64)
    share = bessel(before.shape[axes[0]] * before.shape[axes[1]], formula)
    mean_u, mean_v = (plane.mean(axes, keepdims=True) for plane in (u, v))
    u -= mean_u
    v -= mean_v
    var_u, var_v, cov_uv = (np.mean(plane, axes) * share for plane in (u * u, v * v, u * v))
    return similarity_of(mean_u.squeeze(axes), mean_v.squeeze(axes), var_u, var_v, cov_uv, formula=formula)


def luma(pixels: Floats) -> Map:
    """(H, W) float32 luma of (H, W, 3), not rounded, by the weights that image quality programs share."""
    weights = np.array([[0.298936, 0.587043, 0.114021]], np.float32)
    return np.asarray(cv2.transform(pixels.astype(np.float32), weights), dtype=np.float32)


def check_pictures(before: Floats, after: Floats) -> None:
    """Check that two arrays can be compared.

    Raises:
        OptionError: the shapes differ, or a picture is empty, not finite or of another type.
    """
    if before.shape != after.shape or before.dtype != after.dtype:
        raise OptionError(f"pictures differ: {before.shape} {before.dtype} against {after.shape} {after.dtype}")
    fits = before.ndim == 2 or (before.ndim == 3 and before.shape[2] == 3)
    if not fits or not before.size:
        raise OptionError(f"a picture has shape (H, W) or (H, W, 3), not {before.shape}")
    if before.dtype not in (np.uint8, np.uint16, np.float32, np.float64):
        raise OptionError(f"a picture is uint8, uint16, float32 or float64, not {before.dtype}")
    if before.dtype.kind == "f" and not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise OptionError("a picture holds values that are not finite")


def _parts(before: Floats, after: Floats, weight: Floats | None, reach: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of the map, strip by strip, outside of which every window holds the same values."""
    height, width = before.shape[0] - 2 * reach, before.shape[1] - 2 * reach
    for top in range(0, height, STRIP):
        bottom = min(top + STRIP, height)
        seen = slice(top, bottom + 2 * reach)
        differs = (before[seen] != after[seen]).view(np.uint8)
        if differs.ndim == 3:
            differs = cv2.transform(differs, np.ones((1, 3), np.float32))
        if weight is not None:
            differs &= weight[seen] * np.uint8(255)
        left, _, span, _ = cv2.boundingRect(differs)
        if span:
            yield slice(top, bottom), slice(max(left - 2 * reach, 0), min(left + span, width))


def _part(before: Floats, after: Floats, weight: Floats | None, formula: Formula) -> Floats:
    """The map of a part; the arrays reach half a window further on all sides."""
    x, y = before.astype(formula.dtype), after.astype(formula.dtype)
    middle = formula.dtype(_middle(before) + _middle(after))
    u: Floats = x + y
    u -= middle
    v: Floats = np.subtract(x, y, out=x)
    mean_u, mean_v, spread_u, spread_v, product = _moments(u, v, weight, formula)
    spread_u -= np.square(mean_u)
    spread_v -= np.square(mean_v)
    cov_uv = None if product is None else product - mean_u * mean_v
    share = bessel(formula.size**2, formula)
    if share != 1:
        spread_u, spread_v = spread_u * share, spread_v * share
        cov_uv = None if cov_uv is None else cov_uv * share
    mean_u += middle
    similarity = similarity_of(mean_u, mean_v, spread_u, spread_v, cov_uv, formula=formula)
    if similarity.ndim == 3:  # summed, then divided: three times 1 is exactly 1
        similarity = cv2.transform(similarity, np.ones((1, 3))) / formula.dtype(3)
    return np.clip(similarity, -1, 1, out=similarity)  # rounding may make a variance negative by a hair


def _middle(picture: Floats) -> float:
    lowest, highest, _, _ = cv2.minMaxLoc(picture.reshape(len(picture), -1))
    return float(lowest + highest) / 2


def _moments(u: Floats, v: Floats, weight: Floats | None, formula: Formula) -> list[Any]:
    """Window means of u, v, u^2, v^2 and of u v where the formula needs it; by weight where there is one."""
    taps, reach = formula.taps.astype(formula.dtype), formula.size // 2

    def mean(plane: Floats) -> Floats:
        filtered: Floats = cv2.sepFilter2D(plane, -1, taps, taps)
        return filtered[reach:-reach, reach:-reach]

    planes = [u, v, np.square(u), np.square(v)]
    if formula.beta != formula.gamma:
        planes.append(u * v)
    if weight is None:
        means = [mean(plane) for plane in planes]
    else:
        weights = weight.astype(formula.dtype)
        total = np.maximum(mean(weights), np.finfo(np.float32).tiny)
        if u.ndim == 3:
            weights, total = weights[..., None], total[..., None]
        means = [mean(plane * weights) / total for plane in planes]
    return means if len(means) == 5 else [*means, None]

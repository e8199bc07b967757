"""Structural similarity: its formula, a map of how alike two pictures are, the map's mean, and the map over scales."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.errors import OptionError
from spotdiff.params import check, param

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Map, Mask

    Floats = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Formula:
    """What of the structural similarity can be chosen; the defaults are the published values.

    Attributes:
        sigma: Standard deviation of the Gaussian window, in pixels.
        size: Side of the window, odd, in pixels.
        k1, k2: Steady the luminance and the contrast term where there is no signal.
        alpha, beta, gamma: Exponents of luminance, contrast and structure (eq. 12). A negative structure
            keeps its sign under any exponent.
        data_range: Difference between the largest and the smallest value a pixel can have.
        window: gaussian, or box (every pixel weighs the same).
        covariance: population, or sample (n / (n - 1) with n = size squared).
        border: reflect repeats the edge pixel beyond the border (cba|abc), mirror does not (cb|abc).
        precision: single filters in float32 (errors below 1e-4), double in float64 at 2.5 times the time.

    Raises:
        OptionError: a value is out of range, or `size` is even.
    """

    sigma: float = param(1.5, "standard deviation of the Gaussian window", low=0.1, high=100, unit="px")
    size: int = param(11, "side of the window, odd", low=3, high=255, unit="px")
    k1: float = param(0.01, "steadies the luminance term in the dark", low=1e-6, high=1)
    k2: float = param(0.03, "steadies the contrast term where it is flat", low=1e-6, high=1)
    alpha: float = param(1.0, "exponent of luminance", low=0, high=10)
    beta: float = param(1.0, "exponent of contrast", low=0, high=10)
    gamma: float = param(1.0, "exponent of structure", low=0, high=10)
    data_range: float = param(255.0, "largest value minus smallest", low=1e-6)
    window: str = param("gaussian", "how neighbours weigh", choices=("gaussian", "box"))
    covariance: str = param("population", "divide by n or by n - 1", choices=("population", "sample"))
    border: str = param("reflect", "what lies beyond the border", choices=("reflect", "mirror"))
    precision: str = param("single", "float32 or float64", choices=("single", "double"))

    def __post_init__(self) -> None:
        check(self)
        if self.size % 2 == 0:
            raise OptionError(f"size takes an odd number, not {self.size}")

    @property
    def dtype(self) -> type[np.floating[Any]]:
        """What is computed in. Separate exponents take roots of variances, which float32 does not bear."""
        return np.float64 if self.precision == "double" or self.beta != self.gamma else np.float32

    @property
    def taps(self) -> NDArray[np.float64]:
        """(size,) float64: the window along one axis; it is separable and sums to 1."""
        if self.window == "box":
            return np.full(self.size, 1 / self.size)
        distance = np.arange(self.size) - self.size // 2
        weights = np.exp(-(distance**2) / (2 * self.sigma**2))
        return np.asarray(weights / weights.sum())


WANG = Formula()


def similarity_of(
    u: Floats, v: Floats, var_u: Floats, var_v: Floats, cov_uv: Floats | None, *, formula: Formula
) -> Floats:
    """Structural similarity from moments of u = x + y and v = x - y (eq. 12 and 13).

    4 mean(x) mean(y) = u^2 - v^2 and 4 cov(x, y) = var u - var v; every fraction is widened by 2, hence the
    factor 2 on the constants. Writes into its arguments: at full size every further plane costs time.

    Args:
        u: Window means of x + y, any shape.
        v: Window means of x - y.
        var_u: Variance of x + y in the window.
        var_v: Variance of x - y in the window.
        cov_uv: Covariance of the two; needed where beta and gamma differ, else not read.
        formula: Constants and exponents.

    Returns:
        Similarity in the shape of `u`; rounding may take it past 1 by a hair.
    """
    c1, c2 = (formula.dtype(2 * (k * formula.data_range) ** 2) for k in (formula.k1, formula.k2))
    u, v = np.square(u, out=u), np.square(v, out=v)
    u += c1
    light = u - v
    u += v
    if formula.beta != formula.gamma and cov_uv is not None:
        return np.asarray(_separate_exponents(var_u, var_v, cov_uv, c2, formula) * (light / u) ** formula.alpha)
    var_u += c2
    texture = var_u - var_v
    var_u += var_v
    if (formula.alpha, formula.beta, formula.gamma) != (1, 1, 1):
        return np.asarray(_signed_power(texture / var_u, formula.beta) * (light / u) ** formula.alpha)
    light *= texture
    u *= var_u
    light /= u
    return light


def _separate_exponents(var_u: Floats, var_v: Floats, cov_uv: Floats, c2: Any, formula: Formula) -> Floats:  # noqa: ANN401 (a numpy scalar)
    """Contrast^beta x structure^gamma (eq. 9 and 10) where the exponents differ."""
    var_u, var_v = np.maximum(var_u, 0), np.maximum(var_v, 0)
    total = var_u + var_v
    deviations = np.sqrt(np.maximum(total + 2 * cov_uv, 0) * np.maximum(total - 2 * cov_uv, 0))
    contrast = (deviations + c2) / (total + c2)
    structure = (var_u - var_v + c2) / (deviations + c2)
    return np.asarray(contrast**formula.beta * _signed_power(structure, formula.gamma))


def _signed_power(values: Floats, exponent: float) -> Floats:
    return np.asarray(np.copysign(np.abs(values) ** exponent, values))


def bessel(count: int, formula: Formula) -> float:
    """What a variance over `count` values is multiplied by: n / (n - 1) for a sample, 1 for a population."""
    return count / (count - 1) if formula.covariance == "sample" and count > 1 else 1.0


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


def mean_of(similarity: Map, *, size: int = 11, usable: Mask | None = None) -> float:
    """The mean of a map over the windows of `size` that lie wholly inside it; over all where no usable one does.

    Raises:
        OptionError: nothing is usable.
    """
    reach = size // 2 if min(similarity.shape) >= size else 0
    inside = tuple(slice(reach, length - reach) for length in similarity.shape)
    if usable is not None and not usable[inside].any():
        inside = (slice(None), slice(None))
    counted = None if usable is None else np.ascontiguousarray(usable[inside]).view(np.uint8)
    if counted is not None and not counted.any():
        raise OptionError("there is no usable pixel to take a mean over")
    return float(cv2.mean(similarity[inside], mask=counted)[0])


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


WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def reduce(picture: Floats) -> Floats:
    """(H', W') or (H', W', 3) float64: half as large, rounded up, by a mean over 2 x 2 pixels; edges are repeated."""
    mean = cv2.boxFilter(picture, cv2.CV_64F, (2, 2), anchor=(0, 0), borderType=cv2.BORDER_REFLECT)
    return np.ascontiguousarray(mean[::2, ::2])


def ms_ssim_map(before: Floats, after: Floats, *, formula: Formula = WANG, usable: Mask | None = None) -> Map:
    """Multi-scale similarity of every pixel's neighbourhoods, (H, W) float32 in [0, 1], 1 for the same.

    Each scale's map is brought back to full size and negative values count as 0; the published weights are
    shared out over as many scales as fit a window. A difference reaches 2^(scales - 1) windows far, so this
    finds large changes in noise and blurs small ones.

    Raises:
        OptionError: the pictures cannot be compared.
    """
    check_pictures(before, after)
    height, width = before.shape[:2]
    fitting = max(1, min(len(WEIGHTS), math.floor(math.log2(max(min(height, width) / formula.size, 1))) + 1))
    total = sum(WEIGHTS[:fitting])
    similarity = np.ones((height, width), np.float32)
    parts = _scales(before, after, formula, fitting, usable=usable)
    for part, weight in zip(parts, WEIGHTS, strict=False):
        # What is 1 - part is exactly 0 where the same, and stays so when interpolated.
        apart = cv2.resize(1 - part, (width, height), interpolation=cv2.INTER_LINEAR)
        similarity *= np.clip(1 - apart, 0, 1) ** np.float32(weight / total)
    return similarity


def _scales(before: Floats, after: Floats, formula: Formula, count: int, *, usable: Mask | None) -> Iterator[Map]:
    """Contrast-structure of every scale, the finest first, and similarity with luminance of the last."""
    without_luminance = replace(formula, alpha=0.0)
    for scale in range(count):
        last = scale == count - 1
        yield ssim_map(before, after, formula=formula if last else without_luminance, usable=usable)
        before, after = (reduce(picture) for picture in (before, after))
        if usable is not None:
            usable = reduce(usable.view(np.uint8)) == 1

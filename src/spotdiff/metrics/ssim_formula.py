"""The formula of structural similarity: its constants, and similarity from the moments of a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import OptionError
from spotdiff.params import check, param

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    one, two = (formula.dtype(2 * (k * formula.data_range) ** 2) for k in (formula.k1, formula.k2))
    u, v = np.square(u, out=u), np.square(v, out=v)
    u += one
    light = u - v
    u += v
    if formula.beta != formula.gamma and cov_uv is not None:
        return np.asarray(_apart(var_u, var_v, cov_uv, two, formula) * (light / u) ** formula.alpha)
    var_u += two
    texture = var_u - var_v
    var_u += var_v
    if (formula.alpha, formula.beta, formula.gamma) != (1, 1, 1):
        return np.asarray(_signed_power(texture / var_u, formula.beta) * (light / u) ** formula.alpha)
    light *= texture
    u *= var_u
    light /= u
    return light


def _apart(var_u: Floats, var_v: Floats, cov_uv: Floats, two: Any, formula: Formula) -> Floats:  # noqa: ANN401 (a numpy scalar)
    """Contrast^beta x structure^gamma (eq. 9 and 10) where the exponents differ."""
    var_u, var_v = np.maximum(var_u, 0), np.maximum(var_v, 0)
    total = var_u + var_v
    deviations = np.sqrt(np.maximum(total + 2 * cov_uv, 0) * np.maximum(total - 2 * cov_uv, 0))
    contrast = (deviations + two) / (total + two)
    structure = (var_u - var_v + two) / (deviations + two)
    return np.asarray(contrast**formula.beta * _signed_power(structure, formula.gamma))


def _signed_power(values: Floats, exponent: float) -> Floats:
    return np.asarray(np.copysign(np.abs(values) ** exponent, values))


def bessel(count: int, formula: Formula) -> float:
    """What a variance over `count` values is multiplied by: n / (n - 1) for a sample, 1 for a population."""
    return count / (count - 1) if formula.covariance == "sample" and count > 1 else 1.0

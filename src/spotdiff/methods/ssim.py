"""Structural similarity: neighbourhoods compared in light, contrast and structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from spotdiff.errors import OptionError
from spotdiff.metrics.ssim import Formula, luma, mean_of, ms_ssim_map, ssim_map
from spotdiff.params import check, param
from spotdiff.types import Evidence, Extraction

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Mask, Pair


@dataclass(frozen=True, slots=True)
class Ssim:
    """Structural dissimilarity (1 - SSIM) / 2 of small neighbourhoods, 0.5 where it reaches `threshold`.

    A place that is merely a little brighter stays quiet while a new edge speaks up.

    Attributes:
        sigma: Standard deviation of the Gaussian window, in pixels. Larger forgives more shift and noise, and
            blurs the outline of a change.
        window: Side of the window, odd, in pixels; the published 11 goes with a sigma of 1.5.
        k1, k2: Steady the luminance and contrast terms; a larger k2 forgives more noise in flat areas.
        alpha, beta, gamma: Exponents of luminance, contrast and structure.
        colour: Compare red, green and blue and take the mean, instead of luma alone.
        multiscale: Multiply the maps of up to five scales: finds large changes in noise, blurs small ones.
        smooth: Standard deviation of a blur put on the dissimilarity, in pixels; 0 for none.
        threshold: Dissimilarity at which a pixel counts as changed. 0.5 is unrelated texture.

    Notes:
        Says 0 where all windows within the blur's reach hold the same values, and where `pair.usable` is
        False; pixels there have no part in a window. Blind to a new colour of equal luma unless `colour` is
        on. Noise in flat areas looks like structure: independent noise with a standard deviation of 5 on flat
        grey makes a mean dissimilarity of 0.23, of 10 one of 0.38.

    References:
        Wang, Bovik, Sheikh, Simoncelli (2004), Image quality assessment: from error visibility to
        structural similarity, IEEE TIP 13(4), eq. 12 and 13. https://doi.org/10.1109/TIP.2003.819861
        Wang, Simoncelli, Bovik (2003), Multi-scale structural similarity for image quality assessment.
        https://doi.org/10.1109/ACSSC.2003.1292216

    Examples:
        >>> from spotdiff.types import Pair, Picture
        >>> before = np.full((32, 32, 3), 90, np.uint8)
        >>> after = before.copy()
        >>> after[8:16, 8:16] = 200
        >>> change = Ssim().score(Pair(Picture(before), Picture(after))).change
        >>> bool(change[12, 8] > 0.5), float(change[31, 31])
        (True, 0.0)
    """

    overlooks: ClassVar[str] = "threshold"
    extraction: ClassVar[Extraction] = Extraction(grow=0.5, seed=0.6, min_area=20, join=2)

    sigma: float = param(1.5, "standard deviation of the Gaussian window", low=0.3, high=20, unit="px")
    window: int = param(11, "side of the window, odd", low=3, high=101, unit="px")
    k1: float = param(0.01, "steadies the luminance term in the dark", low=1e-4, high=1)
    k2: float = param(0.03, "steadies the contrast term where it is flat", low=1e-4, high=1)
    alpha: float = param(1.0, "exponent of luminance", low=0, high=10)
    beta: float = param(1.0, "exponent of contrast", low=0, high=10)
    gamma: float = param(1.0, "exponent of structure", low=0, high=10)
    colour: bool = param(False, "compare red, green and blue instead of luma")
    multiscale: bool = param(False, "compare at up to five scales")
    smooth: float = param(2.0, "blur put on the dissimilarity; 0 for none", low=0, high=20, unit="px")
    threshold: float = param(0.33, "dissimilarity (1 - SSIM) / 2 that counts as changed", low=0.01, high=0.99)

    def __post_init__(self) -> None:
        check(self)
        if self.window % 2 == 0:
            raise OptionError(f"window takes an odd number, not {self.window}")

    def score(self, pair: Pair) -> Evidence:
        """Score an aligned pair.

        Args:
            pair: Two pictures of equal size.

        Returns:
            Undirected evidence. `notes` holds `mean_ssim`, the mean over the usable windows wholly inside the
            picture, None when nothing is usable.
        """
        before, after = self._planes(pair.before.opaque), self._planes(pair.after.opaque)
        similarity_of = ms_ssim_map if self.multiscale else ssim_map
        similarity = similarity_of(before, after, formula=self._formula, usable=pair.usable)
        any_usable = pair.usable is None or pair.usable.any()
        mean = mean_of(similarity, size=self.window, usable=pair.usable) if any_usable else None
        return Evidence.undirected(self._change(similarity, pair.usable), {"mean_ssim": mean})

    @property
    def _formula(self) -> Formula:
        return Formula(
            sigma=self.sigma,
            size=self.window,
            k1=self.k1,
            k2=self.k2,
            alpha=self.alpha,
            beta=self.beta,
            gamma=self.gamma,
        )

    def _planes(self, pixels: Bytes) -> Bytes | Map:
        return pixels if self.colour else luma(pixels)

    def _change(self, similarity: Map, usable: Mask | None) -> Map:
        """Dissimilarity stretched piecewise so that 0, `threshold` and 1 become 0, 0.5 and 1."""
        apart: Map = (1 - similarity) / np.float32(2)
        if self.smooth:
            apart = np.asarray(cv2.GaussianBlur(apart, (0, 0), self.smooth), dtype=np.float32)
        limit = np.float32(self.threshold)
        change: Map = (np.minimum(apart / limit, 1) + np.maximum(apart - limit, 0) / (1 - limit)) / np.float32(2)
        if usable is not None:
            change[~usable] = 0
        return np.clip(change, 0, 1, out=change)

"""Structure where there is texture, colour where there is none; noise-scaled, shift-tolerant, shadow-aware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from spotdiff.image.resize import shrink
from spotdiff.light import same_surface
from spotdiff.methods._plain_difference import with_plain_difference
from spotdiff.methods._tolerant_difference import outside
from spotdiff.params import check, param
from spotdiff.types import Evidence, Extraction

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map, Mask, Pair

_QUARTER = 0.3186  # lower quartile of |x| for a standard normal x
_NOISIEST = 6.0  # grey levels: more than that is change, not noise
_LIGHT = 0.9  # share of the colour evidence that a surface in another light loses


@dataclass(frozen=True, slots=True)
class Classic:
    """Our combination of colour difference and local structure, for aligned and light-matched photographs.

    A pixel's colour counts as different only when it lies outside of all that the other picture
    shows within `tolerance` pixels. Structure is the contrast and correlation part of SSIM. The two
    are joined as independent witnesses, so that either alone must be strong and both together may
    be weaker. Colour counts for little where the surface is the same in another light.

    Attributes:
        sigma: Blur before colours are compared, in pixels; takes out sensor noise.
        tolerance: Residual misalignment forgiven, in pixels.
        floor: Colour distance that counts as one half, in grey levels of luma.
        noise: Noise levels (standard deviations) that count as one half, where that is more than `floor`.
        window: Gaussian window of the structure, in pixels.
        structure: Dissimilarity 1 - SSIM that counts as one half.
        most: Larger pictures are compared at this size, in million pixels. On 4K ground a faint square of 10 pixels
            was lost and one of 12 found, a line of 3 found.
        shadows: Let colour count for little where the surface is the same in another light.

    Notes:
        Figures on labelled pictures are in docs/accuracy.md. It fails where the background itself moves
        (water, leaves: F1 0.5 to 0.7) and overlooks objects of the colour and texture of what they cover.

    References:
        Wang et al. (2004), https://doi.org/10.1109/TIP.2003.819861, eq. 13 without its luminance term.

    Examples:
        >>> from spotdiff.types import Pair, Picture
        >>> before = np.full((48, 48, 3), 90, np.uint8)
        >>> after = before.copy()
        >>> after[16:32, 16:32] = (180, 60, 60)
        >>> change = Classic().score(Pair(Picture(before), Picture(after))).change
        >>> bool(change[24, 24] > 0.7), float(change[2, 2])
        (True, 0.0)
    """

    extraction: ClassVar[Extraction] = Extraction(grow=0.4, seed=0.6, min_area=25, weight=1.1, join=6, sure=0.8)

    sigma: float = param(1.0, "blur before colours are compared", low=0.3, high=10, unit="px")
    tolerance: int = param(2, "residual misalignment forgiven", low=0, high=8, unit="px")
    floor: float = param(16.0, "colour distance that counts as one half", low=1, high=255, unit="grey levels")
    noise: float = param(3.5, "noise levels that count as one half, where more than floor", low=0, high=20)
    window: float = param(2.5, "Gaussian window of the structure", low=0.5, high=20, unit="px")
    structure: float = param(0.7, "dissimilarity 1 - SSIM that counts as one half", low=0.01, high=2)
    most: float = param(2.5, "larger pictures are compared at this size", low=0.01, high=1000, unit="million pixels")
    shadows: bool = param(True, "colour counts for little where a surface is the same in another light")

    def __post_init__(self) -> None:
        check(self)

    def score(self, pair: Pair) -> Evidence:
        """Evidence for an aligned and light-matched pair, undirected; 0 where the two do not both see the place."""
        height, width = pair.before.pixels.shape[:2]
        factor = min(1.0, (self.most * 1e6 / (width * height)) ** 0.5)
        size = max(round(width * factor), 1), max(round(height * factor), 1)
        before, after = (shrink(p.opaque, size) for p in (pair.before, pair.after))
        usable = None if pair.usable is None else shrink(pair.usable.astype(np.uint8), size) > 0
        change, noise = self._change(before, after, usable)
        if factor < 1:
            change = cv2.resize(change, (width, height), interpolation=cv2.INTER_LINEAR)
        if pair.usable is not None:
            # what the rim shows is half made up by resampling
            change *= cv2.erode(pair.usable.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1)
        return with_plain_difference(Evidence.undirected(change, {"noise": round(noise, 3)}), pair)

    def _change(self, before: Bytes, after: Bytes, usable: Mask | None) -> tuple[Map, float]:
        """The change map of two pictures (H, W, 3), and the noise found in grey levels."""
        before, after = (cv2.cvtColor(p, cv2.COLOR_RGB2YCrCb) for p in (before, after))
        colour, noise = self._colour(before, after, usable)
        if self.shadows:
            colour *= 1 - _LIGHT * same_surface(before, after, noise=noise)
        return _both(colour, self._structure(before[..., 0], after[..., 0], noise)), noise

    def _colour(self, before: Bytes, after: Bytes, usable: Mask | None) -> tuple[Map, float]:
        """How different the colours are, 0 to 1, and the noise in grey levels."""
        smooth = [cv2.GaussianBlur(p, (0, 0), self.sigma) for p in (before, after)]
        noise = _noise(smooth[0][..., 0], smooth[1][..., 0], usable)
        square = np.zeros(before.shape[:2], np.float32)
        for channel, weight in enumerate((1.0, 2.0, 2.0)):  # YCrCb halves what luma keeps whole
            here, there = (np.ascontiguousarray(p[..., channel]) for p in smooth)
            apart = outside(here, there, self.tolerance).astype(np.float32)
            square += weight * apart * apart
        distance = cv2.sqrt(square)
        return distance / (distance + max(self.floor, self.noise * noise)), noise

    def _structure(self, before: Bytes, after: Bytes, noise: float) -> Map:
        """How different the fine structure is, 0 to 1; 0 where neither picture has any."""
        here, there = before.astype(np.float32), after.astype(np.float32)
        mean_here, mean_there = self._mean(here), self._mean(there)
        both = self._mean(here * there) - mean_here * mean_there
        energy = self._mean(here * here + there * there) - mean_here * mean_here - mean_there * mean_there
        # what noise and faint texture add to both sides, so that they do not pass for structure
        steady = 100 + 4 * noise * noise
        dissimilar = np.clip(1 - (2 * both + steady) / (energy + steady), 0, 2)
        return np.asarray(dissimilar / (dissimilar + self.structure), np.float32)

    def _mean(self, values: Map) -> Map:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), self.window), np.float32)


def _both(colour: Map, structure: Map) -> Map:
    """Two witnesses as one: odds of their joint probability, against prior odds of one to nine, then smoothed."""
    doubt = (1 - colour) * (1 - structure)
    joint = (1 - doubt) ** 2
    return np.asarray(cv2.GaussianBlur(joint / (joint + 9 * doubt * doubt), (0, 0), 1.5), np.float32)


def _noise(before: Bytes, after: Bytes, usable: Mask | None) -> float:
    """Standard deviation of the difference of two planes where nothing changed, in grey levels, at most 6.

    From the lower quartile rather than the median: up to three quarters of the picture may have changed.
    """
    apart = cv2.absdiff(before, after)
    counted = apart if usable is None else apart[usable]
    if counted.size == 0:
        return 0.0
    counts = np.cumsum(np.bincount(counted.ravel(), minlength=256)) / counted.size
    whole = int(np.searchsorted(counts, 0.25))
    below = float(counts[whole - 1]) if whole else 0.0
    part = (0.25 - below) / max(float(counts[whole]) - below, 1e-9)  # grey levels are whole, the quartile is not
    return min((whole - 0.5 + part) / _QUARTER, _NOISIEST) if whole else min(0.5 * part / _QUARTER, _NOISIEST)

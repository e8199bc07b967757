"""Structure where there is texture, colour where there is none; noise-scaled, shift-tolerant, shadow-aware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from spotdiff.params import check, param
from spotdiff.types import Evidence, Extraction

if TYPE_CHECKING:
    from spotdiff.types import Map, Pair


@dataclass(frozen=True, slots=True)
class Classic:
    """x."""

    extraction: ClassVar[Extraction] = Extraction(grow=0.4, seed=0.62, min_area=25, join=3)
    sigma: float = param(1.0, "")
    floor: float = param(18.0, "")
    noise: float = param(3.5, "")
    window: float = param(2.5, "")
    stable: float = param(100.0, "")
    structure: float = param(0.35, "")
    shadow: float = param(0.5, "")
    smooth: float = param(1.5, "")
    chroma: float = param(2.0, "")
    radius: int = param(2, "")
    cap: float = param(6.0, "")
    odds: float = param(9.0, "")
    combine: str = param("prod", "")

    def __post_init__(self) -> None:
        check(self)

    def score(self, pair: Pair) -> Evidence:
        b = cv2.cvtColor(pair.before.pixels, cv2.COLOR_RGB2YCrCb)
        a = cv2.cvtColor(pair.after.pixels, cv2.COLOR_RGB2YCrCb)
        k=(0,0)
        B = cv2.GaussianBlur(b, k, self.sigma).astype(np.float32)
        A = cv2.GaussianBlur(a, k, self.sigma).astype(np.float32)
        usable = pair.usable
        R = self.radius; ker = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * R + 1, 2 * R + 1))
        d2 = np.zeros(B.shape[:2], np.float32)
        for c in range(3):
            x, y = B[..., c], A[..., c]
            d = np.maximum(np.maximum(y - cv2.dilate(x, ker), cv2.erode(x, ker) - y), np.maximum(x - cv2.dilate(y, ker), cv2.erode(y, ker) - x))
            d = np.maximum(d, 0)
            d2 += d * d * (1.0 if c == 0 else self.chroma)
        d = np.sqrt(d2)
        raw = np.abs(B[..., 0] - A[..., 0])
        sig = float(np.percentile(raw if usable is None else raw[usable], 25)) / 0.3186
        sig = min(sig, self.cap)
        t = max(self.floor, self.noise * sig)
        colour = d / (d + t)
        # structure
        by, ay = b[..., 0].astype(np.float32), a[..., 0].astype(np.float32)
        w = self.window
        g = lambda z: cv2.GaussianBlur(z, k, w)
        mb, ma = g(by), g(ay)
        vb, va, cov = g(by * by) - mb * mb, g(ay * ay) - ma * ma, g(by * ay) - mb * ma
        C = self.stable + 4 * sig * sig
        s = (2 * cov + C) / (vb + va + C)
        dis = np.clip(1 - s, 0, 2)
        struct = dis / (dis + self.structure*2)
        # shadow
        ratio = (ma + 4) / (mb + 4)
        if self.combine == "max":
            e = np.maximum(colour, struct)
        elif self.combine == "colour": e = colour
        elif self.combine == "struct": e = struct
        else:
            e = 1 - (1 - colour) * (1 - struct)
            e = e * e / (e * e + (1 - e) * (1 - e)*self.odds)
        if self.smooth > 0: e = cv2.GaussianBlur(e, k, self.smooth)
        if usable is not None:
            inner = cv2.erode(usable.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1)
            e = e * inner
        return Evidence.undirected(np.asarray(e, np.float32))

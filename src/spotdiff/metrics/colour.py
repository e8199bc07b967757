"""How different two colours are, pixel by pixel.

Every difference takes two arrays (..., 3) of sRGB in 0..255, uint8 or float, and gives (...) float64,
0 where they are equal. Those named after Lab have a second form that takes Lab itself.

References:
    Kotsarenko, Ramos 2010, Measuring perceived color difference using YIQ NTSC transmission color space,
    Programacion Matematica y Software 2(2), for `yiq`;
    Abasi, Tehran, Fairchild 2020, doi:10.1002/col.22451, for HyAB;
    Sharma, Wu, Dalal 2005, doi:10.1002/col.20070, equations 2-22, for `ciede2000`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.image import colour

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotdiff.image.colour import Colours, Floats

    Difference = Callable[[Colours, Colours], Floats]

YIQ_LARGEST = 35215.0
REDMEAN_LARGEST = 764.8339663572415  # black to white
_CBRT_STEPS = 4096


def grey(before: Colours, after: Colours) -> Floats:
    """Difference of Rec. 601 grey, 0..255."""
    return np.abs(colour.mixed(colour.GREY, _channels(before, after))[0])


def rgb(before: Colours, after: Colours) -> Floats:
    """Euclidean distance in sRGB, 0..441.67."""
    return _length(_channels(before, after))


def redmean(before: Colours, after: Colours) -> Floats:
    """Compuphase's weighted RGB distance, 0..764.83.

    Examples:
        >>> float(redmean(np.array([255, 0, 0]), np.array([0, 0, 255])).round(4))
        569.9746
    """
    red, green, blue = _squares(before, after)
    mean = (np.asarray(before, np.float64)[..., 0] + after[..., 0]) / 2
    distance: Floats = np.sqrt((2 + mean / 256) * red + 4 * green + (2 + (255 - mean) / 256) * blue)
    return distance


def hsv(before: Colours, after: Colours) -> Floats:
    """Distance in the HSV cone, 0..1; the cone makes hue count by chroma, so greys have none to differ in."""
    steps = _cone(before) - _cone(after)
    return _length(steps) / 2


def yiq(before: Colours, after: Colours) -> Floats:
    """Squared, weighted YIQ distance of Kotsarenko and Ramos, 0..35214.75.

    Examples:
        >>> float(yiq(np.array([0, 0, 0]), np.array([255, 255, 255])).round(4))
        32857.1332
    """
    y, i, q = colour.mixed(colour.YIQ, _channels(before, after))
    return 0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q


def yiq12(before: Colours, after: Colours) -> Floats:
    """`yiq` with every coefficient cut to 12 fractional bits, as odiff computes it."""
    y, i, q = colour.mixed(_cut(colour.YIQ), _channels(before, after))
    weights: list[float] = _cut(np.array([0.5053, 0.299, 0.1957])).tolist()
    return weights[0] * y * y + weights[1] * i * i + weights[2] * q * q


def oklab(before: Colours, after: Colours) -> Floats:
    """HyAB distance in OKLab with Ottosson's lightness Lr: |dLr| + sqrt(da^2 + db^2), 0..1.25.

    The cube root is read from pixelmatch's table of 4096 steps: its counts need it.

    Examples:
        >>> float(oklab(np.array([0, 0, 0]), np.array([255, 255, 255])).round(6))
        1.0
    """
    (l1, a1, b1), (l2, a2, b2) = _toned(before), _toned(after)
    return np.abs(l1 - l2) + np.sqrt((a1 - a2) ** 2 + (b1 - b2) ** 2)


def cie76(before: Colours, after: Colours) -> Floats:
    """CIE 1976 colour difference: Euclidean in Lab."""
    return cie76_lab(colour.lab(before), colour.lab(after))


def ciede2000(before: Colours, after: Colours) -> Floats:
    """CIEDE2000 colour difference.

    Examples:
        >>> float(ciede2000(np.array([127, 127, 127]), np.array([128, 128, 128])).round(4))
        0.3806
    """
    return ciede2000_lab(colour.lab(before), colour.lab(after))


def cie76_lab(before: Floats, after: Floats) -> Floats:
    """`cie76` of Lab colours."""
    return _length(before - after)


def ciede2000_lab(before: Floats, after: Floats) -> Floats:
    """`ciede2000` of Lab colours, with kL = kC = kH = 1; the numbers are Sharma's equations."""
    chroma = (np.hypot(before[..., 1], before[..., 2]) + np.hypot(after[..., 1], after[..., 2])) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))  # (4), as 1 + G
    (c1, h1), (c2, h2) = _stretched(before, stretch), _stretched(after, stretch)
    grey = c1 * c2 == 0
    turn = np.where(grey, 0, h2 - h1)
    turn = turn - 360 * (turn > 180) + 360 * (turn < -180)  # (10)
    level = (before[..., 0] + after[..., 0]) / 2
    mean_c = (c1 + c2) / 2
    mean_h = np.where(grey, h1 + h2, _mean_hue(h1, h2))  # (14)
    dl = (after[..., 0] - before[..., 0]) / (1 + 0.015 * (level - 50) ** 2 / np.sqrt(20 + (level - 50) ** 2))
    dc = (c2 - c1) / (1 + 0.045 * mean_c)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2) / (1 + 0.015 * mean_c * _hue_weight(mean_h))
    squared: Floats = dl**2 + dc**2 + dh**2 + _rotation(mean_c, mean_h) * dc * dh  # (22)
    return np.sqrt(np.maximum(squared, 0))


def _stretched(lab: Floats, stretch: Floats) -> tuple[Floats, Floats]:
    a, b = lab[..., 1] * stretch, lab[..., 2]
    return np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360


def _mean_hue(first: Floats, second: Floats) -> Floats:
    total = first + second
    apart = np.abs(first - second) > 180
    mean: Floats = (total + np.where(apart, np.where(total < 360, 360, -360), 0)) / 2
    return mean


def _hue_weight(hue: Floats) -> Floats:
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))  # (15)
    weight = np.ones_like(hue)
    for w, k, shift in waves:
        weight += w * np.cos(np.radians(k * hue + shift))
    return weight


def _rotation(chroma: Floats, hue: Floats) -> Floats:
    angle = np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2)))  # (16), twice
    turned: Floats = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(angle)  # (17), (21)
    return turned


def _cut(coefficients: Floats) -> Floats:
    return np.trunc(coefficients * 4096) / 4096


def _channels(before: Colours, after: Colours) -> Floats:
    return np.subtract(before, after, dtype=np.float64)


def _squares(before: Colours, after: Colours) -> tuple[Floats, Floats, Floats]:
    squared = _channels(before, after) ** 2
    return squared[..., 0], squared[..., 1], squared[..., 2]


def _length(step: Floats) -> Floats:
    length: Floats = np.sqrt(np.einsum("...i,...i->...", step, step))
    return length


def _cone(rgb: Colours) -> Floats:
    hue, saturation, value = np.moveaxis(colour.hsv(rgb), -1, 0)
    return np.stack(
        [saturation * value * np.cos(2 * np.pi * hue), saturation * value * np.sin(2 * np.pi * hue), value], -1
    )


def _toned(rgb: Colours) -> tuple[Floats, Floats, Floats]:
    """Lr, a and b."""
    cones = [_table_cbrt(plane) for plane in colour.mixed(colour.OKLAB_CONES, colour.linear(rgb))]
    lightness, a, b = colour.mixed(colour.OKLAB_AXES, np.moveaxis(np.stack(cones), 0, -1))
    k1, k2, k3 = 0.206, 0.03, 1.206 / 1.03
    x = k3 * lightness - k1
    return (x + np.sqrt(x * x + 4 * k2 * k3 * lightness)) / 2, a, b


def _table_cbrt(value: Floats) -> Floats:
    table = _cbrt_table()
    scaled = value * _CBRT_STEPS
    step = scaled.astype(np.intp)
    low = table[step]
    return low + (table[step + 1] - low) * (scaled - step)


@cache
def _cbrt_table() -> Floats:
    return np.cbrt(np.arange(_CBRT_STEPS + 2) / _CBRT_STEPS)  # one more: white's cone responses exceed 1 by 1e-10


@dataclass(frozen=True, slots=True)
class Metric:
    """A difference with the scale people set its threshold on.

    Attributes:
        difference: The difference of two colours.
        unit: What a threshold is measured in.
        default: The usual threshold, in that unit.
        scale, power: A threshold t stands for a difference of `scale * t ** power`.
        full: The difference at which people see another colour altogether; maps reach 1 there.
        below: True when only differences *below* the threshold are the same; False when it is the last same one.
        bracket: Share and multiple of the threshold between which CIE76 does not decide alone; None for no such test.
    """

    difference: Difference
    unit: str
    default: float
    scale: float
    full: float
    power: int = 1
    below: bool = False
    bracket: tuple[float, float] | None = None

    def limit(self, threshold: float) -> float:
        """The difference that a threshold stands for."""
        return self.scale * threshold**self.power

    def amounts(self, before: Colours, after: Colours, limit: float) -> Floats:
        """The differences, to be judged by `limit`: (N, 3) twice to (N,)."""
        return (
            self.difference(before, after) if self.bracket is None else _bracketed(before, after, limit, self.bracket)
        )

    def exceeds(self, amounts: Floats, limit: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which amounts are a difference: (N,) to (N,) bool; 0 never is."""
        return (amounts >= limit) & (amounts > 0) if self.below else amounts > limit


def _bracketed(before: Colours, after: Colours, limit: float, bracket: tuple[float, float]) -> Floats:
    """CIEDE2000 where CIE76 leaves a doubt; elsewhere CIE76, kept on its side of the limit (looks-same)."""
    first, second = colour.lab(before), colour.lab(after)
    amounts = cie76_lab(first, second)
    far = amounts >= bracket[1] * limit
    near = amounts <= bracket[0] * limit
    doubtful = ~(far | near)
    amounts[far] = np.maximum(amounts[far] / bracket[1], limit)
    amounts[doubtful] = ciede2000_lab(first[doubtful], second[doubtful])
    return amounts


METRICS: dict[str, Metric] = {
    "grey": Metric(grey, "0..1", 0.1, scale=255, full=255),
    "rgb": Metric(rgb, "0..1", 0.1, scale=255 * 3**0.5, full=255 * 3**0.5),
    "redmean": Metric(redmean, "0..1", 0.1, scale=REDMEAN_LARGEST, full=REDMEAN_LARGEST),
    "hsv": Metric(hsv, "0..1", 0.1, scale=1, full=1),
    "yiq": Metric(yiq, "0..1", 0.1, scale=YIQ_LARGEST, full=YIQ_LARGEST, power=2),
    "yiq12": Metric(yiq12, "0..1", 0.1, scale=YIQ_LARGEST, full=YIQ_LARGEST, power=2),
    "oklab": Metric(oklab, "0..1", 0.1, scale=1, full=1),
    "cie76": Metric(cie76, "delta E", 2.3, scale=1, full=100, below=True),
    "ciede2000": Metric(ciede2000, "delta E", 2.3, scale=1, full=100, below=True, bracket=(0.695, 6.2)),
}

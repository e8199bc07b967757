"""Values of any depth to 8 bits, the same way for all pictures of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import LoadError
from spotdiff.image.decode import Decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[Any]

_TAILS = (0.2, 99.8)  # percentiles: a hot pixel must not decide the window
_NARROW = 0.25  # share of the range of 16 bits under which values are windowed
_ROUNDING = 1e-5  # what arithmetic on floats of 0 to 1 may leave outside of it
_FAINT = 0.02  # the same for floats of 0 to 1 or 0 to 255: a dark picture is a dark picture


def to_8_bit(pictures: Sequence[Decoded]) -> list[Decoded]:
    """The pictures as uint8, each with a note where values were windowed.

    One window serves all, or a change of brightness would vanish. uint8 stays; floats in 0 to 1 and whole
    numbers of 16 bits that use their range are scaled; others are windowed from percentile 0.2 to 99.8. Floats of an
    array, of which nothing says what they mean, must show it by their values, and none of its whole numbers may be
    negative. Where files say what is black and white, the widest of that holds for all that are of a scan. What a file
    says is no data has no say, and is black.

    Raises:
        LoadError: values are neither numbers nor finite, or those of an array may mean anything.
    """
    for picture in pictures:
        _check_signs(picture)
    told = [p.metadata.window for p in pictures if p.metadata.window is not None]
    wide = (min(low for low, _ in told), max(high for _, high in told)) if told else None
    by_file = [wide is not None and p.metadata.grey_scan for p in pictures]
    loose = [p.values for p in pictures if _is_loose(p)]
    white = (0.0, _white(loose), "") if loose else None
    deep = [_data(p) for p, told in zip(pictures, by_file, strict=True) if not (told or _is_loose(p) or _is_8_bit(p))]
    window = _window(deep) if deep else None
    said = (*wide, f"{wide[0]:g} to {wide[1]:g}, as the file says, shown as 0 to 255") if wide else None
    return [
        _put(p, said if told else white if _is_loose(p) else None if _is_8_bit(p) else window)
        for p, told in zip(pictures, by_file, strict=True)
    ]


def window_of(pictures: Sequence[Decoded]) -> tuple[float, float, str] | None:
    """Which values are black and white in all those of files that have more than 8 bits, and a note of it.

    None where none has. What files say of it themselves is not asked.

    Raises:
        LoadError: as `to_8_bit`.
    """
    deep = [_data(picture) for picture in pictures if not _is_8_bit(picture)]
    return _window(deep) if deep else None


def in_window(picture: Decoded, window: tuple[float, float, str] | None) -> Decoded:
    """The picture, or a part of it, as uint8, by the window that `window_of` gave for all of it."""
    return _put(picture, None if _is_8_bit(picture) else window)


def _is_8_bit(picture: Decoded) -> bool:
    return picture.values.dtype in (np.uint8, np.bool_)


def _data(picture: Decoded) -> Values:
    """The values that are any, (H, W[, 3]), or (N[, 3]) where the picture has places without."""
    has_data = picture.metadata.has_data
    return picture.values if has_data is None else picture.values[has_data]


def _is_loose(picture: Decoded) -> bool:
    return picture.array and picture.values.dtype.kind == "f"


def _check_signs(picture: Decoded) -> None:
    """Raise a LoadError for negative whole numbers of an array: what is black is not known."""
    if not picture.array or picture.values.dtype.kind != "i":
        return
    low, high = _extremes([values for values in (picture.values, picture.alpha) if values is not None])
    if low < 0:
        raise LoadError(
            f"whole numbers from {low:.0f} to {high:.0f} do not say what is black and what white: "
            "say data_range=(black, white), or scale them to 0 to 255"
        )


def _white(arrays: list[Values]) -> float:
    """What is white in floats of which nothing is said: 1, or 255 for the whole numbers that 8 bits have."""
    low, high = _extremes(arrays)
    if low >= -_ROUNDING and high <= 1 + _ROUNDING:
        return 1.0
    if low >= 0 and high <= 255 and all((values == np.rint(values)).all() for values in arrays):
        return 255.0
    usual = "255" if low >= 0 and high <= 255 else "(black, white)"
    raise LoadError(
        f"floats from {low:g} to {high:g} do not say what is black and what white: "
        f"say data_range={usual}, or scale them to 0 to 1"
    )


def _put(picture: Decoded, window: tuple[float, float, str] | None) -> Decoded:
    """The picture in 8 bits with light as light, and black where it has no data; without a window it has 8 bits."""
    values, alpha, has_data = picture.values, picture.alpha, picture.metadata.has_data
    notes = picture.notes
    if window is not None:
        low, high, note = window
        if has_data is not None and values.dtype.kind == "f":
            values = np.where(has_data[..., None], values, values.dtype.type(low))  # NaN is none of 8 bits
        values = scaled(values, low, high)
        notes += (note,) if note else ()
        alpha = None if alpha is None else scaled(alpha, 0.0, _ceiling(alpha))
    elif values.dtype == np.bool_:
        values = values.astype(np.uint8) * 255
    if picture.metadata.inverted:
        values = 255 - values
    if has_data is not None:
        values = values * has_data[..., None]
    return picture if values is picture.values else replace(picture, values=values, alpha=alpha, notes=notes)


def _window(arrays: list[Values]) -> tuple[float, float, str]:
    low, high = _extremes(arrays)
    if not np.isfinite(high - low):
        raise LoadError(f"the picture holds values from {low:g} to {high:g}: scale them first")
    ceiling = max(_ceiling(v) for v in arrays)
    thin = [v.reshape(-1)[:: max(v.size // 1_000_000, 1)] for v in arrays]
    dark, bright = (float(p) for p in np.percentile(np.concatenate([t.astype(np.float64) for t in thin]), _TAILS))
    least = _NARROW if ceiling > 255 else _FAINT if arrays[0].dtype.kind == "f" else 0.0
    if low >= 0 and high <= ceiling and (bright - dark >= least * ceiling or high - low == 0):
        return 0.0, ceiling, "" if ceiling <= 255 else f"0 to {ceiling:g} shown as 0 to 255"
    if bright <= dark:
        dark, bright = low, max(high, low + max(1.0, 1e-6 * abs(low)))
    return dark, bright, f"{dark:g} to {bright:g} shown as 0 to 255"


def _extremes(arrays: list[Values]) -> tuple[float, float]:
    for values in arrays:
        if values.dtype.kind not in "uif":
            raise LoadError(f"a picture holds numbers, not {values.dtype}")
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise LoadError("the picture holds values that are not finite")
    return min(float(values.min()) for values in arrays), max(float(values.max()) for values in arrays)


def _ceiling(values: Values) -> float:
    """The largest value that the type, or for floats and wide numbers the values themselves, suggest."""
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:  # of either order of bytes
        return 65535.0
    if values.dtype.kind == "f":
        return 1.0 if float(values.max()) <= 1.0 else 255.0
    return 255.0 if float(values.max()) <= 255 else 65535.0


def scaled(values: Values, low: float, high: float) -> NDArray[np.uint8]:
    """The values as 8 bits, `low` black and `high` white; what lies outside is one of the two."""
    exact = 4 if values.dtype.kind == "f" else 2  # bytes that 32 bits of floating point hold exactly
    wide = values.astype(np.float32) if values.dtype.itemsize <= exact else values.astype(np.float64)
    with np.errstate(over="ignore"):  # far outside of the window is white or black
        levels = (wide - low) / (high - low) * 255.0  # in this order: 255 over a tiny span is infinite
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)

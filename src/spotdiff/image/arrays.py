"""The caller's arrays: where their channels are, in which order, and which numbers are black and white."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import LoadError
from spotdiff.image.decode import Decoded, split_alpha
from spotdiff.image.intensity_window import scaled
from spotdiff.image.size_limit import SizeLimit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.options import Options

    Values = NDArray[Any]

_CHANNELS = range(1, 5)
_USUAL = ((0.0, 1.0), (0.0, 255.0))  # ranges that need no word


def is_array(source: object) -> bool:
    """Whether numpy can take it for an array, be it one of torch; a Pillow image says more of itself than an array."""
    kind = type(source)  # a lazily opened image decodes when its own attributes are asked for
    numbers = any(hasattr(kind, name) for name in ("__array_interface__", "__array__", "__array_struct__"))
    return numbers and not (hasattr(kind, "getbands") and hasattr(kind, "convert"))


def from_array(source: object, options: Options) -> Decoded:
    """A copy of an array, so that the caller's later writing changes no answer.

    Args:
        source: The array, or a tensor of torch on any device.
        options: Their `colour`, `layout` and `data_range` say how it is meant; `max_pixels` limits it.

    Raises:
        LoadError: it holds no numbers, or some that are hidden or not finite, has another shape than the layout says,
            or is too large.
    """
    values = _rows_first(_numbers(source), options.layout)
    if values.ndim >= 2:
        SizeLimit("the array", options.max_pixels).check(values.shape[1], values.shape[0])
    if options.colour == "bgr" and values.ndim == 3 and values.shape[2] >= 3:
        values = values[..., [2, 1, 0, *range(3, values.shape[2])]]
    decoded = split_alpha(np.array(values))
    for numbers in (decoded.values, decoded.alpha):
        if numbers is not None and numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
            raise LoadError("the picture holds values that are not finite")
    has_range = options.data_range is not None and values.dtype != np.bool_  # which says itself what is white
    return _put(decoded, options) if has_range else Decoded(decoded.values, decoded.alpha, array=True)


def _numbers(source: object) -> Values:
    try:
        if hasattr(type(source), "detach"):  # torch: it may be on another device, or waited for by a gradient
            source = source.detach().cpu().numpy()  # type: ignore[attr-defined]
        values = np.asarray(source)
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise LoadError(f"this {type(source).__name__} cannot be read as a picture: {reason.splitlines()[0]}") from None
    if np.ma.is_masked(source):
        raise LoadError("a masked array hides values: fill them, and give the mask as ignore_mask")
    if values.dtype.kind not in "buif":
        raise LoadError(f"a picture holds numbers, not {values.dtype}")
    return values


def _rows_first(values: Values, layout: str) -> Values:
    if values.ndim == 4 and values.size:
        raise LoadError(
            f"a picture has two sides and channels, not {values.shape}: give one of a stack, as in array[0]"
        )
    if layout == "chw":
        if values.ndim == 3 and values.shape[0] not in _CHANNELS:
            raise LoadError(f'layout="chw" takes (1 to 4 channels, height, width), not {values.shape}')
        return np.moveaxis(values, 0, -1) if values.ndim == 3 else values
    if values.ndim == 3 and values.shape[2] not in _CHANNELS and values.shape[0] in _CHANNELS:
        raise LoadError(f'an array {values.shape} has its channels first: say layout="chw"')
    return values


def _put(decoded: Decoded, options: Options) -> Decoded:
    """The values as 8 bits, black and white being those of the options."""
    data_range = options.data_range
    low, high = (float(one) for one in data_range) if isinstance(data_range, tuple) else (0.0, float(data_range or 0))
    notes = [] if (low, high) in _USUAL else [f"{low:g} to {high:g} shown as 0 to 255"]
    if decoded.values.min() < low or decoded.values.max() > high:
        notes.append(f"values outside of {low:g} to {high:g} shown as black or white")
    alpha = None if decoded.alpha is None else scaled(decoded.alpha, low, high)
    return Decoded(scaled(decoded.values, low, high), alpha, notes=tuple(notes))

"""What a method or a network gave, before anybody believes it: anything but finite maps of the right shape is trouble.

A map of NaN has no pixel over any threshold: without these checks a broken network would call every pair the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import MethodError
from spotdiff.types import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from spotdiff.types import Map

_ROUNDING = 1e-3  # by which a chance may leave 0 to 1
_CHANNELS = {"heat": 1, "size": 2, "offset": 2}


def checked_outputs(outputs: Mapping[str, object], shape: tuple[int, int], *, stride: int, name: str) -> dict[str, Map]:
    """A network's outputs as float32 arrays.

    Args:
        outputs: Maps (1, 1, H, W) of chances, maps of the centres of boxes, and numbers (1,) about the whole pair.
        shape: Height and width of what the network was shown.
        stride: Pixels of that to one of the centres' maps.
        name: What the network is called in an error.

    Raises:
        MethodError: an output is no array of finite numbers, has another shape, or is no chance where it should be.
    """
    checked = {}
    for output, value in outputs.items():
        values = _numbers(value, f"{name}: its output {output}")
        channels = _CHANNELS.get(output.partition("_")[0])
        wanted: tuple[int, ...] = (1, 1, *shape)
        if channels:
            wanted = (1, channels, *(-(-length // stride) for length in shape))
        elif values.ndim == 1:
            wanted = (1,)
        _check(values, wanted, f"{name}: its output {output}", chance=channels in (None, 1))
        checked[output] = values
    return checked


def checked_evidence(evidence: object, shape: tuple[int, int], *, name: str) -> Evidence:
    """The evidence of a method for a pair of a height and width, as it is.

    Raises:
        MethodError: it is no evidence, or a map of it is not finite, has another shape or leaves 0 to 1.
    """
    if not isinstance(evidence, Evidence):
        raise MethodError(f"method {name} gave a {type(evidence).__name__} where evidence was asked for")
    maps: dict[str, object] = {"gone": evidence.gone, "new": evidence.new, **evidence.layers}
    for side, value in maps.items():
        owner = f"method {name}: its map {side}"
        _check(_numbers(value, owner), shape, owner, chance=True)
    for value in evidence.cores or ():
        owner = f"method {name}: its map of cores"
        _check(_numbers(value, owner), np.shape(value)[:2] or (1, 1), owner, chance=True)
    if evidence.anything is not None:
        _check(np.array([evidence.anything]), (1,), f"method {name}: its word on the whole pair", chance=True)
    return evidence


def _numbers(value: object, owner: str) -> NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
        kind = f"{value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        raise MethodError(f"{owner} is of {kind}, not of numbers")
    return np.asarray(value, np.float32)


def _check(values: NDArray[Any], wanted: tuple[int, ...], owner: str, *, chance: bool) -> None:
    if values.shape != wanted:
        shapes = ("x".join(map(str, one)) or "a single number" for one in (values.shape, wanted))
        raise MethodError("{} is {}, not {}".format(owner, *shapes))
    if values.size == 0 or not np.isfinite(values.sum(dtype=np.float64)):
        raise MethodError(f"{owner} has values that are not finite" if values.size else f"{owner} is empty")
    if chance and not (values.min() >= -_ROUNDING and values.max() <= 1 + _ROUNDING):
        raise MethodError(f"{owner} goes from {values.min():g} to {values.max():g}, not from 0 to 1")

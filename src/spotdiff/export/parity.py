"""Whether an exported network says what the network says, at sizes that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.errors import DataError

if TYPE_CHECKING:
    from spotdiff.nets.parts.inference import Run
    from spotdiff.types import Map

SIZES = ((64, 96), (101, 77), (32, 130))  # height and width; none of them is the one that export follows
TOLERANCE = 1e-4
_TO_LOOK_AT = 1e-3  # of maps that nothing is decided by; some are ratios of small numbers
_DECIDES = ("gone", "new", "anything", "heat", "size", "offset")


def parity(torch_run: Run, onnx_run: Run, *, sizes: Sequence[tuple[int, int]] = SIZES) -> dict[tuple[int, int], float]:
    """The largest difference of two ways to run one network, by height and width of the pictures.

    A difference is taken as a share of the value where that is more than 1, as sizes of boxes are. What is told is the
    largest in what the network decides; maps to look at are held to a wider bound and not told.

    Raises:
        DataError: the answers have other names or shapes, or differ somewhere by more than 1e-4, or by more than 1e-3
            in maps to look at.
    """
    rng = np.random.default_rng(0)
    found = {}
    for height, width in sizes:
        before, after = (rng.random((1, 3, height, width), np.float32) for _ in range(2))
        found[height, width] = _apart(torch_run(before, after), onnx_run(before, after), at=f"{width}x{height}")
    return found


def _apart(wanted: Mapping[str, Map], got: Mapping[str, Map], *, at: str) -> float:
    shapes, others = ({name: value.shape for name, value in said.items()} for said in (wanted, got))
    if shapes != others:
        raise DataError(f"the exported network answers {others} at {at}, not {shapes}")
    apart = {name: _largest(want, got[name]) for name, want in wanted.items()}
    for name, most in apart.items():
        allowed = TOLERANCE if _decides(name) else _TO_LOOK_AT
        if not most <= allowed:  # which no NaN is
            raise DataError(f"the exported network differs by {most:.2g} in {name} at {at}; {allowed:g} is allowed")
    return max(most for name, most in apart.items() if _decides(name))


def _largest(want: Map, got: Map) -> float:
    return float((np.abs(got - want) / np.maximum(np.abs(want), 1)).max())


def _decides(name: str) -> bool:
    return name.partition("_")[0] in _DECIDES

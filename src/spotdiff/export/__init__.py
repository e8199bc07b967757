"""Trained networks as ONNX files that need no torch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.errors import DataError, MissingExtra
from spotdiff.files import write_whole

if TYPE_CHECKING:
    from spotdiff.data.dataset import Dataset
    from spotdiff.data.example import Source
    from spotdiff.export.int8 import Quantised
    from spotdiff.nets.parts.facts import Facts

_WINDOWED = "swin-t"  # following it with open sizes does not come to an end
WEIGHTS = "weights.safetensors"  # the file in a run's folder


@dataclass(frozen=True, slots=True)
class Exported:
    """A network that was exported.

    Attributes:
        path: The ONNX file.
        size: Its bytes.
        facts: What it says of itself.
        errors: Largest difference from torch, by (height, width) of pictures that the export had not seen.
        seconds: How long it took.
    """

    path: Path
    size: int
    facts: Facts
    errors: Mapping[tuple[int, int], float]
    seconds: float


def export_onnx(source: str | Path, out: str | Path) -> Exported:
    """Write a trained network as an ONNX file (opset 18), once it is seen to say what the network says.

    The file takes `before` and `after`, (1, 3, H, W) float32 RGB in [0, 1] with any H and W from 32, gives its answers
    by name, holds its own facts and no batch norm. Takes 5 to 60 s.

    Args:
        source: A file of weights, or the folder of a training run.
        out: The file to write.

    Raises:
        DataError: there are no weights to be read, or the exported network would not say the same; nothing is written.
        MissingExtra: torch or onnxscript is not installed.
        OSError: the file cannot be written.
    """
    start = time.perf_counter()
    with needing_extra():
        from spotdiff.export.conversion import parity, to_onnx
        from spotdiff.nets.parts.inference import load_session, onnx_run, torch_run
        from spotdiff.nets.parts.weights import load_weights

        net, facts = load_weights(weights_in(source))
        if _WINDOWED in facts.settings.values():
            raise DataError(f"{_WINDOWED} cannot be exported with picture sizes left open; take another backbone")
        data = to_onnx(net, facts)
    errors = parity(torch_run(net), onnx_run(load_session(data, name=str(out))))
    write_whole(Path(out), data)
    return Exported(Path(out), len(data), facts, errors, time.perf_counter() - start)


def quantised(path: str | Path, out: str | Path, data: Dataset | Source | None = None, *, most: int = 64) -> Quantised:
    """Write an exported network in 8 bits; see `spotdiff.export.int8.quantise`. Without data, made pairs are taken.

    Raises:
        DataError: the file or a pair cannot be read, or there are fewer than two pairs.
        MissingExtra: onnx is not installed.
        OSError: the file cannot be written.
    """
    with needing_extra():
        from spotdiff.export.int8 import quantise
    if data is None:
        from spotdiff.data.synth import Synthesis

        data = Synthesis()
    return quantise(path, out, data, most=most)


@contextmanager
def needing_extra() -> Iterator[None]:
    """Within the block a package that is missing is told as the extra that brings it."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] == "spotdiff":
            raise
        raise MissingExtra(str(missing.name), extra="train") from None


def weights_in(source: str | Path) -> Path:
    """The file of weights in a run's folder, or the file itself.

    Raises:
        DataError: there is none.
    """
    path = Path(source)
    if path.is_dir():
        path /= WEIGHTS
    if not path.is_file():
        raise DataError(f"there is no file {path}; spotdiff train makes one")
    return path

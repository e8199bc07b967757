"""An exported network in whole numbers of 8 bits: a smaller and faster file, and how far its answers are kept."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from spotdiff.errors import DataError
from spotdiff.export.agreement import Agreement, agreement
from spotdiff.export.pairs import known_pairs
from spotdiff.files import write_whole
from spotdiff.methods.network import Network
from spotdiff.nets.parts.facts import KEY, Facts

if TYPE_CHECKING:
    from spotdiff.data.example import Source
    from spotdiff.data.folders import Dataset
    from spotdiff.types import Map, Pair

    Fed = dict[str, Map]

_WEIGHTY = [
    "Conv",
    "ConvTranspose",
    "Gemm",
    "MatMul",
]  # what has weights; all else in 8 bits costs much and gains little
_READY = {"onnx.quant.pre_process": "onnxruntime.quant"}  # the graph has been simplified when it was exported


@dataclass(frozen=True, slots=True)
class Quantised:
    """A network in 8 bits.

    Attributes:
        path: The file.
        size: Its bytes.
        facts: What it says of itself; its figures hold those of `agreement`.
        calibrated: Pairs that set the ranges of its values.
        agreement: How far it says what the network in 32 bits says.
    """

    path: Path
    size: int
    facts: Facts
    calibrated: int
    agreement: Agreement


def quantise(path: str | Path, out: str | Path, data: Dataset | Source, *, most: int = 64) -> Quantised:
    """Write an exported network in 8 bits (static, one scale a channel), with what that costs measured.

    Every other pair calibrates and the rest measure. Weights take 7 bits, so that processors without VNNI, whose sums
    would saturate, give the same answers.

    Args:
        path: The exported network.
        out: The file to write.
        data: Pairs like those it will be used on.
        most: How many of them to use; a dataset is thinned evenly.

    Raises:
        DataError: the file or a pair cannot be read, or there are fewer than two pairs to be had.
        OSError: the file cannot be written.
    """
    whole = Network(weights=str(path), threads=1, both_ways=False)
    facts = whole.facts()
    known = known_pairs(data, most=most, side=facts.side)
    if len(known) < 2:
        raise DataError(f"8 bits need two pairs or more, to calibrate and to measure; there are {len(known)}")
    learned, measured = known[::2], known[1::2]
    model = _in_8_bits(Path(path), [_fed(whole, one.pair) for one in learned])
    digest = hashlib.sha256(model.SerializeToString()).hexdigest()
    facts = replace(facts, digest=digest, recipe=f"{facts.recipe} int8".strip())
    with tempfile.TemporaryDirectory(prefix="spotdiff-") as folder:
        part = Path(folder) / "int8.onnx"
        part.write_bytes(_with_facts(model, facts))
        found = agreement(whole, replace(whole, weights=str(part)), measured)
    figures = {f"int8_{name}": value for name, value in asdict(found).items() if value is not None}
    facts = replace(facts, figures={**facts.figures, **figures})
    content = _with_facts(model, facts)
    write_whole(Path(out), content)
    return Quantised(Path(out), len(content), facts, len(learned), found)


class _Pairs(CalibrationDataReader):  # type: ignore[misc]
    """Hands the pairs to onnxruntime one by one."""

    def __init__(self, fed: Sequence[Fed]) -> None:
        self._left = iter(fed)

    def get_next(self) -> Fed | None:
        return next(self._left, None)


def _fed(method: Network, pair: Pair) -> Fed:
    shown = method.shown(pair)
    return {"before": shown.before, "after": shown.after}


def _in_8_bits(path: Path, fed: Sequence[Fed]) -> onnx.ModelProto:
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    onnx.helper.set_model_props(model, _READY)
    with tempfile.TemporaryDirectory(prefix="spotdiff-") as folder, _quiet():
        part = Path(folder) / "int8.onnx"
        quantize_static(
            model,
            part,
            _Pairs(fed),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=_WEIGHTY,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(part)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep onnxruntime from setting up the process' log when it has something to say."""
    root, deaf = logging.getLogger(), logging.NullHandler()
    root.addHandler(deaf)
    try:
        yield
    finally:
        root.removeHandler(deaf)


def _with_facts(model: onnx.ModelProto, facts: Facts) -> bytes:
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {KEY: facts.to_json()})
    return bytes(model.SerializeToString())

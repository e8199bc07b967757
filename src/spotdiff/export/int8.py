"""An exported network in whole numbers of 8 bits: a smaller and faster file, and how far its answers are kept."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from spotdiff.align import align
from spotdiff.atomic_write import write_whole
from spotdiff.data.dataset import CHANGED, UNCOUNTED, Dataset, read_truth
from spotdiff.errors import DataError, Refusal
from spotdiff.image import load_pair
from spotdiff.image.resize import resize_mask, shrink, size_within
from spotdiff.light import match_light
from spotdiff.methods.network import Network
from spotdiff.metrics.masks import Levels, f1, levels
from spotdiff.nets.parts.facts import KEY, Facts
from spotdiff.options import Options
from spotdiff.types import Pair, Picture

if TYPE_CHECKING:
    from spotdiff.data.dataset import Dataset, Sample
    from spotdiff.data.example import Source
    from spotdiff.types import Bytes, Evidence, Map, Mask

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
    model = _in_8_bits(Path(path), [_fed(whole, sample.pair) for sample in learned])
    digest = hashlib.sha256(model.SerializeToString()).hexdigest()
    facts = replace(facts, digest=digest, recipe=f"{facts.recipe} int8".strip())
    with tempfile.TemporaryDirectory(prefix="spotdiff-") as folder:
        part = Path(folder) / "int8.onnx"
        part.write_bytes(_with_facts(model, facts))
        measured_agreement = agreement(whole, replace(whole, weights=str(part)), measured)
    figures = {f"int8_{name}": value for name, value in asdict(measured_agreement).items() if value is not None}
    facts = replace(facts, figures={**facts.figures, **figures})
    content = _with_facts(model, facts)
    write_whole(Path(out), content)
    return Quantised(Path(out), len(content), facts, len(learned), measured_agreement)


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


_CHANGED = 128  # of evidence in 8 bits
_RUNS = 5  # of which the fastest counts


@dataclass(frozen=True, slots=True)
class Agreement:
    """A file beside the one it was made from.

    Attributes:
        pairs: How many pairs were measured.
        size: Its bytes as a share of the other's.
        seconds: Time for a pair as a share of the other's, with the threads that the methods have.
        largest, mean: Difference of gone and new, over all pixels of all pairs.
        agreement: F1 of what it calls changed, with what the other calls changed as the truth.
        f1, f1_before: F1 of it and of the other with the true masks; None where no pair has one.
    """

    pairs: int
    size: float
    seconds: float
    largest: float
    mean: float
    agreement: float
    f1: float | None
    f1_before: float | None


def agreement(whole: Network, other: Network, known: Sequence[Known]) -> Agreement:
    """Measure `other` against `whole`, the one it was made from, on pairs that neither has been fitted to."""
    apart: list[Map] = []
    agreed, true, true_before = [], [], []
    for sample in known:
        quantised, exact = other.score(sample.pair), whole.score(sample.pair)
        apart += [np.abs(quantised.gone - exact.gone), np.abs(quantised.new - exact.new)]
        agreed.append(levels(_bytes(quantised), _bytes(exact) >= _CHANGED))
        if sample.changed is not None:
            true.append(levels(_bytes(quantised), sample.changed, counted=sample.counted))
            true_before.append(levels(_bytes(exact), sample.changed, counted=sample.counted))
    return Agreement(
        pairs=len(known),
        size=Path(other.weights).stat().st_size / Path(whole.weights).stat().st_size,
        seconds=_seconds(other, known[0]) / _seconds(whole, known[0]),
        largest=max(float(values.max()) for values in apart),
        mean=sum(float(values.sum()) for values in apart) / sum(values.size for values in apart),
        agreement=_f1(agreed),
        f1=_f1(true) if true else None,
        f1_before=_f1(true_before) if true_before else None,
    )


def _bytes(evidence: Evidence) -> Bytes:
    return np.asarray(cv2.convertScaleAbs(evidence.change, alpha=255), np.uint8)


def _f1(counts: Sequence[Levels]) -> float:
    return float(f1(sum(counts[1:], counts[0]).at(_CHANGED)))


def _seconds(method: Network, known: Known) -> float:
    taken = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        method.score(known.pair)
        taken.append(time.perf_counter() - start)
    return min(taken)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An aligned pair, and what is known of it.

    Attributes:
        pair: The pair, as a method would get it.
        changed: (H, W) bool; None where nobody knows.
        counted: (H, W) bool, False for pixels to leave out; None for all.
    """

    pair: Pair
    changed: Mask | None = None
    counted: Mask | None = None


def known_pairs(data: Dataset | Source, *, most: int, side: int) -> list[Known]:
    """The first `most` pairs of a source, or so many spread over a dataset, brought to a longer side of `side`.

    Pairs that the flow would refuse are left out.
    """
    if isinstance(data, Dataset):
        count = min(most, len(data))
        thinned = (data.samples[index * len(data) // count] for index in range(count))
        samples: Iterator[Known | None] = map(_of_sample, thinned)
    else:
        samples = (_of_source(data, number) for number in range(most))
    return [_shrunk(known, side) for known in samples if known is not None]


def _of_source(source: Source, number: int) -> Known:
    example = source[number]
    counted = example.counted_before & example.counted_after
    return Known(Pair(Picture(example.before), Picture(example.after)), example.gone | example.new, counted)


def _of_sample(sample: Sample) -> Known | None:
    """The pair of a sample after the flow's own steps, with its mask if it has one."""
    pair = load_pair(sample.before, sample.after, options=Options())
    try:
        aligned, _ = align(pair, model="auto", beyond=True)
        aligned, _ = match_light(aligned, model="auto")
    except Refusal:
        return None
    mask = read_truth(sample).mask if sample.has_truth else None
    if mask is None or mask.shape != pair.before.pixels.shape[:2]:
        return Known(aligned)
    return Known(aligned, mask == CHANGED, ~np.isin(mask, UNCOUNTED))


def _shrunk(known: Known, side: int) -> Known:
    size = size_within(known.pair.before.pixels.shape, side)
    if size == known.pair.before.size:
        return known
    pair = replace(
        known.pair,
        before=_smaller(known.pair.before, size),
        after=_smaller(known.pair.after, size),
        valid=_thinned(known.pair.valid, size),
        seen=_thinned(known.pair.seen, size),
        history=(),
    )
    return Known(pair, _thinned(known.changed, size), _thinned(known.counted, size))


def _smaller(picture: Picture, size: tuple[int, int]) -> Picture:
    alpha = None if picture.alpha is None else shrink(picture.alpha, size)
    return replace(picture, pixels=shrink(picture.pixels, size), alpha=alpha)


def _thinned(mask: Mask | None, size: tuple[int, int]) -> Mask | None:
    return None if mask is None else resize_mask(mask, size)

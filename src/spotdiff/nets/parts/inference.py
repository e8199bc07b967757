"""A network in a file, run on two pictures: weights through torch, an exported file through onnxruntime alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2

from spotdiff.errors import DataError, MethodError, MissingExtra
from spotdiff.nets.parts.facts import KEY, Facts, file_stamp, read_facts

if TYPE_CHECKING:
    from spotdiff.nets.parts.outputs import Net
    from spotdiff.types import Map

Run: TypeAlias = "Callable[[Map, Map], dict[str, Map]]"
"""Outputs by name from two float32 pictures, each (1, 3, H, W) RGB in [0, 1], H and W from 32."""

EXPORTED = ".onnx"
_INPUTS = ("before", "after")
_PATIENCE, _PATIENCE_PER_PIXEL = 30.0, 3e-5  # seconds; a value takes spot 3e-7 on one slow core


def file_facts(path: str | Path, *, threads: int = 0) -> Facts:
    """The facts of a file of weights, or of an exported one; torch is not needed.

    Raises:
        DataError: the file cannot be read or is none of ours.
    """
    return open_onnx(path, threads=threads)[1] if _exported(path) else read_facts(path)


def open_network(path: str | Path, *, threads: int = 0) -> tuple[Run, Facts]:
    """The network in a file, ready to be run, and the file's facts; opened once, until the file changes.

    Args:
        path: A file of weights, or an exported one.
        threads: How many an exported network works with; 0 for as many as OpenCV.

    Raises:
        DataError: the file cannot be read, is none of ours, or holds values that do not fit the network it names.
        OptionError: the network it names is not known.
        MissingExtra: it needs torch, which is not installed; an exported file does not.
    """
    if _exported(path):
        return open_onnx(path, threads=threads)
    try:
        return open_weights(path)
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] == "spotdiff":
            raise
        raise MissingExtra(str(missing.name), extra="train") from None


def _exported(path: str | Path) -> bool:
    return Path(path).suffix.lower() == EXPORTED


def open_weights(path: str | Path) -> tuple[Run, Facts]:
    """The network in a file of weights, run by torch, and the file's facts; loaded once, until the file changes.

    Raises:
        DataError: the file cannot be read, holds no weights of ours, or values that do not fit the net it names.
        OptionError: the net it names is not known.
    """
    return _opened_weights(file_stamp(path))


@lru_cache(maxsize=4)
def _opened_weights(stamp: tuple[str, int, int]) -> tuple[Run, Facts]:
    from spotdiff.nets.parts.weights import load_weights

    net, facts = load_weights(stamp[0])
    return torch_run(net), facts


def torch_run(net: Net) -> Run:
    """A function that runs a net on two pictures; the net is to be in its evaluating state."""
    import torch

    def run(before: Map, after: Map) -> dict[str, Map]:
        with torch.inference_mode(), _torch_threads():
            outputs = net.pictures(torch.from_numpy(before), torch.from_numpy(after))
        return {name: value.numpy() for name, value in outputs.items()}

    return run


@contextmanager
def _torch_threads() -> Iterator[None]:
    """At most as many threads as OpenCV has: a worker process has one, or the workers would fight for processors."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(min(usual, cv2.getNumThreads()))
    try:
        yield
    finally:
        torch.set_num_threads(usual)


def open_onnx(path: str | Path, *, threads: int = 0) -> tuple[Run, Facts]:
    """The network in an exported file, run by onnxruntime, and the file's facts; opened once, until the file changes.

    Args:
        path: The ONNX file.
        threads: How many it works with; 0 for as many as OpenCV, which are all but in a worker process.

    Raises:
        DataError: the file cannot be read, is no ONNX, or is none of ours.
    """
    return _opened_onnx(file_stamp(path), threads or cv2.getNumThreads())


@lru_cache(maxsize=4)
def _opened_onnx(stamp: tuple[str, int, int], threads: int) -> tuple[Run, Facts]:
    session = load_session(stamp[0], name=stamp[0], threads=threads)
    try:
        text = session.get_modelmeta().custom_metadata_map.get(KEY)
    except UnicodeDecodeError:
        text = None
    facts = Facts.from_json(text, path=stamp[0])
    if sorted(put.name for put in session.get_inputs()) != sorted(_INPUTS):
        raise DataError(f"{stamp[0]} takes other inputs than before and after")
    return onnx_run(session, name=stamp[0]), facts


def load_session(model: str | bytes, *, name: str, threads: int = 1) -> Any:  # noqa: ANN401 (onnxruntime has no types)
    """An onnxruntime session on the processor.

    Args:
        model: Path or content of an ONNX file.
        name: What the file is called in an error.
        threads: How many it works with.

    Raises:
        DataError: it is no ONNX, or one that onnxruntime cannot run.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong comes as an exception
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except _onnx_errors() as error:
        first = str(error).strip().partition("\n")[0]
        raise DataError(f"{name} cannot be read as a network: {first}") from None


def onnx_run(session: Any, *, name: str = "the network") -> Run:  # noqa: ANN401
    """A function that runs a session's network on two pictures.

    It raises a DataError, with the network called `name`, where onnxruntime cannot work it out, and a MethodError where
    it does not end. What it gives is not looked at.
    """
    import onnxruntime

    names = [put.name for put in session.get_outputs()]

    def run(before: Map, after: Map) -> dict[str, Map]:
        seconds = _PATIENCE + _PATIENCE_PER_PIXEL * before.size
        how = onnxruntime.RunOptions()
        how.log_severity_level = 4
        alarm = threading.Timer(seconds, setattr, (how, "terminate", True))
        alarm.daemon = True
        alarm.start()
        try:
            outputs = session.run(names, {"before": before, "after": after}, how)
        except _onnx_errors() as error:
            if how.terminate:
                raise MethodError(f"{name} was stopped: it did not end within {seconds:.0f} s") from None
            first = str(error).strip().partition("\n")[0]
            raise DataError(f"{name} cannot be run on these pictures: {first}") from None
        finally:
            alarm.cancel()
        return dict(zip(names, outputs, strict=True))

    return run


def _onnx_errors() -> tuple[type[Exception], ...]:
    """Everything that onnxruntime raises; it has no name for all of it together, and some of it is no text."""
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    own = (fault for fault in vars(errors).values() if isinstance(fault, type) and issubclass(fault, Exception))
    return (UnicodeDecodeError, *own)

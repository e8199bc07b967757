"""A network in an ONNX file, asked through onnxruntime; torch is not needed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.errors import DataError
from spotdiff.nets.parts.facts import KEY, Facts
from spotdiff.nets.parts.header import stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotdiff.types import Map

    Ask = Callable[[Map, Map], dict[str, Map]]

_INPUTS = ("before", "after")


def open_session(path: str | Path, *, threads: int = 0) -> tuple[Ask, Facts]:
    """What asks the network in an exported file, and the file's facts; opened once, until the file changes.

    Args:
        path: The ONNX file.
        threads: How many it works with; 0 for as many as OpenCV, which are all but in a worker process.

    Returns:
        A function of two float32 pictures, each (1, 3, H, W) RGB in [0, 1], H and W from 32, that gives what the
        network says by name; and the facts.

    Raises:
        DataError: the file cannot be read, is no ONNX, or is none of ours.
    """
    return _opened(stamp_of(path), threads or cv2.getNumThreads())


@lru_cache(maxsize=4)
def _opened(stamp: tuple[str, int, int], threads: int) -> tuple[Ask, Facts]:
    session = load(stamp[0], name=stamp[0], threads=threads)
    try:
        text = session.get_modelmeta().custom_metadata_map.get(KEY)
    except UnicodeDecodeError:
        text = None
    facts = Facts.from_json(text, path=stamp[0])
    if sorted(put.name for put in session.get_inputs()) != sorted(_INPUTS):
        raise DataError(f"{stamp[0]} takes other inputs than before and after")
    return asking(session, name=stamp[0]), facts


def load(model: str | bytes, *, name: str, threads: int = 1) -> Any:  # noqa: ANN401 (onnxruntime has no types)
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
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except _faults() as error:
        first = str(error).strip().partition("\n")[0]
        raise DataError(f"{name} cannot be read as a network: {first}") from None


def _faults() -> tuple[type[Exception], ...]:
    """Everything that onnxruntime raises; it has no name for all of it together, and some of it is no text."""
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    own = (fault for fault in vars(errors).values() if isinstance(fault, type) and issubclass(fault, Exception))
    return (UnicodeDecodeError, *own)


def asking(session: Any, *, name: str = "the network") -> Ask:  # noqa: ANN401
    """A function of two pictures that gives what the session's network says, by name.

    It raises a DataError, with the network called `name`, where onnxruntime cannot work it out.
    """
    names = [put.name for put in session.get_outputs()]

    def ask(before: Map, after: Map) -> dict[str, Map]:
        try:
            said = session.run(names, {"before": before, "after": after})
        except _faults() as error:
            first = str(error).strip().partition("\n")[0]
            raise DataError(f"{name} cannot be run on these pictures: {first}") from None
        return {name: np.asarray(value, np.float32) for name, value in zip(names, said, strict=True)}

    return ask

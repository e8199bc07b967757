"""Any trained network exported to ONNX, run by onnxruntime; needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spotdiff.methods._network import Network
from spotdiff.params import param


@dataclass(frozen=True, slots=True)
class Onnx(Network):
    """A network in a file that `spotdiff export` made; the file says which one, and how it is to be used.

    Its parameters are those of every method with a network (see `spotdiff.methods._network`) and one more.

    Attributes:
        threads: Threads it works with; 0 for as many as OpenCV, which are all but in a worker process.
    """

    net: ClassVar[str] = "onnx"

    threads: int = param(0, "threads it works with; 0 for all", low=0, high=64)

    @property
    def _threads(self) -> int:
        return self.threads

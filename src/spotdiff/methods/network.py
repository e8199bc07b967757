"""Any trained network, by its file of weights or ONNX; also: unet, fused, siamese, fc-siam-conc, fc-siam-diff, onnx."""

from __future__ import annotations

from dataclasses import dataclass

from spotdiff.methods._network import NetworkMethod
from spotdiff.params import param


@dataclass(frozen=True, slots=True)
class Network(NetworkMethod):
    """A network in a file that `spotdiff train` or `spotdiff export` made; the file says which one (`spotdiff.nets`).

    An exported network needs no torch. The other parameters are those of `spotdiff.methods._network`.

    Attributes:
        threads: Threads an exported network works with; 0 for as many as OpenCV, which are all but in a worker process.
    """

    threads: int = param(0, "threads an exported network works with; 0 for all", low=0, high=64)

    @property
    def _threads(self) -> int:
        return self.threads

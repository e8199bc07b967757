"""What a place has learned, as the weights that its pictures are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotdiff.errors import DataError
from spotdiff.server.store.runs import TRAINING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from spotdiff.options import Options

WEIGHTS = "weights.onnx"
_LEARNS = "spot"  # the method that does


def run_folder(data: Path, name: str) -> Path:
    """Where the files of a run lie."""
    return data / "runs" / name


def with_weights(options: Options, given: Mapping[str, Any], data: Path) -> Options:
    """The options with the weights that a place has learned, where it has and the method is theirs.

    Args:
        options: Made of what was asked.
        given: The options of a job, which name the training.
        data: The server's folder.

    Raises:
        DataError: the weights are gone.
    """
    training = given.get(TRAINING)
    if training is None or options.method != _LEARNS:
        return options
    path = run_folder(data, training) / WEIGHTS
    if not path.is_file():
        raise DataError("the weights that this place has learned are gone; choose those that ship, or learn anew")
    return options.changed(settings={**options.settings, "weights": str(path)})

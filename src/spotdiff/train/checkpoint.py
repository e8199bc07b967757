"""Where a training stands, in one file that is there whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Protocol

import torch

from spotdiff.atomic_write import write_whole
from spotdiff.errors import DataError, error_line

State = dict[str, Any]


class Learner(Protocol):
    """What can go on from a checkpoint."""

    def restore(self, state: State) -> None:
        """Go on from a state."""
        ...


_PARTS = {"net", "average", "optimiser", "step", "best", "since_best", "scaler"}


def save_checkpoint(path: Path, state: State) -> None:
    """Write the state; a stop or a full disk in the middle leaves the last one as it was.

    Raises:
        OSError: it cannot be written.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_whole(path, buffer.getvalue(), durable=True)


def load_checkpoint(path: Path) -> State | None:
    """The state in a file, or None where there is none.

    Raises:
        DataError: the file cannot be read as one.
    """
    if not path.exists():
        return None
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises of many kinds at a file that is none of its own
        raise DataError(
            f"{path} cannot be read as a checkpoint ({error_line(error)}); remove it to start over"
        ) from None
    if (
        not isinstance(state, dict)
        or not state.keys() >= _PARTS
        or not (isinstance(state["step"], int) and state["step"] >= 0)
    ):
        raise DataError(f"{path} is no checkpoint of spotdiff; remove it to start over")
    return state


def resume(learner: Learner, path: Path) -> None:
    """Bring a learner to where the checkpoint in a file stands, if there is one.

    Raises:
        DataError: the file cannot be read, or is of another training.
    """
    state = load_checkpoint(path)
    try:
        if state:
            learner.restore(state)
    except (RuntimeError, KeyError, TypeError, ValueError, AttributeError):  # as torch happens to find it out
        raise DataError(f"{path} does not fit this training; remove it to start over") from None

"""Keep what C libraries say of a broken file off standard error, where one line of ours is promised."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def libraries_muted() -> Iterator[None]:
    """Within the block, file descriptor 2 leads nowhere and `sys.stderr` to where it led."""
    try:
        saved = os.dup(_STDERR)
    except OSError:  # started without standard error: there is nothing to keep clean
        yield
        return
    ours = sys.stderr
    if _descriptor(ours) == _STDERR:
        sys.stderr = os.fdopen(os.dup(saved), "w", buffering=1, errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
    try:
        yield
    finally:
        if sys.stderr is not ours:
            sys.stderr.close()
            sys.stderr = ours
        os.dup2(saved, _STDERR)
        os.close(saved)


def _descriptor(stream: object) -> int:
    try:
        return int(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):  # a stream in memory has none
        return -1
